// Writes the Job; every scalar that could be misread is quoted.
#include "lib/loadgen/kubernetes.hpp"

#include <fmt/format.h>

#include "lib/base/text.hpp"

namespace obsctl::loadgen {

std::string kubernetes_job(const std::vector<std::string>& arguments, int shards,
                           const std::string& image) {
  std::string args;
  for (const std::string& argument : arguments) {
    args += fmt::format("            - {}\n", quoted(argument));
  }
  return fmt::format(
      "# {0} pods send one plan: pod K sends the requests whose number is K modulo {0}, at their "
      "own time, so\n"
      "# rates, ids and sequence numbers are split exactly. Every pod prints its report; put them "
      "together:\n"
      "#   for pod in $(kubectl get pods -l job-name=obsctl-loadgen -o name); do\n"
      "#     kubectl logs \"$pod\" > \"$(basename \"$pod\").json\"; done\n"
      "#   obsctl loadgen merge obsctl-loadgen-*.json\n"
      "apiVersion: batch/v1\n"
      "kind: Job\n"
      "metadata:\n"
      "  name: obsctl-loadgen\n"
      "spec:\n"
      "  completionMode: Indexed\n"
      "  completions: {0}\n"
      "  parallelism: {0}\n"
      "  # A load test that is repeated by itself is another load test.\n"
      "  backoffLimit: 0\n"
      "  ttlSecondsAfterFinished: 3600\n"
      "  template:\n"
      "    spec:\n"
      "      restartPolicy: Never\n"
      "      automountServiceAccountToken: false\n"
      "      containers:\n"
      "        - name: loadgen\n"
      "          image: {1}\n"
      "          env:\n"
      "            - name: JOB_COMPLETION_INDEX\n"
      "              valueFrom:\n"
      "                fieldRef:\n"
      "                  fieldPath: "
      "\"metadata.annotations['batch.kubernetes.io/job-completion-index']\"\n"
      "            - name: OBSCTL_LOADGEN_SHARD\n"
      "              value: \"$(JOB_COMPLETION_INDEX)/{0}\"\n"
      "          command: [\"obsctl\", \"loadgen\"]\n"
      "          args:\n"
      "{2}"
      "          resources:\n"
      "            requests: {{cpu: \"1\", memory: 128Mi}}\n"
      "            limits: {{memory: 256Mi}}\n"
      "          securityContext:\n"
      "            allowPrivilegeEscalation: false\n"
      "            readOnlyRootFilesystem: true\n"
      "            runAsNonRoot: true\n"
      "            runAsUser: 65532\n"
      "            capabilities: {{drop: [ALL]}}\n",
      shards, quoted(image), args);
}

}  // namespace obsctl::loadgen

// Writes the Job; every scalar that could be misread is quoted.
#include "lib/loadgen/kubernetes.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lib/base/text.hpp"

namespace obsctl::loadgen {
namespace {

constexpr std::string_view k_secret_folder = "/etc/obsctl/secret";
constexpr std::string_view k_scenario_folder = "/etc/obsctl/scenario";

bool has_secret(const KubernetesJob& job) {
  return !job.secret_files.empty() || !job.headers.empty();
}

std::string variable(std::size_t header) {
  return fmt::format("OBSCTL_HEADER_{}", header + 1);
}
std::string key(std::size_t header) {
  return fmt::format("header-{}", header + 1);
}

// Kubernetes replaces $(NAME) in arguments, and reads $$ as $.
std::string word(std::string_view text) {
  return fmt::format("            - {}\n", quoted(replace_all(std::string(text), "$", "$$")));
}

std::string arguments(const KubernetesJob& job) {
  std::string out;
  for (const std::string& argument : job.arguments) {
    out += word(argument);
  }
  if (!job.scenario.empty()) {
    out += word(fmt::format("--scenario={}/scenario.yaml", k_scenario_folder));
  }
  for (const auto& [flag, file] : job.secret_files) {
    out += word(fmt::format("--{}={}/{}", flag, k_secret_folder, flag));
  }
  for (std::size_t i = 0; i < job.headers.size(); ++i) {
    out += fmt::format("            - {}\n",
                       quoted(fmt::format("--header={}=$({})", job.headers[i], variable(i))));
  }
  return out;
}

std::string environment(const KubernetesJob& job) {
  std::string out = fmt::format(
      "            - name: JOB_COMPLETION_INDEX\n"
      "              valueFrom:\n"
      "                fieldRef:\n"
      "                  fieldPath: "
      "\"metadata.annotations['batch.kubernetes.io/job-completion-index']\"\n"
      "            - name: OBSCTL_LOADGEN_SHARD\n"
      "              value: \"$(JOB_COMPLETION_INDEX)/{}\"\n",
      job.shards);
  for (std::size_t i = 0; i < job.headers.size(); ++i) {
    out += fmt::format(
        "            - name: {}\n"
        "              valueFrom:\n"
        "                secretKeyRef: {{name: obsctl-loadgen, key: {}}}\n",
        variable(i), key(i));
  }
  return out;
}

std::string mounts(const KubernetesJob& job) {
  std::string out;
  if (!job.secret_files.empty()) {
    out += fmt::format("            - {{name: secret, mountPath: {}, readOnly: true}}\n",
                       k_secret_folder);
  }
  if (!job.scenario.empty()) {
    out += fmt::format("            - {{name: scenario, mountPath: {}, readOnly: true}}\n",
                       k_scenario_folder);
  }
  return out.empty() ? out : "          volumeMounts:\n" + out;
}

std::string volumes(const KubernetesJob& job) {
  std::string out;
  if (!job.secret_files.empty()) {
    // Only the files: values of headers need not lie there. 0440 and fsGroup let our user read
    // them.
    out +=
        "        - name: secret\n"
        "          secret:\n"
        "            secretName: obsctl-loadgen\n"
        "            defaultMode: 288  # 0440, which not every YAML parser reads as octal\n"
        "            items:\n";
    for (const auto& [flag, file] : job.secret_files) {
      out += fmt::format("              - {{key: {0}, path: {0}}}\n", flag);
    }
  }
  if (!job.scenario.empty()) {
    out +=
        "        - name: scenario\n"
        "          configMap: {name: obsctl-loadgen}\n";
  }
  return out.empty() ? out : "      volumes:\n" + out;
}

// As a block when that keeps every byte, else as one quoted line.
std::string block(const std::string& text) {
  const bool plain = text.ends_with('\n') && !text.ends_with("\n\n") && text.front() != ' ' &&
                     text.front() != '\n' && std::ranges::all_of(text, [](char c) {
                       return c == '\n' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
                     });
  if (!plain) {
    return quoted(text) + "\n";
  }
  std::string out = "|\n";
  for (const std::string& line : split(text.substr(0, text.size() - 1), '\n')) {
    out += line.empty() ? "\n" : fmt::format("    {}\n", line);
  }
  return out;
}

std::string config_map(const KubernetesJob& job) {
  if (job.scenario.empty()) {
    return {};
  }
  return fmt::format(
      "apiVersion: v1\n"
      "kind: ConfigMap\n"
      "metadata:\n"
      "  name: obsctl-loadgen\n"
      "  labels: {{app.kubernetes.io/name: obsctl-loadgen}}\n"
      "data:\n"
      "  scenario.yaml: {}"
      "---\n",
      block(job.scenario));
}

std::string comment(const KubernetesJob& job) {
  std::string out = fmt::format(
      "# {0} pods send one plan: pod K sends the requests whose number is K modulo {0}, at their "
      "own time, so\n"
      "# rates, ids and sequence numbers are split exactly. Kubernetes 1.29 or newer.\n"
      "#\n# The image must be where the nodes find it. In obsctl's source this makes it; then push "
      "or load it:\n"
      "#   scripts/image {1}\n",
      job.shards, shell_quoted(job.image));
  if (has_secret(job)) {
    out +=
        "#\n# Certificates, tokens and the values of headers are in a Secret, to be made first:\n"
        "#   kubectl create secret generic obsctl-loadgen";
    for (const auto& [flag, file] : job.secret_files) {
      out += fmt::format(" \\\n#     --from-file={}={}", flag, shell_quoted(file));
    }
    for (std::size_t i = 0; i < job.headers.size(); ++i) {
      out += fmt::format(" \\\n#     --from-literal={}=\"$VALUE_OF_{}\"", key(i),
                         replace_all(replace_all(job.headers[i], "-", "_"), ".", "_"));
    }
    out += "\n";
  }
  return out +
         "#\n# Every pod prints its report; put them together:\n"
         "#   for pod in $(kubectl get pods -l job-name=obsctl-loadgen -o name); do\n"
         "#     kubectl logs \"$pod\" > \"$(basename \"$pod\").json\"; done\n"
         "#   obsctl loadgen merge obsctl-loadgen-*.json\n";
}

}  // namespace

std::string kubernetes_manifest(const KubernetesJob& job) {
  return comment(job) + config_map(job) +
         fmt::format(
             "apiVersion: batch/v1\n"
             "kind: Job\n"
             "metadata:\n"
             "  name: obsctl-loadgen\n"
             "  labels: {{app.kubernetes.io/name: obsctl-loadgen}}\n"
             "spec:\n"
             "  completionMode: Indexed\n"
             "  completions: {0}\n"
             "  parallelism: {0}\n"
             "  # A load test that is repeated by itself is another load test, and a shard that "
             "misses a\n"
             "  # threshold must not end the others.\n"
             "  backoffLimitPerIndex: 0\n"
             "  ttlSecondsAfterFinished: 3600\n"
             "  template:\n"
             "    metadata:\n"
             "      labels: {{app.kubernetes.io/name: obsctl-loadgen}}\n"
             "    spec:\n"
             "      restartPolicy: Never\n"
             "      automountServiceAccountToken: false\n"
             "      securityContext:\n"
             "        runAsNonRoot: true\n"
             "        runAsUser: 65532\n"
             "        runAsGroup: 65532\n"
             "        fsGroup: 65532\n"
             "        seccompProfile: {{type: RuntimeDefault}}\n"
             "      containers:\n"
             "        - name: loadgen\n"
             "          image: {1}\n"
             "          env:\n"
             "{2}"
             "          command: [\"obsctl\", \"loadgen\"]\n"
             "          args:\n"
             "{3}"
             "          # One core per worker; no limit of CPU, whose throttling would look like a "
             "slow target.\n"
             "          resources:\n"
             "            requests: {{cpu: \"{4}\", memory: {7}Mi}}\n"
             "            limits: {{memory: {7}Mi}}\n"
             "          securityContext:\n"
             "            allowPrivilegeEscalation: false\n"
             "            readOnlyRootFilesystem: true\n"
             "            capabilities: {{drop: [ALL]}}\n"
             "{5}{6}",
             job.shards, quoted(job.image), environment(job), arguments(job), job.cpus, mounts(job),
             volumes(job), job.memory);
}

}  // namespace obsctl::loadgen

// SPDX-License-Identifier: Apache-2.0
// Puts together what can be asked about a subject, and makes every answer fit to be shown.
#include <iterator>

#include "lib/checks/samples.hpp"
#include "lib/sources/cluster.hpp"
#include "lib/sources/container.hpp"
#include "lib/sources/context.hpp"
#include "lib/sources/engine.hpp"
#include "lib/sources/files.hpp"
#include "lib/sources/logs.hpp"
#include "lib/sources/metrics.hpp"
#include "lib/sources/prometheus.hpp"
#include "lib/sources/readiness.hpp"
#include "lib/sources/senders.hpp"
#include "lib/sources/volume.hpp"

namespace obsctl::health {
namespace {

Inquiry with_shown_answer(Inquiry question) {
  question.read = [read = std::move(question.read)]() -> Result<Samples> {
    OBS_TRY_ASSIGN(Samples samples, read());
    return with_shown_labels(std::move(samples));
  };
  return question;
}

}  // namespace

std::vector<Inquiry> inquiries(const Services& services, const Subject& subject,
                               const GatherOptions& options) {
  Context context{.services = services, .subject = subject, .options = options};
  if (subject.own() && subject.stack.target->on_this_host) {
    context.engine = std::make_shared<EngineAnswers>(services, subject.stack.topology);
  }
  context.query = shared_query(context);
  std::vector<Inquiry> out;
  const auto add = [&out](std::vector<Inquiry> questions) {
    for (Inquiry& question : questions) {
      out.push_back(with_shown_answer(std::move(question)));
    }
  };
  add(readiness_inquiries(context));
  add(metrics_inquiries(context));
  add(container_inquiries(context));
  add(cluster_inquiries(context));
  add(engine_inquiries(context));
  add(volume_inquiries(context));
  add(prometheus_inquiries(context));
  add(files_inquiries(context));
  add(log_inquiries(context));
  add(sender_inquiries(context));
  return out;
}

}  // namespace obsctl::health

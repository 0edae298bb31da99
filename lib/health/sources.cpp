// SPDX-License-Identifier: Apache-2.0
// Puts together what can be asked about a subject, and makes every answer fit to be shown.
#include <iterator>

#include "lib/health/cluster.hpp"
#include "lib/health/context.hpp"
#include "lib/health/samples.hpp"
#include "lib/health/source_container.hpp"
#include "lib/health/source_engine.hpp"
#include "lib/health/source_files.hpp"
#include "lib/health/source_logs.hpp"
#include "lib/health/source_metrics.hpp"
#include "lib/health/source_prometheus.hpp"
#include "lib/health/source_readiness.hpp"
#include "lib/health/source_volume.hpp"

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
  return out;
}

}  // namespace obsctl::health

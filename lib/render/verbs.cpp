// The words of the Compose target, and the values that rows get from the words of any target.
#include "lib/render/verbs.hpp"

#include <fmt/format.h>

#include "lib/base/text.hpp"

namespace obsctl {
namespace {

constexpr auto k_labelled = "labelled";
constexpr auto k_job_label = "{{ $labels.job }}";

std::string compose_logs(const std::vector<std::string>& components, int lines) {
  const std::string tail = lines == 0 ? "" : fmt::format("--tail {} ", lines);
  return "docker compose logs " + tail + join(components, " ");
}

Values of_each(const std::vector<std::string>& components, Runbook::Of verb) {
  Values out = Values::object();
  for (const auto& component : components) {
    out[component] = verb(component);
  }
  out[k_labelled] = verb(k_job_label);
  return out;
}

Values logs_of_each(const std::vector<std::string>& components, const JobLists& lists,
                    const Runbook& runbook, int lines) {
  Values out = Values::object();
  for (const auto& component : components) {
    out[component] = runbook.logs({component}, lines);
  }
  for (const auto& [name, jobs] : lists) {
    out[name] = runbook.logs(jobs, lines);
  }
  out[k_labelled] = runbook.logs({k_job_label}, lines);
  return out;
}

}  // namespace

Verbs compose_verbs() {
  Verbs out;
  out.runbook = {
      .apply = "docker compose up -d",
      .status = "docker compose ps",
      .status_all = "docker compose ps -a",
      .logs_all = "docker compose logs",
      .usage = "docker stats --no-stream",
      .disk_usage = "docker system df -v",
      .clean_up = "docker system prune",
      .data_folder = "/var/lib/docker",
      .override_in = "a compose override",
      .owner_fault = "volume-init did not run; `docker compose up -d` runs it",
      .start = [](std::string_view name) { return fmt::format("docker compose up -d {}", name); },
      .state = [](std::string_view name) { return fmt::format("docker compose ps -a {}", name); },
      .running = [](std::string_view name) { return fmt::format("docker compose ps {}", name); },
      .stop = [](std::string_view name) { return fmt::format("docker compose stop {}", name); },
      .restart =
          [](std::string_view name) { return fmt::format("docker compose restart {}", name); },
      .reload =
          [](std::string_view name) { return fmt::format("docker compose kill -s HUP {}", name); },
      .exec = [](std::string_view name) { return fmt::format("docker compose exec {}", name); },
      .run =
          [](std::string_view name) {
            return fmt::format("docker compose run --rm --no-deps {}", name);
          },
      .beside =
          [](std::string_view name) {
            return fmt::format("docker compose run --rm --no-deps --entrypoint env {}", name);
          },
      .logs = compose_logs,
  };
  // Prometheus' scrape jobs are named like the components.
  out.selectors = {
      .is = [](std::string_view name) { return fmt::format(R"(job="{}")", name); },
      .any_of =
          [](const std::vector<std::string>& names) {
            return fmt::format(R"(job=~"{}")", join(names, "|"));
          },
      .none_of =
          [](const std::vector<std::string>& names) {
            return fmt::format(R"(job!~"{}")", join(names, "|"));
          },
  };
  return out;
}

Values verb_values(const Verbs& verbs, const std::vector<std::string>& components,
                   const JobLists& lists) {
  const Runbook& runbook = verbs.runbook;
  Values out;
  for (const auto& component : components) {
    out["sel"][component] = verbs.selectors.is(component);
  }
  for (const auto& [name, jobs] : lists) {
    out["any_of"][name] = verbs.selectors.any_of(jobs);
    out["none_of"][name] = verbs.selectors.none_of(jobs);
  }
  out["cmd"] = {{"apply", runbook.apply},
                {"status", runbook.status},
                {"status_all", runbook.status_all},
                {"logs_all", runbook.logs_all},
                {"usage", runbook.usage},
                {"disk_usage", runbook.disk_usage},
                {"clean_up", runbook.clean_up},
                {"start", of_each(components, runbook.start)},
                {"state", of_each(components, runbook.state)},
                {"running", of_each(components, runbook.running)},
                {"stop", of_each(components, runbook.stop)},
                {"restart", of_each(components, runbook.restart)},
                {"reload", of_each(components, runbook.reload)},
                {"exec", of_each(components, runbook.exec)},
                {"run", of_each(components, runbook.run)},
                {"beside", of_each(components, runbook.beside)},
                {"logs", logs_of_each(components, lists, runbook, 0)},
                {"logs_50", logs_of_each(components, lists, runbook, 50)},
                {"logs_100", logs_of_each(components, lists, runbook, 100)}};
  out["data_folder"] = runbook.data_folder;
  out["override_in"] = runbook.override_in;
  out["owner_fault"] = runbook.owner_fault;
  return out;
}

}  // namespace obsctl

// SPDX-License-Identifier: Apache-2.0
// Asks the Prometheus API, each part of it by a question of its own, so that one that fails or is
// not there does not hide the others.
#include "lib/sources/prometheus.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "lib/checks/samples.hpp"
#include "lib/engine/fields.hpp"
#include "lib/sources/given_url.hpp"
#include "lib/sources/moment.hpp"
#include "lib/sources/prometheus_answers.hpp"

namespace obsctl::health {
namespace {

using Json = nlohmann::json;

// Lists grow with the stack; a tree of JSON takes some ten times the bytes of its text.
constexpr std::size_t k_list = 2 << 20;
constexpr std::size_t k_small = 256 << 10;

// The part "data" of an answer; nothing where this server has no such page.
Result<std::optional<Json>> data_of(const Context& context, const std::string& url,
                                    std::size_t longest) {
  OBS_TRY_ASSIGN(auto root, get_json(context, url, longest));
  if (!root) {
    return std::optional<Json>();
  }
  if (engine::text(*root, "status") != "success") {
    return fail(Code::failed,
                fmt::format("'{}' does not answer like the API of Prometheus", shown_url(url)),
                "give the base URL of Prometheus, for example http://127.0.0.1:9090");
  }
  return std::optional(std::move((*root)["data"]));
}

// Of one server; what two questions need is asked for once.
class Server {
 public:
  Server(const Context& context, std::string api)
      : context_(context),
        api_(std::move(api)),
        runtime_([this] { return data("/status/runtimeinfo", k_small); }),
        rules_([this] { return data("/rules", k_list); }) {}

  [[nodiscard]] const std::string& api() const { return api_; }

  Result<Samples> targets() { return samples_of("/targets?state=active", k_list, target_samples); }

  // Up, and not one sample: an exporter that has nothing to say, or an empty answer.
  Result<Samples> empty_targets() {
    if (!context_.query || context_.query->api != api_) {
      return Samples();
    }
    const auto& rows = context_.query->answer.get();
    if (!rows) {
      return Failure(rows.error());
    }
    Samples out;
    for (const Sample& row : *rows) {
      const auto label = [&row](const char* name) {
        const auto found = row.labels.find(name);
        return found == row.labels.end() ? std::string() : found->second;
      };
      if (label("job").empty()) {
        continue;
      }
      put(out, "target_empty", 1, {{"job", label("job")}, {"instance", label("instance")}});
    }
    put_none(out, "target_empty");
    return out;
  }

  Result<Samples> rules() {
    const auto& found = rules_.get();
    if (!found) {
      return Failure(found.error());
    }
    if (!*found) {
      return Samples();
    }
    const RulesSeen seen{
        .now = context_.services.clock.now(), .started = started(), .names = names()};
    return rule_samples(**found, seen);
  }

  // Current servers list them with their rules; a question less.
  Result<Samples> alerts() {
    const Time now = context_.services.clock.now();
    const auto& rules = rules_.get();
    if (is_dead(rules)) {
      return Failure(rules.error());
    }
    if (const auto found = rules && *rules ? alerts_of_rules(**rules) : std::nullopt) {
      return alert_samples(*found, now);
    }
    return samples_of("/alerts", k_list,
                      [now](const Json& found) { return alert_samples(found, now); });
  }

  Result<Samples> alertmanagers() {
    return samples_of("/alertmanagers", k_small, alertmanager_samples);
  }

  Result<Samples> runtime() {
    const auto& found = runtime_.get();
    if (!found) {
      return Failure(found.error());
    }
    return *found ? runtime_samples(**found) : Samples();
  }

  Result<Samples> tsdb() { return samples_of("/status/tsdb", k_small, tsdb_samples); }

  // A server answers other questions only when its log is replayed.
  Result<Samples> replay() {
    const auto& runtime = runtime_.get();
    if (is_dead(runtime)) {
      return Failure(runtime.error());
    }
    if (runtime && *runtime) {
      return replay_samples({});
    }
    return samples_of("/status/walreplay", k_small, replay_samples);
  }

 private:
  Result<std::optional<Json>> data(const std::string& path, std::size_t longest) {
    return data_of(context_, api_ + path, longest);
  }

  // Whoever did not answer is not asked the next question: that would only cost another time-out.
  static bool is_dead(const Result<std::optional<Json>>& answer) {
    return !answer && answer.error().code != Code::failed;
  }

  template <class Read>
  Result<Samples> samples_of(const std::string& path, std::size_t longest, const Read& read) {
    OBS_TRY_ASSIGN(const auto found, data(path, longest));
    return found ? read(*found) : Samples();
  }

  // Since when it has had these rules: its start, or the last time that it read its configuration.
  std::optional<Time> started() {
    const auto& found = runtime_.get();
    if (!found || !*found) {
      return std::nullopt;
    }
    const auto start = parse_moment(engine::text(**found, "startTime"));
    const auto read = parse_moment(engine::text(**found, "lastConfigTime"));
    return start && read ? std::optional(std::max(*start, *read)) : start;
  }

  std::optional<KnownNames> names() {
    const auto found = data("/label/__name__/values", k_list);
    if (!found || !*found || !(*found)->is_array()) {
      return std::nullopt;
    }
    std::vector<std::string> out;
    for (const auto& name : **found) {
      if (name.is_string()) {
        out.push_back(name.get<std::string>());
      }
    }
    return KnownNames(std::move(out));
  }

  Context context_;
  std::string api_;
  Once<std::optional<Json>> runtime_;
  Once<std::optional<Json>> rules_;
};

}  // namespace

std::vector<Inquiry> prometheus_inquiries(const Context& context) {
  using Part = Result<Samples> (Server::*)();
  const std::pair<Part, const char*> parts[] = {{&Server::targets, "/targets"},
                                                {&Server::empty_targets, "/query"},
                                                {&Server::rules, "/rules"},
                                                {&Server::alerts, "/alerts"},
                                                {&Server::alertmanagers, "/alertmanagers"},
                                                {&Server::runtime, "/status/runtimeinfo"},
                                                {&Server::tsdb, "/status/tsdb"},
                                                {&Server::replay, "/status/walreplay"}};
  std::vector<Inquiry> out;
  for (const Component& component : context.components()) {
    const auto base =
        component.scrapes ? url_of(context, component, component.metrics_port) : std::nullopt;
    if (!base) {
      continue;
    }
    const auto server = std::make_shared<Server>(
        context, read_given_url(*base, component.metrics_path).base + "/api/v1");
    for (const auto& [part, path] : parts) {
      out.push_back({.component = component.name,
                     .source = Source::prometheus,
                     .from = shown_url(server->api() + path),
                     .read = [server, part = part] { return ((*server).*part)(); }});
    }
  }
  return out;
}

}  // namespace obsctl::health

// SPDX-License-Identifier: Apache-2.0
// Asks Prometheus for a day of one rate, and a store for two minutes of it by service.
#include "lib/sources/senders.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "lib/base/text.hpp"
#include "lib/checks/samples.hpp"
#include "lib/engine/fields.hpp"
#include "lib/prom/query.hpp"
#include "lib/sources/finds.hpp"
#include "lib/sources/given_url.hpp"

namespace obsctl::health {
namespace {

using Json = nlohmann::json;

constexpr double k_minute = 60;
constexpr double k_day = 24 * 60 * k_minute;
constexpr std::size_t k_least_history = 5;  // points, a minute apart
constexpr double k_times = 5;
constexpr double k_least_rise = 50;     // items per second
constexpr double k_least_before = 0.5;  // below it nothing was sent that a rise could be told of
constexpr std::size_t k_answer = 1 << 20;
constexpr std::size_t k_services = 10;
constexpr std::size_t k_list = 2 << 20;  // targets without a sample
constexpr const char* k_rising = "rising";

double unix_seconds(Time time) {
  return std::chrono::duration<double>(time.time_since_epoch()).count();
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

// The points of the only series of an answer to a range query.
Arriving points_of(const Json& root) {
  Arriving out;
  const Json& result = engine::part(engine::part(root, "data"), "result");
  if (!result.is_array() || result.empty()) {
    return out;
  }
  for (const Json& point : engine::part(result[0], "values")) {
    const bool is_pair =
        point.is_array() && point.size() == 2 && point[0].is_number() && point[1].is_string();
    const auto value =
        is_pair ? prom::parse_value(point[1].get_ref<const std::string&>()) : std::nullopt;
    if (value) {
      out.emplace_back(point[0].get<double>(), *value);
    }
  }
  return out;
}

// Wider than arrival_of() decides, and answered by a row with the signal, or none.
std::string rise_query(const catalog::FindArrivals& row) {
  const auto median = [&row](const char* time) {
    return fmt::format("{} * quantile_over_time(0.5, ({})[{}:1m])", k_times, row.query, time);
  };
  return fmt::format(
      R"(label_replace(({0}) >= {1} and (({0}) >= {2} or ({0}) >= {3}), "{4}", "{5}", "", ""))",
      row.query, k_least_rise, median("1h"), median("1d"), k_rising,
      catalog::signal_name(row.signal));
}

Result<std::vector<Sample>> ask(const Context& context, const std::string& api,
                                const std::string& query) {
  OBS_TRY_ASSIGN(const HttpResponse response,
                 get(context, api + "/query?query=" + percent_encoded(query), k_list));
  if (response.status != 200) {
    return wrong_status(api + "/query", response.status, "JSON");
  }
  return prom::parse_query_answer(response.body);
}

Result<std::optional<Arrival>> ask_arrival(const Context& context, SharedQuery& shared,
                                           const catalog::FindArrivals& row) {
  const auto& rising = shared.answer.get();
  if (!rising) {
    return Failure(rising.error());
  }
  const bool rises = std::ranges::any_of(*rising, [&row](const Sample& sample) {
    const auto label = sample.labels.find(k_rising);
    return label != sample.labels.end() && label->second == catalog::signal_name(row.signal);
  });
  if (!rises) {
    return std::nullopt;
  }
  const double now = unix_seconds(context.services.clock.now());
  const std::string url =
      fmt::format("{}/query_range?query={}&start={:.0f}&end={:.0f}&step={:.0f}", shared.api,
                  percent_encoded(row.query), now - k_day, now, k_minute);
  OBS_TRY_ASSIGN(const auto root, get_json(context, url, k_answer));
  return root ? arrival_of(points_of(*root), now) : std::nullopt;
}

Samples arrival_samples(const std::string& signal, const std::optional<Arrival>& arrival) {
  Samples out;
  put_flag(out, "arriving_rose", arrival && arrival->rose, {{"signal", signal}});
  if (arrival) {
    put(out, "arriving_rate", arrival->now, {{"signal", signal}});
    put(out, "arriving_rate_before", arrival->before, {{"signal", signal}});
  }
  return out;
}

// Items per second by service, in the minute that ends at `end`.
Result<std::map<std::string, double>> ask_senders(const Context& context, const std::string& base,
                                                  const catalog::FindSenders& senders, double end) {
  const catalog::FindWords words = {{"start", fmt::format("{:.0f}", end - k_minute)},
                                    {"end", fmt::format("{:.0f}", end)},
                                    {"window", fmt::format("{:.0f}", k_minute)}};
  OBS_TRY_ASSIGN(const HttpResponse response, get(context, base + senders.target(words), k_answer));
  if (response.status != 200) {
    return wrong_status(base + senders.path, response.status, "JSON");
  }
  OBS_TRY_ASSIGN(const auto rows, prom::parse_query_answer(response.body));
  std::map<std::string, double> out;
  for (const Sample& row : rows) {
    if (const auto label = row.labels.find(senders.label); label != row.labels.end()) {
      out[label->second.empty() ? "(without a name)" : label->second] += row.value / k_minute;
    }
  }
  return out;
}

double sum(const std::map<std::string, double>& rates) {
  double out = 0;
  for (const auto& [service, rate] : rates) {
    out += rate;
  }
  return out;
}

using AskedArrival = Once<std::optional<Arrival>>;

Result<Samples> read_senders(const Context& context, const std::string& base,
                             const catalog::FindSenders& senders, AskedArrival& asked) {
  const auto& arrival = asked.get();
  if (!arrival || !*arrival || !(*arrival)->rose) {
    return Samples{};  // why it is not known, the other question says
  }
  const double now = unix_seconds(context.services.clock.now());
  OBS_TRY_ASSIGN(const auto rates, ask_senders(context, base, senders, now));
  OBS_TRY_ASSIGN(const auto before, ask_senders(context, base, senders, (*arrival)->before_at));
  std::vector<std::pair<double, std::string>> busiest;
  for (const auto& [service, rate] : rates) {
    busiest.emplace_back(rate, service);
  }
  std::ranges::sort(busiest, std::ranges::greater());
  busiest.resize(std::min(busiest.size(), k_services));
  const SampleLabels all = {{"signal", std::string(catalog::signal_name(senders.signal))}};
  Samples out;
  put(out, "senders_rate", sum(rates), all);
  put(out, "senders_rate_before", sum(before), all);
  for (const auto& [rate, service] : busiest) {
    const SampleLabels labels = {{"signal", std::string(catalog::signal_name(senders.signal))},
                                 {"service", service}};
    const auto was = before.find(service);
    put(out, "sender_rate", rate, labels);
    put(out, "sender_rate_before", was == before.end() ? 0 : was->second, labels);
  }
  return out;
}

std::optional<std::string> store_url(const Context& context, const catalog::Find& find,
                                     const std::string& port_name) {
  const auto component = std::ranges::find(context.components(), find.component, &Component::name);
  if (component == context.components().end()) {
    return std::nullopt;
  }
  const auto port = std::ranges::find(component->ports, port_name, &Port::name);
  return port == component->ports.end() ? std::nullopt
                                        : url_of(context, *component, port->container);
}

Inquiry not_read(const Context& context, const Error& error) {
  return {.component = context.query->component,
          .source = Source::senders,
          .from = "find.yaml",
          .read = [error]() -> Result<Samples> { return Failure(error); }};
}

}  // namespace

std::optional<Arrival> arrival_of(const Arriving& points, double now) {
  if (points.empty() || points.back().first < now - 2 * k_minute) {
    return std::nullopt;
  }
  const double last = points.back().first;
  std::vector<double> all;
  std::vector<double> hour;
  for (const auto& [time, value] : points) {
    if (time < last - 1.5 * k_minute) {
      all.push_back(value);
      if (time > last - 60 * k_minute) {
        hour.push_back(value);
      }
    }
  }
  if (hour.size() < k_least_history) {
    return std::nullopt;
  }
  Arrival out{.now = points.back().second, .before = std::min(median(all), median(hour))};
  out.rose = out.before >= k_least_before && out.now >= k_times * out.before &&
             out.now - out.before >= k_least_rise;
  for (const auto& [time, value] : points) {  // the last one that counts, so that stores have it
    if (time < last - 1.5 * k_minute && value <= 1.2 * out.before) {
      out.before_at = time;
    }
  }
  return out;
}

std::shared_ptr<SharedQuery> shared_query(const Context& context) {
  std::string query = "(scrape_samples_scraped == 0 and on (job, instance) up == 1)";
  if (const auto finds = read_finds(context.subject)) {  // a mistake in one is said elsewhere
    for (const catalog::Find& find : *finds) {
      for (const catalog::FindArrivals& row : find.arrivals) {
        query += " or " + rise_query(row);
      }
    }
  }
  for (const Component& component : context.components()) {
    const auto base =
        component.scrapes ? url_of(context, component, component.metrics_port) : std::nullopt;
    if (base) {
      const std::string api = read_given_url(*base, component.metrics_path).base + "/api/v1";
      return std::make_shared<SharedQuery>(
          component.name, api, [context, api, query] { return ask(context, api, query); });
    }
  }
  return nullptr;
}

std::vector<Inquiry> sender_inquiries(const Context& context) {
  std::vector<Inquiry> out;
  if (!context.query) {
    return out;
  }
  const auto finds = read_finds(context.subject);
  if (!finds) {
    return {not_read(context, finds.error())};
  }
  std::map<catalog::Signal, std::shared_ptr<AskedArrival>> asked;
  for (const catalog::Find& find : *finds) {
    for (const catalog::FindArrivals& row : find.arrivals) {
      auto& once = asked[row.signal];
      once = std::make_shared<AskedArrival>(
          [context, row] { return ask_arrival(context, *context.query, row); });
      out.push_back({.component = context.query->component,
                     .source = Source::senders,
                     .from = shown_url(context.query->api + "/query"),
                     .read = [once, signal = std::string(
                                        catalog::signal_name(row.signal))]() -> Result<Samples> {
                       const auto& arrival = once->get();
                       if (!arrival) {
                         return Failure(arrival.error());
                       }
                       return arrival_samples(signal, *arrival);
                     }});
    }
  }
  for (const catalog::Find& find : *finds) {
    for (const catalog::FindSenders& row : find.senders) {
      const auto base = store_url(context, find, row.port);
      const auto once = asked.find(row.signal);
      if (base && once != asked.end()) {
        out.push_back({.component = find.component,
                       .source = Source::senders,
                       .from = shown_url(*base + row.path),
                       .read = [context, base = *base, row, once = once->second] {
                         return read_senders(context, base, row, *once);
                       }});
      }
    }
  }
  return out;
}

}  // namespace obsctl::health

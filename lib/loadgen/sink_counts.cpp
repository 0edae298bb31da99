// SPDX-License-Identifier: Apache-2.0
// Reads obsctl.sink/v1.
#include "lib/loadgen/sink_counts.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace obsctl::loadgen {

Result<SinkSnapshot> fetch_sink(HttpClient& http, const std::string& url) {
  HttpRequest request;
  request.url = url;
  auto answer = http.send(request);
  if (!answer) {
    return Failure(std::move(answer).error().in(
        fmt::format("reading the sink's counts from '{}'", shown_url(url))));
  }
  try {
    const auto json = nlohmann::json::parse(answer->body);
    SinkSnapshot out;
    for (std::size_t i = 0; i < otlp::k_signals; ++i) {
      const auto& from =
          json.at("signals").at(std::string(otlp::signal_name(static_cast<otlp::Signal>(i))));
      out.signals[i] = {from.at("items").get<std::uint64_t>(),
                        from.at("distinct").get<std::uint64_t>(),
                        from.at("duplicates").get<std::uint64_t>()};
    }
    out.traces = json.at("distinct_traces").get<std::uint64_t>();
    return out;
  } catch (const nlohmann::json::exception&) {
    return fail(Code::failed, fmt::format("'{}' has no counts of an obsctl sink", shown_url(url)),
                "use http://HOST:PORT/counts with the HTTP port of 'obsctl loadgen sink'");
  }
}

Result<SinkSnapshot> wait_sink(HttpClient& http, Clock& clock, const std::string& url,
                               double silence, double limit, const StopFlag& stop) {
  const auto start = clock.monotonic();
  OBS_TRY_ASSIGN(SinkSnapshot last, fetch_sink(http, url));
  auto changed = start;
  while (clock.since(changed).seconds < silence && clock.since(start).seconds < limit &&
         clock.sleep({0.25}, stop, StopLevel::now)) {
    OBS_TRY_ASSIGN(const SinkSnapshot now, fetch_sink(http, url));
    if (now != last) {
      changed = clock.monotonic();
    }
    last = now;
  }
  return last;
}

SinkReport sink_difference(const std::string& url, const SinkSnapshot& before,
                           const SinkSnapshot& after) {
  SinkReport out;
  out.url = shown_url(url);
  for (std::size_t i = 0; i < otlp::k_signals; ++i) {
    out.seen.signals[i] = {after.signals[i].items - before.signals[i].items,
                           after.signals[i].distinct - before.signals[i].distinct,
                           after.signals[i].duplicates - before.signals[i].duplicates};
  }
  out.seen.traces = after.traces - before.traces;
  return out;
}

}  // namespace obsctl::loadgen

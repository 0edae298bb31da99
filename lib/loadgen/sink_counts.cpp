// SPDX-License-Identifier: Apache-2.0
// Reads obsctl.sink/v1.
#include "lib/loadgen/sink_counts.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "lib/loadgen/report_parts.hpp"

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
  bool fell = false;
  const auto growth = [&fell](std::uint64_t from, std::uint64_t to) {
    fell = fell || to < from;
    return to < from ? to : to - from;
  };
  for (std::size_t i = 0; i < otlp::k_signals; ++i) {
    const SinkSnapshot::Items& a = before.signals[i];
    const SinkSnapshot::Items& b = after.signals[i];
    out.seen.signals[i] = {growth(a.items, b.items), growth(a.distinct, b.distinct),
                           growth(a.duplicates, b.duplicates)};
  }
  out.seen.traces = growth(before.traces, after.traces);
  if (fell) {
    out.findings.emplace_back("the counts fell: the sink was started again during the run");
  }
  return out;
}

void judge_sink(SinkReport& report, const RunResult& result) {
  for (std::size_t i = 0; i < otlp::k_signals; ++i) {
    const SignalTally& tally = result.signals[i];
    const SinkSnapshot::Items& seen = report.seen.signals[i];
    const auto word = otlp::item_name(static_cast<otlp::Signal>(i));
    // Items without an answer may have arrived; a connector may make items of a signal not sent.
    const std::uint64_t most = tally.accepted + tally.rejected + tally.unknown + tally.maybe_twice;
    if (tally.sent > 0 && seen.items > most) {
      report.findings.push_back(
          fmt::format("{} more {} than were accepted", count_text(seen.items - most), word));
    }
    if (seen.duplicates > tally.retried) {
      report.findings.push_back(fmt::format("{} {} that were sent once arrived again",
                                            count_text(seen.duplicates - tally.retried), word));
    }
  }
}

}  // namespace obsctl::loadgen

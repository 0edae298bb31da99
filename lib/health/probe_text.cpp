// SPDX-License-Identifier: Apache-2.0
// The report of the probe for people: what arrived where and when, and what to do about the rest.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "lib/base/text.hpp"
#include "lib/health/probe.hpp"
#include "lib/ui/style.hpp"
#include "lib/ui/table.hpp"

namespace obsctl::health {
namespace {

std::string state_text(ProbeState state, bool color) {
  const Style look = state == ProbeState::found     ? Style::green
                     : state == ProbeState::unasked ? Style::yellow
                                                    : Style::red;
  return style(look, name_of(state), color);
}

Table table_of(const ProbeReport& report, bool color) {
  Table out;
  out.columns = {{"SIGNAL"},
                 {"PROTOCOL"},
                 {"STATE"},
                 {"ACCEPTED AFTER", Align::right},
                 {"FOUND AFTER", Align::right},
                 {"DOCUMENTED", Align::right},
                 {"STORE"}};
  for (const ProbeResult& result : report.results) {
    const std::string signal(catalog::signal_name(result.signal));
    const std::string protocol(protocol_title(result.protocol));
    const std::string accepted = result.acknowledged ? human_duration(*result.acknowledged) : "-";
    if (result.stores.empty()) {
      out.add({signal, protocol, state_text(result.state, color), accepted, "-", "-", "-"});
    }
    for (const ProbeSighting& store : result.stores) {
      out.add({signal, protocol, state_text(store.state, color), accepted,
               store.state == ProbeState::found ? human_duration(store.after) : "-",
               human_duration(store.budget), store.title});
    }
  }
  return out;
}

std::string answer_of(const ProbeResult& result) {
  const bool grpc = result.protocol == otlp::Protocol::grpc;
  if (result.status < 0) {
    return result.words;
  }
  return fmt::format("{} {}: {}", grpc ? "gRPC status" : "HTTP", result.status, result.words);
}

// What is known about an item that did not arrive.
std::string fact_of(const ProbeResult& result) {
  if (result.state == ProbeState::unsent) {
    return result.words;
  }
  if (result.state == ProbeState::rejected) {
    return answer_of(result);
  }
  std::vector<std::string> facts;
  for (const ProbeSighting& store : result.stores) {
    if (store.state == ProbeState::missing) {
      facts.push_back(fmt::format("trace {} is not in {} after {}{}", result.trace_id, store.title,
                                  human_duration(store.after),
                                  store.why.empty() ? "" : ", " + store.why));
    } else if (store.state == ProbeState::unasked) {
      facts.push_back(store.title + ": " + store.why);
    }
  }
  return join(facts, "; ");
}

std::string problem_text(const ProbeResult& result) {
  const std::string fact = fact_of(result);
  std::string out = fmt::format("{} over {} stopped {}", catalog::signal_name(result.signal),
                                protocol_title(result.protocol), result.stopped);
  if (result.state == ProbeState::unasked) {
    out = fmt::format("{} over {} were {}", catalog::signal_name(result.signal),
                      protocol_title(result.protocol), result.stopped);
  }
  out += fact.empty() ? "\n" : ": " + fact + "\n";
  return out + "  Next: " + result.next + "\n";
}

// "traces 12 s (tail sampling waits … 10 s, …)", one for each signal with any.
std::string delays_text(const ProbeReport& report) {
  std::vector<std::string> out;
  for (const catalog::Signal signal : catalog::k_signals) {
    double sum = 0;
    std::vector<std::string> parts;
    for (const catalog::FindDelay& delay : report.delays) {
      if (delay.signal == signal) {
        sum += delay.time.seconds;
        parts.push_back(fmt::format("{} {}", delay.what, human_duration(delay.time)));
      }
    }
    if (!parts.empty()) {
      out.push_back(fmt::format("  {} {}: {}\n", catalog::signal_name(signal),
                                human_duration({sum}), join(parts, ", ")));
    }
  }
  return out.empty() ? "" : "Documented delays\n" + join(out, "");
}

std::string verdict(const ProbeReport& report) {
  std::map<ProbeState, int> counts;
  for (const ProbeResult& result : report.results) {
    ++counts[result.state];
  }
  std::vector<std::string> rest;
  for (const auto& [state, count] : counts) {
    if (state != ProbeState::found) {
      rest.push_back(fmt::format("{} {}", count, name_of(state)));
    }
  }
  return fmt::format("{} of {} items arrived in {}{}{}\n", report.found(), report.results.size(),
                     human_duration(report.took), rest.empty() ? "" : ": ", join(rest, ", "));
}

}  // namespace

std::string probe_text(const ProbeReport& report, bool color) {
  std::string out = fmt::format("Probe of {}, {}\n\n", report.subject, print_time(report.at));
  out += render_text(table_of(report, color), color);
  const std::string delays = delays_text(report);
  out += delays.empty() ? "" : "\n" + delays;
  out += report.sampling.empty() ? "" : "\nSampling: " + report.sampling + "\n";
  out += "\n";
  for (const ProbeResult& result : report.results) {
    if (result.state != ProbeState::found) {
      out += problem_text(result);
    }
  }
  return out + verdict(report);
}

}  // namespace obsctl::health

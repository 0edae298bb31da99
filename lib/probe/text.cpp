// SPDX-License-Identifier: Apache-2.0
// The report of the probe for people: what arrived where and when, and what to do about the rest.
#include "lib/base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "lib/probe/probe.hpp"
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
               store.budget.seconds > 0 ? human_duration(store.budget) : "none", store.title});
    }
  }
  return out;
}

// "gRPC status 3: …"; a status that means success says nothing.
std::string answer_of(const ProbeResult& result) {
  const bool grpc = result.protocol == otlp::Protocol::grpc;
  if (result.status <= 0 || result.status == 200) {
    return result.words;
  }
  return fmt::format("{} {}: {}", grpc ? "gRPC status" : "HTTP", result.status, result.words);
}

std::string fact_of_store(const ProbeSighting& store) {
  if (store.state == ProbeState::unasked) {
    return fmt::format("{} could not be asked: {}", store.title, store.why);
  }
  return fmt::format("it is not in {} {} after it was accepted{}{}", store.title,
                     human_duration(store.within), store.why.empty() ? "" : "; ", store.why);
}

// What is known about an item that did not arrive.
std::string fact_of(const ProbeResult& result) {
  if (result.state == ProbeState::unsent || result.state == ProbeState::rejected) {
    return answer_of(result);
  }
  std::vector<std::string> facts;
  for (const ProbeSighting& store : result.stores) {
    if (store.state != ProbeState::found) {
      facts.push_back(fact_of_store(store));
    }
  }
  return facts.empty() ? "no store of it is known here" : join(facts, "; ");
}

// What stopped for one reason is one paragraph.
std::string problems_text(const ProbeReport& report) {
  std::vector<std::pair<std::string, std::vector<std::string>>> reasons;
  for (const ProbeResult& result : report.results) {
    if (result.state == ProbeState::found) {
      continue;
    }
    const std::string reason =
        fmt::format("stopped {}: {}\n  Next: {}\n", result.stopped, fact_of(result), result.next);
    auto at = std::ranges::find(reasons, reason, [](const auto& one) { return one.first; });
    if (at == reasons.end()) {
      at = reasons.insert(at, {reason, {}});
    }
    at->second.push_back(fmt::format("{} over {}", catalog::signal_name(result.signal),
                                     protocol_title(result.protocol)));
  }
  std::string out;
  for (const auto& [reason, who] : reasons) {
    out += join(who, ", ") + " " + reason;
  }
  return out;
}

// By which a person finds the items: the trace id is that of the record, too.
std::string ids_text(const ProbeReport& report) {
  std::string out;
  for (const ProbeResult& result : report.results) {
    if (result.signal == catalog::Signal::traces) {
      out += fmt::format("{} trace {}\n", protocol_title(result.protocol), result.trace_id);
    }
  }
  return out;
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
  std::string out = fmt::format("Probe of {}, {}\n", report.subject, print_time(report.at));
  out += ids_text(report) + "\n";
  out += render_text(table_of(report, color), color);
  const std::string delays = delays_text(report);
  out += delays.empty() ? "" : "\n" + delays;
  out += report.sampling.empty() ? "" : "\nSampling: " + report.sampling + "\n";
  out += "\n" + problems_text(report);
  return out + verdict(report);
}

}  // namespace obsctl::health

// SPDX-License-Identifier: Apache-2.0
// The probe: one span, one data point and one log record through each protocol into the stack, found
// again in the stores, because green components prove nothing about the way between them.
//
// What a run leaves behind never grows with the number of runs: the service, the metric and all
// attributes are constant; what tells two runs apart is a trace id, the text of a record and the
// value of a gauge.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/choice.hpp"
#include "lib/base/error.hpp"
#include "lib/base/time.hpp"
#include "lib/base/units.hpp"
#include "lib/catalog/find.hpp"
#include "lib/io/filesystem.hpp"
#include "lib/loadgen/target.hpp"
#include "lib/sources/subject.hpp"

namespace obsctl::health {

// Where one protocol is sent to. `target` is that of a stack or of endpoints that somebody names.
struct ProbeReceiver {
  loadgen::Transport transport = loadgen::Transport::grpc;
  loadgen::Target target = {};
  std::optional<Error> error = {};  // why nothing can be sent; `target` is empty then
};

// Addresses in place of the stack's own.
struct ProbeEndpoints {
  std::string grpc;  // empty: the stack's, none for programs that are given by their URLs
  std::string http;
  // Headers, token file, TLS; endpoints and transport are set here.
  loadgen::TargetOptions access = {};
};

// Both receivers, gRPC first. A port that is not published is the error of its receiver. Errors:
// those of loadgen::resolve_target about what was given; nowhere to send to (Code::usage).
[[nodiscard]] Result<std::vector<ProbeReceiver>> probe_receivers(FileSystem& files,
                                                                 const Subject& subject,
                                                                 const ProbeEndpoints& endpoints);

struct ProbeOptions {
  std::vector<ProbeReceiver> receivers;
  std::optional<Duration> within =
      {};                  // absent: the documented delays and 15 s; 45 s for given programs
  Duration timeout = {5};  // of one request, to a receiver or a store
};

// From well to unknown.
enum class ProbeState {
  found,     // in every store that was asked
  missing,   // accepted, and not in a store within the time
  rejected,  // by the receiver
  unsent,    // no connection, or no answer
  unasked,   // accepted, and no store could be asked
};

constexpr auto names_of(ProbeState) {
  using enum ProbeState;
  return std::to_array<Named<ProbeState>>({{found, "found"},
                                           {missing, "not found"},
                                           {rejected, "rejected"},
                                           {unsent, "not sent"},
                                           {unasked, "not asked"}});
}

// What one store said.
struct ProbeSighting {
  std::string component;
  std::string title;
  std::string url = {};  // without credentials; empty: not reachable from here
  ProbeState state = ProbeState::unasked;
  Duration after = {0};   // from sending to the last look
  Duration within = {0};  // how long it was to be looked for
  Duration budget = {0};  // what the documented delays add up to
  std::string why = {};   // of unasked, and what a store said last
};

// One signal over one protocol.
struct ProbeResult {
  catalog::Signal signal = catalog::Signal::traces;
  otlp::Protocol protocol = otlp::Protocol::grpc;
  std::string endpoint;  // URL
  std::string trace_id;  // 32 hex digits
  ProbeState state = ProbeState::unsent;
  std::optional<Duration> acknowledged = {};
  int status = -1;    // of gRPC or HTTP, when one arrived
  std::string words;  // the receiver's, or why nothing was sent
  std::vector<ProbeSighting> stores = {};
  std::string stopped = {};  // where it stopped: "between … and …"; empty: nowhere
  std::string next = {};     // what to do then
};

struct ProbeReport {
  std::string subject;
  Time at;
  Duration took = {0};
  std::vector<ProbeResult> results = {};  // by signal, then protocol
  std::vector<catalog::FindDelay> delays = {};
  std::string sampling = {};  // what tail sampling does to the probe; empty: nothing

  [[nodiscard]] std::size_t found() const;
};

// Sends and looks, all signals and protocols side by side; no longer than the timeout and `within`.
// Errors: a component's find.yaml is not valid; stopped.
[[nodiscard]] Result<ProbeReport> probe(const Services& services, const Subject& subject,
                                        const ProbeOptions& options);

// A table, what is wrong with a failed row and its next command, and the verdict.
[[nodiscard]] std::string probe_text(const ProbeReport& report, bool color);
// Schema obsctl.health.probe/v1.
[[nodiscard]] nlohmann::ordered_json probe_json(const ProbeReport& report);

// One result of id PRB-001 for each signal and protocol; what was not found is an error, what could
// not be looked for is unknown.
[[nodiscard]] std::vector<CheckResult> probe_checks(const ProbeReport& report);

// "gRPC", "HTTP".
[[nodiscard]] std::string_view protocol_title(otlp::Protocol protocol);

}  // namespace obsctl::health

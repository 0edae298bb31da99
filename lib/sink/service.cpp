// SPDX-License-Identifier: Apache-2.0
// Counting what arrived, and deciding what the sender is told.
#include "lib/sink/service.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <new>
#include <nlohmann/json.hpp>

#include "lib/base/text.hpp"
#include "lib/otlp/compress.hpp"

namespace obsctl::otlp {
namespace {

constexpr std::size_t k_max_groups = 1000;
constexpr std::size_t k_max_line = 256U << 20;  // bytes of a printed request
constexpr unsigned k_told = 10;                 // times that a kind of deviation is told
constexpr std::size_t k_max_told = 10'000;      // kinds

std::uint64_t mix(std::uint64_t value) {
  value ^= value >> 32U;
  value *= 0xd6e8feb86659fd93U;
  value ^= value >> 32U;
  value *= 0xd6e8feb86659fd93U;
  return value ^ (value >> 32U);
}

std::uint64_t fingerprint(std::string_view text, std::uint64_t seed) {
  std::uint64_t hash = mix(seed + text.size());
  for (std::size_t i = 0; i < text.size(); i += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + i, std::min<std::size_t>(8, text.size() - i));
    hash = mix(hash ^ word);
  }
  return hash;
}

UnixNano now() {
  return static_cast<UnixNano>(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                   std::chrono::system_clock::now().time_since_epoch())
                                   .count());
}

Result<std::uint64_t> counted(Signal signal, ByteView protobuf) {
  if (const auto items = count_items(signal, protobuf)) {
    return *items;
  }
  return fail(Code::failed, "the request is not OTLP protobuf");
}

// A buffer keeps what the next request of this size needs, but not what a huge one needed.
void shrink(std::string& buffer) {
  constexpr std::size_t k_kept = 4U << 20;
  if (buffer.capacity() > k_kept) {
    std::string().swap(buffer);  // assigning an empty one would keep the room
  }
}

Reply::Kind reply_kind(FaultKind kind) {
  switch (kind) {
    case FaultKind::slow:
    case FaultKind::partial: return Reply::Kind::accept;
    case FaultKind::unavailable: return Reply::Kind::unavailable;
    case FaultKind::exhausted: return Reply::Kind::exhausted;
    case FaultKind::error: return Reply::Kind::invalid;
    case FaultKind::refuse: return Reply::Kind::refuse;
    case FaultKind::reset: return Reply::Kind::reset;
    case FaultKind::goaway: return Reply::Kind::goaway;
    case FaultKind::hang: return Reply::Kind::hang;
    case FaultKind::garbage: return Reply::Kind::garbage;
  }
  return Reply::Kind::accept;
}

}  // namespace

Service::Service(const SinkOptions& options) : options_(options), plan_(options.faults) {}

Result<ByteView> Service::unpacked(const Incoming& incoming) {
  if (incoming.compression == Compression::none) {
    return incoming.body;
  }
  OBS_TRY(unpack(incoming.compression, incoming.body, options_.max_message, unpacked_));
  return bytes_of(unpacked_);
}

Result<ByteView> Service::protobuf(const Incoming& incoming, ByteView bytes,
                                   Deviations* deviations) {
  if (incoming.encoding == Encoding::protobuf) {
    return bytes;
  }
  OBS_TRY_ASSIGN(from_json_,
                 json_to_protobuf(incoming.signal, bytes, options_.max_message, deviations));
  return bytes_of(from_json_);
}

// The verdict does not depend on what is done with the contents afterwards, and JSON gets the one
// that the same request gets as protobuf. Only Depth::items does not look into protobuf: it is for
// who measures senders that are known to be right.
Service::Contents Service::look_into(const Incoming& incoming) {
  Contents result;
  if (options_.depth == Depth::requests) {
    return result;
  }
  Deviations* deviations = options_.print ? &result.deviations : nullptr;
  const auto items = [&]() -> Result<std::uint64_t> {
    OBS_TRY_ASSIGN(const ByteView bytes, unpacked(incoming));
    result.raw_bytes = bytes.size();
    if (options_.depth == Depth::items && incoming.encoding == Encoding::protobuf &&
        deviations == nullptr) {
      return counted(incoming.signal, bytes);
    }
    OBS_TRY_ASSIGN(result.protobuf, protobuf(incoming, bytes, deviations));
    return check(incoming.signal, result.protobuf, now(), deviations);
  }();
  result.good = items.has_value();
  if (items) {
    result.items = *items;
  } else {
    result.error = items.error().message;
  }
  return result;
}

void Service::identify(const ItemRef& item, Signal signal) {
  auto& counts = counts_.signals[static_cast<std::size_t>(signal)];
  Seen seen = Seen::untracked;
  if (item.sequence_number) {
    seen = sequences_[static_cast<std::size_t>(signal)].add(*item.sequence_number);
  } else if (!item.sequence.empty()) {
    seen = span_ids_.add(fingerprint(item.sequence, 3 + static_cast<std::uint64_t>(signal)));
  } else if (signal == Signal::traces && !item.span_id.empty()) {
    seen = span_ids_.add(fingerprint(item.span_id, fingerprint(item.trace_id, 1)));
  }
  ++(seen == Seen::fresh       ? counts.distinct
     : seen == Seen::duplicate ? counts.duplicates
                               : counts.untracked);
  if (signal != Signal::traces || item.trace_id.empty()) {
    return;
  }
  const std::uint64_t trace = fingerprint(item.trace_id, 2);
  static_cast<void>(traces_.add(trace));
  if (!item.group.empty()) {
    const std::string name(item.group.substr(0, 200));
    if (groups_.contains(name) || groups_.size() < k_max_groups) {
      static_cast<void>(groups_[name].add(trace));
    }
  }
}

void Service::identify(Signal signal, const Contents& contents, std::uint64_t accepted) {
  const auto one = [&](const ItemRef& item) {
    if (accepted > 0) {
      --accepted;
      identify(item, signal);
    }
  };
  const ScanKeys keys{.sequence = options_.sequence_attribute, .group = options_.group_attribute};
  static_cast<void>(scan_items(signal, contents.protobuf, keys, one));
}

void Service::note(std::string_view request, const std::vector<std::string>& headers,
                   std::string_view answer) const {
  if (options_.note) {
    options_.note(fmt::format("{} -> {}; {}", request, answer, join(headers, ", ")));
  }
}

void Service::print(Signal signal, const Contents& contents) const {
  if (!options_.print || options_.depth == Depth::requests) {
    return;
  }
  if (auto line = protobuf_to_json(signal, contents.protobuf, k_max_line)) {
    *line += '\n';
    options_.print(*line);
  } else if (options_.note) {
    options_.note("a request is not printed: its line would be longer than 256 MiB");
  }
}

void Service::tell(const Incoming& incoming, const Deviations& deviations) {
  if (!options_.note) {
    return;
  }
  bool news = false;
  for (const Deviation& one : deviations.kept()) {
    const bool room = told_.size() < k_max_told || told_.contains(one.kind);
    const unsigned times = room ? ++told_[one.kind] : k_told + 1;
    if (times <= k_told) {
      news = true;
      options_.note(fmt::format("not OTLP{}: {}{}",
                                incoming.encoding == Encoding::json ? "/JSON" : "", to_text(one),
                                times == k_told ? " (not told again)" : ""));
    }
  }
  if (news && deviations.others() > 0) {
    options_.note(fmt::format("not OTLP: … and {} more of other kinds", deviations.others()));
  }
}

Reply Service::handle(const Incoming& incoming) try {
  return receive(incoming);
} catch (const std::bad_alloc&) {
  // One request too many is not the end of the counts: what it took is free again here.
  shrink(unpacked_);
  shrink(from_json_);
  const std::lock_guard lock(mutex_);
  auto& counts = counts_.signals[static_cast<std::size_t>(incoming.signal)];
  ++counts.requests;
  ++counts.refused;
  counts.wire_bytes += incoming.wire_bytes;
  return {.kind = Reply::Kind::out_of_memory, .message = "out of memory"};
}

Reply Service::receive(const Incoming& incoming) {
  const Contents contents = look_into(incoming);
  Reply reply = answer(incoming, contents);
  tell(incoming, contents.deviations);
  if (reply.kind == Reply::Kind::accept) {
    print(incoming.signal, contents);
  }
  shrink(unpacked_);
  shrink(from_json_);
  return reply;
}

Reply Service::answer(const Incoming& incoming, const Contents& contents) {
  const Fault* fault = contents.good ? plan_.next(incoming.signal) : nullptr;
  Reply reply;
  if (fault != nullptr) {
    reply = {.kind = reply_kind(fault->kind),
             .delay = fault->delay,
             .retry_after = fault->retry_after,
             .message = fmt::format("fault '{}' asked for", fault_name(fault->kind))};
  }
  if (!contents.good) {
    reply.kind = Reply::Kind::invalid;
    reply.message = contents.error;
  }
  const std::lock_guard lock(mutex_);
  auto& counts = counts_.signals[static_cast<std::size_t>(incoming.signal)];
  ++counts.requests;
  counts.wire_bytes += incoming.wire_bytes;
  counts.raw_bytes += contents.raw_bytes;
  counts.malformed += contents.good ? 0 : 1;
  if (fault != nullptr) {
    ++counts_.faults[std::string(fault_name(fault->kind))];
  }
  if (reply.kind != Reply::Kind::accept) {
    counts.refused += contents.good ? 1 : 0;
    counts.refused_items += contents.items;
    return reply;
  }
  std::uint64_t accepted = contents.items;
  if (fault != nullptr && fault->kind == FaultKind::partial) {
    reply.rejected = static_cast<std::int64_t>(
        std::min(static_cast<std::uint64_t>(fault->rejected), contents.items));
    accepted -= static_cast<std::uint64_t>(reply.rejected);
    counts.rejected_items += static_cast<std::uint64_t>(reply.rejected);
  } else {
    reply.message.clear();
  }
  counts.items += accepted;
  if (options_.depth == Depth::full) {
    identify(incoming.signal, contents, accepted);
    counts_.distinct_traces = traces_.size();
  }
  return reply;
}

void Service::count(std::uint64_t SinkCounts::*counter, std::int64_t change) {
  const std::lock_guard lock(mutex_);
  counts_.*counter += static_cast<std::uint64_t>(change);
}

SinkCounts Service::counts() const {
  const std::lock_guard lock(mutex_);
  SinkCounts result = counts_;
  for (const auto& [name, traces] : groups_) {
    result.groups[name] = traces.size();
  }
  return result;
}

std::string to_json(const SinkCounts& counts, bool pretty) {
  nlohmann::ordered_json json;
  json["schema"] = "obsctl.sink/v1";
  for (const Signal signal : {Signal::traces, Signal::metrics, Signal::logs}) {
    const SignalCounts& one = counts.of(signal);
    json["signals"][std::string(signal_name(signal))] = {{"requests", one.requests},
                                                         {"refused", one.refused},
                                                         {"malformed", one.malformed},
                                                         {"items", one.items},
                                                         {"rejected_items", one.rejected_items},
                                                         {"refused_items", one.refused_items},
                                                         {"distinct", one.distinct},
                                                         {"duplicates", one.duplicates},
                                                         {"untracked", one.untracked},
                                                         {"wire_bytes", one.wire_bytes},
                                                         {"raw_bytes", one.raw_bytes}};
  }
  json["connections"] = counts.connections;
  json["open_connections"] = counts.open_connections;
  json["failed_handshakes"] = counts.failed_handshakes;
  json["protocol_errors"] = counts.protocol_errors;
  json["timed_out"] = counts.timed_out;
  json["memory_refused"] = counts.memory_refused;
  json["idle_closed"] = counts.idle_closed;
  json["socket_bytes"] = counts.socket_bytes;
  json["distinct_traces"] = counts.distinct_traces;
  json["groups"] = counts.groups;
  json["faults"] = counts.faults;
  return json.dump(pretty ? 2 : -1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace obsctl::otlp

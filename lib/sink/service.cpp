// SPDX-License-Identifier: Apache-2.0
// Counting what arrived, and deciding what the sender is told.
#include "lib/sink/service.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>

#include "lib/base/text.hpp"
#include "lib/otlp/compress.hpp"
#include "lib/otlp/wire.hpp"

namespace obsctl::otlp {
namespace {

constexpr std::size_t k_max_groups = 1000;

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

std::string_view view(const std::uint8_t* bytes, std::size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

// The same identity from a decoded JSON request as scan_items() finds in protobuf.
template <class Item>
ItemRef item_ref(const Item& item, const SinkOptions& options) {
  ItemRef ref;
  if constexpr (requires { item.trace_id; }) {
    if (item.trace_id) {
      ref.trace_id = view(item.trace_id->data(), item.trace_id->size());
    }
    if (item.span_id) {
      ref.span_id = view(item.span_id->data(), item.span_id->size());
    }
  }
  for (const auto& [key, value] : item.attributes) {
    const auto* text = std::get_if<std::string>(&value.value);
    const auto* number = std::get_if<std::int64_t>(&value.value);
    if (key == options.sequence_attribute && text != nullptr) {
      ref.sequence = *text;
      const bool digits = !text->empty() && text->size() < 20 &&
                          text->find_first_not_of("0123456789") == std::string::npos;
      if (digits) {
        ref.sequence_number = std::stoull(*text);
      }
    } else if (key == options.sequence_attribute && number != nullptr) {
      ref.sequence_number = static_cast<std::uint64_t>(*number);
    }
    if (!options.group_attribute.empty() && key == options.group_attribute && text != nullptr) {
      ref.group = *text;
    }
  }
  return ref;
}

template <class Visit>
void each_item(const AnyRequest& request, Visit&& visit) {
  std::visit(
      [&](const auto& any) {
        for (const auto& resource : any.resources) {
          for (const auto& scope : resource.scopes) {
            for (const auto& item : scope.items) {
              if constexpr (requires { item.data; }) {
                std::visit(
                    [&](const auto& data) {
                      if constexpr (requires { data.points; }) {
                        std::ranges::for_each(data.points, visit);
                      }
                    },
                    item.data);
              } else {
                visit(item);
              }
            }
          }
        }
      },
      request);
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

Service::Contents Service::look_into(const Incoming& incoming) {
  Contents result;
  if (options_.depth == Depth::requests) {
    return result;
  }
  result.bytes = incoming.body;
  if (incoming.compression != Compression::none) {
    if (const auto done =
            unpack(incoming.compression, incoming.body, options_.max_message, unpacked_);
        !done) {
      return {.good = false, .error = done.error().message};
    }
    result.bytes = bytes_of(unpacked_);
  }
  result.raw_bytes = result.bytes.size();
  const bool prints = static_cast<bool>(options_.print);
  if (incoming.encoding == Encoding::json || prints) {
    auto decoded = decode(incoming.signal, incoming.encoding, result.bytes);
    if (!decoded) {
      return {.good = false, .raw_bytes = result.raw_bytes, .error = decoded.error().message};
    }
    result.items = count_items(*decoded);
    result.decoded = std::move(*decoded);
    return result;
  }
  const auto items = count_items(incoming.signal, result.bytes);
  if (!items) {
    return {
        .good = false, .raw_bytes = result.raw_bytes, .error = "the request is not OTLP protobuf"};
  }
  result.items = *items;
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
  if (contents.decoded) {
    each_item(*contents.decoded, [&](const auto& item) { one(item_ref(item, options_)); });
  } else {
    const ScanKeys keys{.sequence = options_.sequence_attribute, .group = options_.group_attribute};
    static_cast<void>(scan_items(signal, contents.bytes, keys, one));
  }
}

void Service::note(std::string_view request, const std::vector<std::string>& headers,
                   std::string_view answer) const {
  if (options_.note) {
    options_.note(fmt::format("{} -> {}; {}", request, answer, join(headers, ", ")));
  }
}

void Service::print(const Contents& contents) const {
  if (!options_.print || !contents.decoded) {
    return;
  }
  const Encoded json = std::visit(
      [](const auto& request) { return encode(request, Encoding::json); }, *contents.decoded);
  options_.print(fmt::format("{}\n", json.bytes));
}

Reply Service::handle(const Incoming& incoming) {
  const Contents contents = look_into(incoming);
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
  print(contents);
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

// SPDX-License-Identifier: Apache-2.0
// Protobuf requests against the specification, without building values.
//
// What is refused is what the OpenTelemetry Collector's own reader refuses: broken encoding, wrong
// wire types, ids of another length. Everything else is a deviation, told when somebody asks.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <protozero/pbf_reader.hpp>

#include "lib/base/time.hpp"
#include "lib/base/utf8.hpp"
#include "lib/otlp/decode.hpp"
#include "lib/otlp/decode_parts.hpp"
#include "lib/otlp/schema.hpp"

namespace obsctl::otlp {
namespace {

using protozero::pbf_reader;
using schema::Field;
using schema::Kind;
using schema::Message;

constexpr std::string_view k_wire_names[] = {"a varint", "64 bits", "bytes",
                                             "a group",  "a group", "32 bits"};

std::string_view view(protozero::data_view data) {
  return {data.data(), data.size()};
}

std::string date(UnixNano time) {
  constexpr auto k_last = static_cast<UnixNano>(std::chrono::nanoseconds::max().count());
  return time > k_last ? ""
                       : ", which is " + print_time(obsctl::Time(std::chrono::nanoseconds(
                                             static_cast<std::int64_t>(time))));
}

// What is wrong with a time, if anything.
std::optional<std::string> implausible_time(UnixNano time, UnixNano now) {
  constexpr UnixNano k_oldest = 946'684'800'000'000'000;  // 2000
  constexpr UnixNano k_day = 86'400'000'000'000;
  if (time >= k_oldest && time <= now + k_day) {
    return std::nullopt;
  }
  const std::string moment = fmt::format("{}{}", time, date(time));
  for (const auto& [factor, unit] :
       {std::pair{UnixNano{1'000}, "micro"}, {1'000'000, "milli"}, {1'000'000'000, ""}}) {
    if (time <= (now + k_day) / factor && time * factor >= k_oldest) {
      return fmt::format("{}; OTLP wants nanoseconds, and these look like {}seconds", moment, unit);
    }
  }
  return fmt::format("{}, {}", moment, time < k_oldest ? "long ago" : "in the future");
}

class Checker {
 public:
  Checker(Findings& findings, UnixNano now) : findings_(findings), now_(now) {}

  // Why the request is refused; empty when it is not.
  std::string request(Signal signal, ByteView body);
  [[nodiscard]] std::uint64_t items() const { return items_; }
  // Whether the bytes do not look like this signal at all.
  [[nodiscard]] bool foreign() const { return foreign_; }

 private:
  struct Times {
    UnixNano start = 0;
    UnixNano end = 0;
  };
  using Counts = std::array<std::uint32_t, schema::k_max_tag + 1>;

  void message(const Message& message, pbf_reader reader);
  bool value(const Field& field, pbf_reader& reader, Times& times);
  bool id(const Field& field, std::string_view bytes);
  bool time(const Field& field, UnixNano time, Times& times);
  bool enumeration(const Field& field, std::int32_t number);
  void varint(std::uint64_t value);
  bool text(const Field& field, std::string_view bytes);
  void packed_numbers(const Field& field, pbf_reader& reader);
  void unknown(const pbf_reader& reader);
  void missing(const Message& message, const Counts& counts, const Times& times);

  Findings& findings_;
  UnixNano now_;
  std::uint64_t items_ = 0;
  int depth_ = 0;
  bool foreign_ = false;
};

std::string Checker::request(Signal signal, ByteView body) try {
  message(schema::request(signal), {reinterpret_cast<const char*>(body.data()), body.size()});
  return findings_.refusal;
} catch (const DecodeLimit&) {
  return std::string(k_too_deep);
} catch (const protozero::exception& error) {
  foreign_ = true;
  return findings_.refusal.empty()
             ? fmt::format("the request is not OTLP protobuf: {}", error.what())
             : findings_.refusal;
}

void Checker::message(const Message& message, pbf_reader reader) {
  const DepthGuard guard(depth_, k_message_depth);
  items_ += message.item ? 1 : 0;
  Counts counts = {};
  Times times;
  while (reader.next()) {
    const Field* field = message.find(reader.tag());
    if (field == nullptr) {
      unknown(reader);
      reader.skip();
      continue;
    }
    std::uint32_t& count = counts[field->tag];
    const Path::Step step(findings_.path, field->name,
                          field->repeated ? count : Path::Step::k_no_index);
    if (count > 0 && !field->repeated) {
      findings_.deviates("twice", [] { return "more than once in the same message"; });
    }
    count += value(*field, reader, times) ? 1 : 0;
  }
  if (findings_.wants_deviations()) {
    missing(message, counts, times);
  }
}

// False: the value is as good as absent.
bool Checker::value(const Field& field, pbf_reader& reader, Times& times) {
  const auto wire = static_cast<std::uint32_t>(reader.wire_type());
  if (wire == 2 && schema::packed(field)) {
    packed_numbers(field, reader);
    return true;
  }
  if (wire != schema::wire_type(field.kind)) {
    foreign_ = true;
    findings_.refuses("wire type", [&] {
      return fmt::format("{} on the wire; OTLP has {} there", k_wire_names[wire],
                         k_wire_names[schema::wire_type(field.kind)]);
    });
    reader.skip();
    return true;
  }
  switch (field.kind) {
    case Kind::message: message(*field.message, reader.get_message()); return true;
    case Kind::trace_id:
    case Kind::span_id: return id(field, view(reader.get_view()));
    case Kind::string: return text(field, view(reader.get_view()));
    case Kind::time:
    case Kind::start_time:
    case Kind::end_time: return time(field, reader.get_fixed64(), times);
    case Kind::enumeration: return enumeration(field, reader.get_enum());
    case Kind::uint32: varint(reader.get_uint64()); return true;
    default: reader.skip(); return true;
  }
}

bool Checker::id(const Field& field, std::string_view bytes) {
  const std::size_t size = schema::id_size(field.kind);
  if (bytes.size() == size) {
    if (findings_.wants_deviations() && std::ranges::all_of(bytes, [](char c) { return c == 0; })) {
      findings_.deviates("zeros", [] { return "all zeros, which OTLP calls invalid"; });
    }
    return true;
  }
  if (bytes.empty()) {
    return false;
  }
  findings_.refuses("length", [&] {
    const bool is_text = std::ranges::all_of(bytes, [](char c) { return c >= ' ' && c <= '~'; });
    return fmt::format("{} bytes{}; OTLP wants {}", bytes.size(),
                       is_text ? fmt::format(" of text, '{}'", shown(bytes)) : "", size);
  });
  return true;
}

bool Checker::text(const Field& field, std::string_view bytes) {
  if (findings_.wants_deviations() && !is_utf8(bytes)) {
    findings_.deviates("UTF-8", [&] {
      return fmt::format("'{}' is not UTF-8; printed with U+FFFD", shown(bytes));
    });
  }
  return !(field.required && bytes.empty());
}

bool Checker::time(const Field& field, UnixNano time, Times& times) {
  (field.kind == Kind::start_time ? times.start : times.end) = time;
  if (time == 0) {
    return false;
  }
  if (findings_.wants_deviations()) {
    if (const auto wrong = implausible_time(time, now_)) {
      findings_.deviates("time", [&] { return *wrong; });
    }
  }
  return true;
}

bool Checker::enumeration(const Field& field, std::int32_t number) {
  if (number < 0 || static_cast<std::size_t>(number) >= field.names.size()) {
    findings_.deviates("enumeration", [&] {
      return fmt::format("{} is not one of its values, 0 to {}", number, field.names.size() - 1);
    });
  }
  return !(field.required && number == 0);
}

void Checker::varint(std::uint64_t value) {
  if (value > UINT32_MAX) {
    findings_.deviates("32 bits", [&] {
      return fmt::format("{} does not fit into 32 bits, and reads as {}",
                         static_cast<std::int64_t>(value), static_cast<std::uint32_t>(value));
    });
  }
}

void Checker::packed_numbers(const Field& field, pbf_reader& reader) {
  if (schema::wire_type(field.kind) == 0) {
    for (const std::uint64_t number : reader.get_packed_uint64()) {
      static_cast<void>(number);  // reading finds what is broken
    }
    return;
  }
  if (const std::size_t size = reader.get_view().size(); size % 8 != 0) {
    findings_.refuses("packed length", [&] {
      return fmt::format("{} bytes are not a list of 64-bit numbers", size);
    });
  }
}

void Checker::unknown(const pbf_reader& reader) {
  if (findings_.wants_deviations()) {
    const std::string name = fmt::format("field {}", reader.tag());
    const Path::Step step(findings_.path, name);
    findings_.deviates("unknown", [] { return "not a field of OTLP; nothing of it is read"; });
  }
}

void Checker::missing(const Message& message, const Counts& counts, const Times& times) {
  std::uint32_t present = 0;
  for (const Field& field : message.fields) {
    present |= counts[field.tag] > 0 ? 1U << field.tag : 0;
    if (field.required && counts[field.tag] == 0) {
      const Path::Step step(findings_.path, field.name);
      findings_.deviates("missing", [] { return "missing or empty; OTLP requires it"; });
    }
    if (field.kind == Kind::end_time && times.start > times.end && times.end != 0) {
      const Path::Step step(findings_.path, field.name);
      findings_.deviates("order", [&] {
        return fmt::format("{} ns before startTimeUnixNano", times.start - times.end);
      });
    }
  }
  if (std::popcount(present & message.one_of) > 1) {
    findings_.deviates("one of",
                       [] { return "more than one value, where OTLP has one of several"; });
  }
}

// The signal that the same bytes are a request of, when they are none of `signal`.
std::string other_signal(Signal signal, ByteView body) {
  for (const Signal other : {Signal::traces, Signal::metrics, Signal::logs}) {
    Findings findings(nullptr);
    if (other != signal && Checker(findings, 0).request(other, body).empty()) {
      return fmt::format("; it reads as a request of {0}, whose path is /v1/{0}",
                         signal_name(other));
    }
  }
  return "";
}

}  // namespace

Result<std::uint64_t> check(Signal signal, ByteView body, UnixNano now, Deviations* deviations) {
  Findings findings(deviations);
  Checker checker(findings, now);
  const std::string refusal = checker.request(signal, body);
  if (!refusal.empty()) {
    return fail(Code::failed, refusal + (checker.foreign() ? other_signal(signal, body) : ""));
  }
  return checker.items();
}

}  // namespace obsctl::otlp

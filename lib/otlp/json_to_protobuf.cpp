// SPDX-License-Identifier: Apache-2.0
// OTLP/JSON as protobuf, value by value while it is parsed.
//
// What is accepted is what the OpenTelemetry Collector's reader (pdata) accepts: ids in hex, enums
// as numbers or names, whole numbers with or without quotes, names in lowerCamelCase or snake_case,
// null for text, lists and objects. What of that OTLP/JSON does not allow is a deviation.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "lib/otlp/decode.hpp"
#include "lib/otlp/decode_parts.hpp"
#include "lib/otlp/json_reader.hpp"
#include "lib/otlp/json_values.hpp"

namespace obsctl::otlp {
namespace {

using schema::Field;
using schema::Kind;
using schema::Message;
using Type = JsonReader::Type;

// Thrown and caught in this file.
struct TooLarge {};

std::string_view type_name(Type type) {
  switch (type) {
    case Type::object: return "an object";
    case Type::array: return "a list";
    case Type::string: return "a string";
    case Type::number: return "a number";
    case Type::boolean: return "a boolean";
    case Type::null: break;
  }
  return "null";
}

// Protobuf as it grows.
class Output {
 public:
  Output(std::size_t expected, std::size_t limit) : limit_(limit) {
    bytes_.reserve(std::min(expected, limit));
  }

  void tag(const Field& field, std::uint32_t wire_type) {
    varint(static_cast<std::uint64_t>(field.tag) << 3U | wire_type);
    if (bytes_.size() > limit_) {
      throw TooLarge{};
    }
  }
  void varint(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7U) {
      bytes_ += static_cast<char>(value | 0x80U);
    }
    bytes_ += static_cast<char>(value);
  }
  template <class Fixed>
  void fixed(Fixed value) {
    static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "protobuf is little-endian");
    char raw[sizeof value];
    std::memcpy(raw, &value, sizeof value);
    bytes_.append(raw, sizeof value);
  }
  void text(const Field& field, std::string_view text) {
    tag(field, 2);
    varint(text.size());
    bytes_.append(text);
  }
  // The length stands before what it measures: there is room for a small one, and what follows
  // moves for a larger one.
  template <class Fill>
  void delimited(const Field& field, Fill&& fill) {
    tag(field, 2);
    const std::size_t start = bytes_.size();
    bytes_ += '\0';
    fill();
    Output length(0, limit_);
    length.varint(bytes_.size() - start - 1);
    bytes_[start] = length.bytes_.front();
    bytes_.insert(start + 1, length.bytes_, 1);
  }
  void check_size() const {
    if (bytes_.size() > limit_) {
      throw TooLarge{};
    }
  }
  std::string take() {
    check_size();
    return std::move(bytes_);
  }

 private:
  std::size_t limit_;
  std::string bytes_;
};

class Transcoder {
 public:
  Transcoder(std::string_view json, std::size_t limit, Findings& findings)
      : json_(json), out_(json.size(), limit), findings_(findings) {}

  std::string request(const Message& message) {
    this->message(message);
    json_.end();
    return out_.take();
  }

 private:
  void message(const Message& message);
  const Field* find(const Message& message, std::string_view key);
  void member(const Field& field);
  void packed(const Field& field);
  void value(const Field& field);
  void string(const Field& field);
  void number(const Field& field, bool tagged);
  template <class Whole>
  std::optional<Whole> whole();
  std::optional<std::int32_t> enumerated(const Field& field);
  std::optional<double> real();

  bool null() {
    const bool found = json_.type() == Type::null;
    if (found) {
      json_.null();
    }
    return found;
  }
  // Whether a value of this type comes next; another one is refused and read over.
  bool expect(Type type, std::string_view wanted) {
    const Type found = json_.type();
    if (found == type) {
      return true;
    }
    const std::string_view text = json_.skipped();
    findings_.refuses("type", [&] {
      const bool scalar = found == Type::string || found == Type::number || found == Type::boolean;
      return fmt::format("{} found{}; OTLP/JSON wants {}", type_name(found),
                         scalar ? ", " + shown(text) : "", wanted);
    });
    return false;
  }

  JsonReader json_;
  Output out_;
  Findings& findings_;
  int depth_ = 0;
};

void Transcoder::message(const Message& message) {
  const DepthGuard guard(depth_, k_message_depth);
  if (null() || !expect(Type::object, "an object")) {
    return;
  }
  std::uint32_t seen = 0;  // tags
  json_.object([&](std::string_view key) {
    const Field* field = find(message, key);
    if (field == nullptr) {
      return json_.skip();
    }
    const Path::Step step(findings_.path, field->name);
    const std::uint32_t bit = 1U << field->tag;
    if ((seen & bit) != 0) {
      findings_.deviates("twice", [] { return "more than once in the same object"; });
    }
    seen |= bit;
    member(*field);
  });
}

const Field* Transcoder::find(const Message& message, std::string_view key) {
  const Field* field = field_of_key(message, key);
  if (findings_.wants_deviations() && (field == nullptr || field->name != key)) {
    const std::string name(key.substr(0, 200));
    const Path::Step step(findings_.path, name);
    findings_.deviates("key", [&] {
      return field == nullptr ? about_unknown_key(message, key)
                              : fmt::format("snake_case; OTLP/JSON wants {}", field->name);
    });
  }
  return field;
}

void Transcoder::member(const Field& field) {
  if (!field.repeated) {
    return value(field);
  }
  if (null() || !expect(Type::array, "a list")) {
    return;
  }
  if (schema::packed(field)) {
    return packed(field);
  }
  std::uint32_t index = 0;
  json_.array([&] {
    const Path::Step step(findings_.path, "", index++);
    if (json_.type() == Type::null) {
      findings_.deviates("null", [] { return "null in a list; read as empty"; });
    }
    field.kind == Kind::message ? out_.delimited(field, [&] { message(*field.message); })
                                : string(field);
  });
}

void Transcoder::packed(const Field& field) {
  std::uint32_t index = 0;
  out_.delimited(field, [&] {
    json_.array([&] {
      const Path::Step step(findings_.path, "", index++);
      number(field, false);
      out_.check_size();
    });
  });
}

void Transcoder::value(const Field& field) {
  switch (field.kind) {
    case Kind::message:
      if (!null()) {
        out_.delimited(field, [&] { message(*field.message); });
      }
      return;
    case Kind::string:
    case Kind::bytes:
    case Kind::trace_id:
    case Kind::span_id: return string(field);
    case Kind::boolean:
      if (expect(Type::boolean, "true or false")) {
        const bool value = json_.boolean();
        out_.tag(field, 0);
        out_.varint(value ? 1 : 0);
      }
      return;
    default: return number(field, true);
  }
}

void Transcoder::string(const Field& field) {
  const bool text = field.kind == Kind::string;
  if (text && null()) {
    return field.repeated ? out_.text(field, "") : void();
  }
  if (!expect(Type::string, text ? "a string" : "a string of digits")) {
    return;
  }
  const std::string_view value = json_.string();
  if (json_.half_surrogate()) {
    findings_.deviates("surrogate", [] { return "half of a surrogate pair; read as U+FFFD"; });
  }
  if (text || value.empty()) {
    return out_.text(field, value);
  }
  const bool id = field.kind != Kind::bytes;
  const std::size_t size = schema::id_size(field.kind);
  const auto raw = id ? parse_id(value, size) : parse_bytes(value);
  if (raw) {
    return out_.text(field, *raw);
  }
  findings_.refuses("digits", [&] {
    return id ? about_id(value, size)
              : fmt::format("'{}' is not base64 with padding", shown(value));
  });
}

void Transcoder::number(const Field& field, bool tagged) {
  const auto put = [&](const auto& value, auto&& write) {
    if (value) {
      if (tagged) {
        out_.tag(field, schema::wire_type(field.kind));
      }
      write(*value);
    }
  };
  const auto varint = [&](auto value) { out_.varint(static_cast<std::uint64_t>(value)); };
  const auto zigzag = [&](std::int32_t value) {
    out_.varint(static_cast<std::uint32_t>(value) << 1U ^ static_cast<std::uint32_t>(value >> 31));
  };
  const auto fixed = [&](auto value) { out_.fixed(value); };
  switch (field.kind) {
    case Kind::uint32: return put(whole<std::uint32_t>(), varint);
    case Kind::uint64: return put(whole<std::uint64_t>(), varint);
    case Kind::int64: return put(whole<std::int64_t>(), varint);
    case Kind::sint32: return put(whole<std::int32_t>(), zigzag);
    case Kind::fixed32: return put(whole<std::uint32_t>(), fixed);
    case Kind::sfixed64: return put(whole<std::int64_t>(), fixed);
    case Kind::real: return put(real(), fixed);
    case Kind::enumeration: return put(enumerated(field), varint);
    default: return put(whole<std::uint64_t>(), fixed);
  }
}

template <class Whole>
std::optional<Whole> Transcoder::whole() {
  const bool quoted = json_.type() == Type::string;
  if (!quoted && !expect(Type::number, "a whole number")) {
    return std::nullopt;
  }
  const std::string_view text = quoted ? json_.string() : json_.number();
  const auto value = parse_whole<Whole>(text);
  if (!value) {
    findings_.refuses(
        "number", [&] { return about_whole(text, std::is_signed_v<Whole>, 8 * sizeof(Whole)); });
  }
  return value;
}

std::optional<std::int32_t> Transcoder::enumerated(const Field& field) {
  if (json_.type() != Type::string) {
    return whole<std::int32_t>();
  }
  const std::string_view name = json_.string();
  const auto found = std::ranges::find(field.names, name);
  const auto number = static_cast<std::int32_t>(found - field.names.begin());
  if (found == field.names.end()) {
    findings_.refuses("name", [&] {
      return fmt::format("\"{}\" is not a name of its values; OTLP/JSON wants a number",
                         shown(name));
    });
    return std::nullopt;
  }
  findings_.deviates("name", [&] {
    return fmt::format("\"{}\", an enum's name; OTLP/JSON wants the number {}", name, number);
  });
  return number;
}

std::optional<double> Transcoder::real() {
  const bool quoted = json_.type() == Type::string;
  if (!quoted && !expect(Type::number, "a number")) {
    return std::nullopt;
  }
  const std::string_view text = quoted ? json_.string() : json_.number();
  const auto value = parse_real(text);
  if (!value) {
    findings_.refuses("number", [&] {
      return fmt::format("'{}' is not a number that a double holds", shown(text));
    });
  } else if (!std::isfinite(*value) && text != "NaN" && text != "Infinity" && text != "-Infinity") {
    findings_.deviates("number", [&] {
      return fmt::format("\"{}\"; OTLP/JSON writes NaN, Infinity or -Infinity", shown(text));
    });
  }
  return value;
}

}  // namespace

Result<std::string> json_to_protobuf(Signal signal, ByteView body, std::size_t limit,
                                     Deviations* deviations) try {
  Findings findings(deviations);
  Transcoder transcoder(text_of(body), limit, findings);
  std::string protobuf = transcoder.request(schema::request(signal));
  if (!findings.refusal.empty()) {
    return fail(Code::failed, findings.refusal);
  }
  return protobuf;
} catch (const JsonError& error) {
  return fail(Code::failed, fmt::format("the request is not JSON: {} expected at byte {}",
                                        error.expected, error.offset + 1));
} catch (const DecodeLimit&) {
  return fail(Code::failed, std::string(k_too_deep));
} catch (const TooLarge&) {
  return fail(Code::failed, fmt::format("the request has more than {} bytes as protobuf", limit));
}

}  // namespace obsctl::otlp

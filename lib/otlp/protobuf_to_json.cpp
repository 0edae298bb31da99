// SPDX-License-Identifier: Apache-2.0
// Protobuf requests as OTLP/JSON, from bytes to text: what is on the wire is what is shown.
//
// Values in between would take many times the memory of the bytes, and could not hold what the
// specification does not allow: a kind of 99, a severity of -1.
#include <protozero/pbf_reader.hpp>

#include "lib/otlp/decode.hpp"
#include "lib/otlp/json_writer.hpp"
#include "lib/otlp/response.hpp"
#include "lib/otlp/schema.hpp"
#include "lib/otlp/wire.hpp"

namespace obsctl::otlp {
namespace {

using protozero::pbf_reader;
using schema::Field;
using schema::Kind;
using schema::Message;

// Thrown and caught in this file.
struct TooLong {};

class Shower : JsonWriter {
 public:
  Shower(std::string& out, std::size_t limit) : JsonWriter(out), limit_(limit) {}

  void message(const Message& message, const pbf_reader& reader) {
    out_ += '{';
    const std::uint32_t present = tags(message, reader);
    for (const Field& field : message.fields) {
      if ((present >> field.tag & 1U) != 0) {
        name(field.name);
        field.repeated ? list(field, reader) : last(field, reader);
      }
    }
    out_ += '}';
    if (out_.size() > limit_) {
      throw TooLong{};
    }
  }

 private:
  static std::uint32_t tags(const Message& message, pbf_reader reader) {
    std::uint32_t out = 0;
    while (reader.next()) {
      out |= message.find(reader.tag()) != nullptr ? 1U << reader.tag() : 0U;
      reader.skip();
    }
    return out;
  }

  void list(const Field& field, pbf_reader reader) {
    out_ += '[';
    while (reader.next(field.tag)) {
      const bool together =
          schema::packed(field) && reader.wire_type() == protozero::pbf_wire_type::length_delimited;
      together ? packed(field, reader) : value(field, reader);
    }
    out_ += ']';
  }

  void packed(const Field& field, pbf_reader& reader) {
    const auto each = [this](const auto& numbers, auto&& show) {
      for (const auto number : numbers) {
        separate();
        show(number);
      }
    };
    const auto quoted = [this](std::uint64_t number) { quoted_number(number); };
    switch (field.kind) {
      case Kind::uint64: return each(reader.get_packed_uint64(), quoted);
      case Kind::real:
        return each(reader.get_packed_double(), [this](double number) { real(number); });
      default: return each(reader.get_packed_fixed64(), quoted);
    }
  }

  // Protobuf's rule for a field that comes more than once.
  void last(const Field& field, pbf_reader reader) {
    pbf_reader found;
    while (reader.next(field.tag)) {
      found = reader;
      reader.skip();
    }
    value(field, found);
  }

  template <class Whole>
  void bare(Whole number) {
    fmt::format_to(std::back_inserter(out_), "{}", number);
  }

  void value(const Field& field, pbf_reader& reader) {
    separate();
    switch (field.kind) {
      case Kind::message: return message(*field.message, reader.get_message());
      case Kind::boolean: out_ += reader.get_bool() ? "true" : "false"; return;
      case Kind::uint32: return bare(reader.get_uint32());
      case Kind::fixed32: return bare(reader.get_fixed32());
      case Kind::sint32: return bare(reader.get_sint32());
      case Kind::enumeration: return bare(reader.get_enum());
      case Kind::int64: return quoted_number(reader.get_int64());
      case Kind::sfixed64: return quoted_number(reader.get_sfixed64());
      case Kind::real: return real(reader.get_double());
      case Kind::uint64: return quoted_number(reader.get_uint64());
      case Kind::fixed64:
      case Kind::time:
      case Kind::start_time:
      case Kind::end_time: return quoted_number(reader.get_fixed64());
      default: return text(field, reader.get_view());
    }
  }

  void text(const Field& field, protozero::data_view data) {
    const std::string_view bytes(data.data(), data.size());
    switch (field.kind) {
      case Kind::bytes: return string(base64_encode(bytes));
      case Kind::trace_id:
      case Kind::span_id: {
        out_ += '"';
        out_.resize(out_.size() + 2 * bytes.size());
        put_hex(out_.data() + out_.size() - 2 * bytes.size(), bytes.data(), bytes.size());
        out_ += '"';
        return;
      }
      default: return string(bytes);
    }
  }

  std::size_t limit_;
};

}  // namespace

std::optional<std::string> protobuf_to_json(Signal signal, ByteView body, std::size_t limit) try {
  std::string out;
  out.reserve(std::min(2 * body.size(), limit));
  Shower(out, limit)
      .message(schema::request(signal),
               pbf_reader(reinterpret_cast<const char*>(body.data()), body.size()));
  return out;
} catch (const TooLong&) {
  return std::nullopt;
} catch (const protozero::exception&) {
  return std::nullopt;
}

}  // namespace obsctl::otlp

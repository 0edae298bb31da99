// SPDX-License-Identifier: Apache-2.0
// Answers from the network, read without trusting them.
#include "lib/otlp/response.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <nlohmann/json.hpp>
#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>

#include "lib/base/text.hpp"

namespace obsctl::otlp {
namespace {

using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr std::string_view k_retry_info = "type.googleapis.com/google.rpc.RetryInfo";
constexpr std::size_t k_max_message = 4096;          // of a server's words that are kept
constexpr std::int64_t k_max_seconds = 315'576'000;  // ten years; longer hints mean the same

nanoseconds duration_of(std::int64_t whole, std::int64_t nanos) {
  whole = std::clamp<std::int64_t>(whole, 0, k_max_seconds);
  nanos = std::clamp<std::int64_t>(nanos, 0, 999'999'999);
  return seconds(whole) + nanoseconds(nanos);
}

// RetryInfo { 1: Duration { 1: seconds, 2: nanos } }
nanoseconds read_retry_info(protozero::data_view bytes) {
  std::int64_t whole = 0;
  std::int64_t nanos = 0;
  protozero::pbf_reader info(bytes);
  while (info.next()) {
    if (info.tag_and_type() !=
        protozero::tag_and_type(1, protozero::pbf_wire_type::length_delimited)) {
      info.skip();
      continue;
    }
    protozero::pbf_reader duration(info.get_view());
    while (duration.next()) {
      if (duration.tag_and_type() == protozero::tag_and_type(1, protozero::pbf_wire_type::varint)) {
        whole = duration.get_int64();
      } else if (duration.tag_and_type() ==
                 protozero::tag_and_type(2, protozero::pbf_wire_type::varint)) {
        nanos = duration.get_int64();
      } else {
        duration.skip();
      }
    }
  }
  return duration_of(whole, nanos);
}

// Any { 1: type_url, 2: value }
std::optional<nanoseconds> read_detail(protozero::data_view bytes) {
  std::string_view type;
  protozero::data_view value;
  protozero::pbf_reader any(bytes);
  while (any.next()) {
    if (any.wire_type() != protozero::pbf_wire_type::length_delimited) {
      any.skip();
    } else if (any.tag() == 1) {
      const auto view = any.get_view();
      type = {view.data(), view.size()};
    } else if (any.tag() == 2) {
      value = any.get_view();
    } else {
      any.skip();
    }
  }
  // The prefix before the last slash is free (protobuf's Any).
  const auto name = k_retry_info.substr(k_retry_info.rfind('/'));
  return type.ends_with(name) ? std::optional(read_retry_info(value)) : std::nullopt;
}

std::string keep(protozero::data_view view) {
  return {view.data(), std::min(view.size(), k_max_message)};
}

PartialSuccess read_partial(protozero::data_view bytes) {
  PartialSuccess result;
  protozero::pbf_reader partial(bytes);
  while (partial.next()) {
    if (partial.tag_and_type() == protozero::tag_and_type(1, protozero::pbf_wire_type::varint)) {
      result.rejected = partial.get_int64();
    } else if (partial.tag_and_type() ==
               protozero::tag_and_type(2, protozero::pbf_wire_type::length_delimited)) {
      result.message = keep(partial.get_view());
    } else {
      partial.skip();
    }
  }
  result.present = result.rejected != 0 || !result.message.empty();
  return result;
}

std::int64_t json_integer(const nlohmann::json& value) {
  if (value.is_number_integer()) {
    return value.get<std::int64_t>();
  }
  std::int64_t number = 0;
  if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    bool digits = !text.empty() && text.size() <= 18;
    for (const char c : text) {
      digits = digits && c >= '0' && c <= '9';
      number = digits ? number * 10 + (c - '0') : 0;
    }
  }
  return number;
}

std::string json_text(const nlohmann::json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string()
             ? found->get_ref<const std::string&>().substr(0, k_max_message)
             : std::string{};
}

// "3.5s" as protobuf's JSON writes a Duration.
std::optional<nanoseconds> json_duration(const std::string& text) {
  if (text.size() < 2 || text.size() > 40 || text.back() != 's' || text.front() == '-') {
    return std::nullopt;
  }
  std::int64_t whole = 0;
  std::int64_t nanos = 0;
  std::int64_t unit = -1;  // of the next fraction digit; -1 before the point
  for (const char c : std::string_view(text).substr(0, text.size() - 1)) {
    if (c == '.' && unit < 0) {
      unit = 100'000'000;
    } else if (c < '0' || c > '9') {
      return std::nullopt;
    } else if (unit < 0) {
      whole = std::min(whole * 10 + (c - '0'), k_max_seconds);
    } else {
      nanos += unit * (c - '0');
      unit /= 10;
    }
  }
  return duration_of(whole, nanos);
}

int base64_value(char c) {
  if (c >= 'A' && c <= 'Z') {
    return c - 'A';
  }
  if (c >= 'a' && c <= 'z') {
    return c - 'a' + 26;
  }
  if (c >= '0' && c <= '9') {
    return c - '0' + 52;
  }
  return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  if (c >= 'A' && c <= 'F') {
    return c - 'A' + 10;
  }
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

}  // namespace

std::optional<PartialSuccess> decode_response(ByteView body) try {
  PartialSuccess result;
  protozero::pbf_reader response(reinterpret_cast<const char*>(body.data()), body.size());
  while (response.next()) {
    if (response.tag_and_type() ==
        protozero::tag_and_type(1, protozero::pbf_wire_type::length_delimited)) {
      result = read_partial(response.get_view());
    } else {
      response.skip();
    }
  }
  return result;
} catch (const protozero::exception&) {
  return std::nullopt;
}

std::optional<PartialSuccess> decode_response_json(std::string_view body, Signal signal) {
  if (trim(body).empty()) {
    return PartialSuccess{};
  }
  const auto json = nlohmann::json::parse(body, nullptr, false);
  if (!json.is_object()) {
    return std::nullopt;
  }
  PartialSuccess result;
  const auto partial = json.find("partialSuccess");
  if (partial != json.end() && partial->is_object()) {
    const char* key = signal == Signal::traces    ? "rejectedSpans"
                      : signal == Signal::metrics ? "rejectedDataPoints"
                                                  : "rejectedLogRecords";
    if (const auto rejected = partial->find(key); rejected != partial->end()) {
      result.rejected = json_integer(*rejected);
    }
    result.message = json_text(*partial, "errorMessage");
  }
  result.present = result.rejected != 0 || !result.message.empty();
  return result;
}

std::optional<RpcStatus> decode_status(ByteView body) try {
  RpcStatus result;
  protozero::pbf_reader status(reinterpret_cast<const char*>(body.data()), body.size());
  while (status.next()) {
    const auto field = status.tag_and_type();
    if (field == protozero::tag_and_type(1, protozero::pbf_wire_type::varint)) {
      result.code = status.get_int32();
    } else if (field == protozero::tag_and_type(2, protozero::pbf_wire_type::length_delimited)) {
      result.message = keep(status.get_view());
    } else if (field == protozero::tag_and_type(3, protozero::pbf_wire_type::length_delimited)) {
      const auto hint = read_detail(status.get_view());
      result.retry_after = result.retry_after ? result.retry_after : hint;
    } else {
      status.skip();
    }
  }
  return result;
} catch (const protozero::exception&) {
  return std::nullopt;
}

std::optional<RpcStatus> decode_status_json(std::string_view body) {
  const auto json = nlohmann::json::parse(body, nullptr, false);
  if (!json.is_object()) {
    return std::nullopt;
  }
  RpcStatus result;
  if (const auto code = json.find("code"); code != json.end()) {
    result.code = static_cast<int>(std::clamp<std::int64_t>(json_integer(*code), 0, 1000));
  }
  result.message = json_text(json, "message");
  const auto details = json.find("details");
  if (details != json.end() && details->is_array()) {
    for (const auto& detail : *details) {
      if (detail.is_object() && json_text(detail, "@type").ends_with("google.rpc.RetryInfo") &&
          !result.retry_after) {
        result.retry_after = json_duration(json_text(detail, "retryDelay"));
      }
    }
  }
  return result;
}

std::optional<std::string> base64_decode(std::string_view text) {
  while (text.ends_with('=')) {
    text.remove_suffix(1);
  }
  if (text.size() % 4 == 1) {
    return std::nullopt;
  }
  std::string out;
  out.reserve(text.size() / 4 * 3 + 3);
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const int value = base64_value(c);
    if (value < 0) {
      return std::nullopt;
    }
    bits = (bits << 6U) | static_cast<std::uint32_t>(value);
    count += 6;
    if (count >= 8) {
      count -= 8;
      out += static_cast<char>((bits >> static_cast<unsigned>(count)) & 0xffU);
    }
  }
  return out;
}

std::string base64_encode(std::string_view bytes) {
  static constexpr std::string_view k_alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const auto at = [&](std::size_t k) -> std::uint32_t {
      return i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0U;
    };
    const std::uint32_t bits = (at(0) << 16U) | (at(1) << 8U) | at(2);
    out += k_alphabet[bits >> 18U];
    out += k_alphabet[(bits >> 12U) & 63U];
    out += i + 1 < bytes.size() ? k_alphabet[(bits >> 6U) & 63U] : '=';
    out += i + 2 < bytes.size() ? k_alphabet[bits & 63U] : '=';
  }
  return out;
}

std::string percent_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 &&
        hex_value(text[i + 2]) >= 0) {
      out += static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::string percent_encode(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c >= ' ' && c <= '~' && c != '%') {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

std::optional<nanoseconds> parse_retry_after(std::string_view value,
                                             std::chrono::system_clock::time_point now) {
  const std::string text(trim(value));
  if (text.empty() || text.size() > 64) {
    return std::nullopt;
  }
  if (text.find_first_not_of("0123456789") == std::string::npos) {
    std::int64_t whole = 0;
    for (const char c : text) {
      whole = std::min(whole * 10 + (c - '0'), k_max_seconds);
    }
    return duration_of(whole, 0);
  }
  std::tm fields{};
  // "Sun, 06 Nov 1994 08:49:37 GMT"; strptime's names follow the C locale, which obsctl does not
  // change.
  const char* end = strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &fields);
  if (end == nullptr || *end != '\0') {
    return std::nullopt;
  }
  // In whole seconds: a date of the year 9999 does not fit into nanoseconds.
  const auto since_epoch = std::chrono::floor<seconds>(now.time_since_epoch());
  return duration_of(static_cast<std::int64_t>(timegm(&fields)) - since_epoch.count(), 0);
}

std::string grpc_status_name(int status) {
  static constexpr std::array<std::string_view, 17> k_names = {"OK",
                                                               "CANCELLED",
                                                               "UNKNOWN",
                                                               "INVALID_ARGUMENT",
                                                               "DEADLINE_EXCEEDED",
                                                               "NOT_FOUND",
                                                               "ALREADY_EXISTS",
                                                               "PERMISSION_DENIED",
                                                               "RESOURCE_EXHAUSTED",
                                                               "FAILED_PRECONDITION",
                                                               "ABORTED",
                                                               "OUT_OF_RANGE",
                                                               "UNIMPLEMENTED",
                                                               "INTERNAL",
                                                               "UNAVAILABLE",
                                                               "DATA_LOSS",
                                                               "UNAUTHENTICATED"};
  if (status >= 0 && static_cast<std::size_t>(status) < k_names.size()) {
    return std::string(k_names[static_cast<std::size_t>(status)]);
  }
  return fmt::format("code {}", status);
}

int grpc_status_of_h2_error(std::uint32_t error) {
  switch (error) {
    case 7: return 14;   // REFUSED_STREAM: not processed
    case 8: return 1;    // CANCEL
    case 11: return 8;   // ENHANCE_YOUR_CALM
    case 12: return 7;   // INADEQUATE_SECURITY
    default: return 13;  // INTERNAL
  }
}

int grpc_status_of_http(int status) {
  switch (status) {
    case 400: return 13;  // INTERNAL
    case 401: return 16;  // UNAUTHENTICATED
    case 403: return 7;   // PERMISSION_DENIED
    case 404: return 12;  // UNIMPLEMENTED
    case 429:
    case 502:
    case 503:
    case 504: return 14;  // UNAVAILABLE
    default: return 2;    // UNKNOWN
  }
}

std::string printable(std::string_view text, std::size_t limit) {
  std::string out;
  for (const char c : text.substr(0, limit)) {
    const auto byte = static_cast<unsigned char>(c);
    out += byte < 0x20 || byte >= 0x7f ? '.' : c;
  }
  return text.size() > limit ? out + "…" : out;
}

std::string encode_status(const RpcStatus& status) {
  std::string out;
  protozero::pbf_writer writer(out);
  if (status.code != 0) {
    writer.add_int32(1, status.code);
  }
  if (!status.message.empty()) {
    writer.add_string(2, status.message);
  }
  if (status.retry_after) {
    const auto whole = std::chrono::floor<seconds>(*status.retry_after);
    std::string info;
    {
      protozero::pbf_writer info_writer(info);
      std::string duration;
      protozero::pbf_writer duration_writer(duration);
      if (whole.count() != 0) {
        duration_writer.add_int64(1, whole.count());
      }
      if (const auto nanos = (*status.retry_after - whole).count(); nanos != 0) {
        duration_writer.add_int32(2, static_cast<std::int32_t>(nanos));
      }
      info_writer.add_message(1, duration);
    }
    protozero::pbf_writer any(writer, 3);
    any.add_string(1, k_retry_info.data(), k_retry_info.size());
    any.add_bytes(2, info);
  }
  return out;
}

std::string encode_partial_success(const PartialSuccess& partial) {
  std::string out;
  if (partial.rejected != 0 || !partial.message.empty()) {
    protozero::pbf_writer writer(out);
    protozero::pbf_writer message(writer, 1);
    if (partial.rejected != 0) {
      message.add_int64(1, partial.rejected);
    }
    if (!partial.message.empty()) {
      message.add_string(2, partial.message);
    }
  }
  return out;
}

}  // namespace obsctl::otlp

// SPDX-License-Identifier: Apache-2.0
// Takes the words of the exporter and of its libraries off an error.
#include "lib/sources/log_reasons.hpp"

#include <nlohmann/json.hpp>

#include "lib/base/secret_forms.hpp"
#include "lib/base/text.hpp"
#include "lib/engine/fields.hpp"

namespace obsctl::health {
namespace {

constexpr std::size_t k_npos = std::string_view::npos;

// What stands in front of the backend's answer, in any order.
constexpr std::string_view k_wrappers[] = {
    "not retryable error: ", "no more retries left: ", "Permanent error: ", "rpc error: "};

std::string_view unwrapped(std::string_view error) {
  for (bool again = true; again;) {
    again = false;
    for (const std::string_view wrapper : k_wrappers) {
      if (error.starts_with(wrapper)) {
        error.remove_prefix(wrapper.size());
        again = true;
      }
    }
  }
  return error;
}

// "code = InvalidArgument desc = too old". What an exporter over HTTP says has a code too, that of
// gRPC to which it translates the status; the status says more.
std::string without_code(std::string_view error) {
  constexpr std::string_view k_code = "code = ";
  constexpr std::string_view k_text = " desc = ";
  const auto text = error.find(k_text);
  if (!error.starts_with(k_code) || text == k_npos) {
    return std::string(error);
  }
  const std::string_view said = error.substr(text + k_text.size());
  if (said.find("HTTP Status Code ") != k_npos) {
    return std::string(said);
  }
  return std::string(error.substr(k_code.size(), text - k_code.size())).append(": ").append(said);
}

// "… responded with HTTP Status Code 400, Message=too old, Details=[]"
std::string without_request(const std::string& error) {
  constexpr std::string_view k_status = "responded with HTTP Status Code ";
  constexpr std::string_view k_message = ", Message=";
  const auto at = error.find(k_status);
  if (at == k_npos) {
    return error;
  }
  const std::string rest = error.substr(at + k_status.size());
  const std::string status = rest.substr(0, rest.find_first_not_of("0123456789"));
  const auto message = rest.find(k_message);
  if (message == k_npos) {
    return "HTTP " + status;
  }
  const auto begin = message + k_message.size();
  const std::string_view said(rest);
  return "HTTP " + status + ": " +
         std::string(trim(said.substr(begin, said.rfind(", Details=") - begin)));
}

}  // namespace

std::optional<std::string> error_in(std::string_view line) {
  const auto begin = line.find('{');
  if (begin == k_npos) {
    return std::nullopt;
  }
  const auto fields = nlohmann::json::parse(line.substr(begin), nullptr, false);
  std::string out = engine::text(fields, "error");
  return out.empty() ? std::nullopt : std::optional(std::move(out));
}

std::string reason_of_error(std::string_view error) {
  const std::string said = without_request(without_code(unwrapped(trim(error))));
  return secret_forms::without_forms(replace_all(replace_all(said, "\n", " "), "\t", " "));
}

}  // namespace obsctl::health

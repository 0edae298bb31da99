// SPDX-License-Identifier: Apache-2.0
// The rules of "OTLP/HTTP Response" in the specification, as a function of the answer alone.
#include "lib/otlp/http_answer.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lib/otlp/response.hpp"
#include "lib/otlp/retry.hpp"

namespace obsctl::otlp {
namespace {

bool is_json(const HttpAnswer& answer) {
  return answer.content_type.starts_with("application/json");
}
bool is_protobuf(const HttpAnswer& answer) {
  return answer.content_type.starts_with("application/x-protobuf");
}

void conclude_success(const HttpAnswer& answer, Completion& completion) {
  if (answer.body.empty()) {
    return;
  }
  std::optional<PartialSuccess> partial;
  if (is_json(answer)) {
    partial = decode_response_json(answer.body, completion.signal);
  } else if (is_protobuf(answer)) {
    partial = decode_response(bytes_of(answer.body));
  }
  if (!partial) {
    // A web page with status 200 is not an acknowledgement.
    completion.outcome = Outcome::permanent;
    completion.message =
        fmt::format("HTTP {} with an answer that is not OTLP ('{}'): {}", answer.status,
                    printable(answer.content_type, 60), printable(answer.body, 100));
  } else if (partial->present) {
    completion.outcome = Outcome::partial;
    completion.rejected = std::max<std::int64_t>(partial->rejected, 0);
    completion.message = printable(partial->message, 8192);
  }
}

}  // namespace

void HttpAnswer::clear() {
  status = 0;
  content_type.clear();
  retry_after.clear();
  location.clear();
  body.clear();
}

void conclude(const HttpAnswer& answer, std::chrono::system_clock::time_point now,
              Completion& completion) {
  completion.http_status = static_cast<std::int16_t>(answer.status);
  completion.outcome = Outcome::ok;
  if (answer.status >= 200 && answer.status < 300) {
    return conclude_success(answer, completion);
  }
  completion.outcome = http_retryable(answer.status) ? Outcome::retryable : Outcome::permanent;
  if (answer.status >= 300 && answer.status < 400) {
    completion.message =
        fmt::format("HTTP {}: redirected to '{}'", answer.status, printable(answer.location));
    return;
  }
  const auto status = is_json(answer)       ? decode_status_json(answer.body)
                      : is_protobuf(answer) ? decode_status(bytes_of(answer.body))
                                            : std::nullopt;
  const auto hint = parse_retry_after(answer.retry_after, now);
  if (hint) {
    completion.retry_after = *hint;
  } else if (status && status->retry_after) {
    completion.retry_after = *status->retry_after;
  }
  completion.message = fmt::format("HTTP {}: {}", answer.status,
                                   printable(status ? status->message : answer.body, 8192));
}

}  // namespace obsctl::otlp

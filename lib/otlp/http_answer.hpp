// SPDX-License-Identifier: Apache-2.0
// What an answer to OTLP over HTTP means.
#pragma once

#include <string>

#include "lib/otlp/transport.hpp"

namespace obsctl::otlp {

struct HttpAnswer {
  int status = 0;
  std::string content_type = {};
  std::string retry_after = {};  // the header's value
  std::string location = {};
  std::string body = {};

  void clear();
};

// Fills outcome, statuses, rejected, retry_after and message of the completion.
void conclude(const HttpAnswer& answer, std::chrono::system_clock::time_point now,
              Completion& completion);

}  // namespace obsctl::otlp

// SPDX-License-Identifier: Apache-2.0
// What the parts of a spec say together: who is alerted, and whom an address reaches.
#include <algorithm>

#include "lib/base/text.hpp"
#include "lib/model/spec.hpp"

namespace obsctl {

std::vector<std::string> AlertingSpec::wanted() const {
  std::vector<std::string> out = receivers;
  const auto also = [&out](const char* name, const std::string& setting) {
    if (!setting.empty() && std::ranges::find(out, name) == out.end()) {
      out.emplace_back(name);
    }
  };
  also("webhook", old_webhook_url);
  also("slack", slack_channel);
  also("telegram", telegram_chat);
  also("email", email_to);
  return out;
}

bool AlertingSpec::notifies_people() const {
  return std::ranges::any_of(wanted(), [](const std::string& name) { return name != "watchdog"; });
}

std::string AlertingSpec::sender() const {
  return email_from.empty() ? std::string(trim(split(email_to, ',').front())) : email_from;
}

bool is_everywhere(std::string_view address) {
  return address == "0.0.0.0" || address == "::";
}

bool is_loopback(std::string_view address) {
  return address.starts_with("127.") || address == "::1" || address == "localhost";
}

}  // namespace obsctl

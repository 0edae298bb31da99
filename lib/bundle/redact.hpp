// SPDX-License-Identifier: Apache-2.0
// Takes secrets out of what leaves the machine: those that are known to be secrets of this stack,
// wherever they stand, and what looks like one by its form.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace obsctl::bundle {

// The secrets in the text of a secret file: every value of JSON; else the values of KEY=value and of
// `key: value`, any other line that is no comment, the whole of a file of one line, and of headers and
// URLs also the login alone.
[[nodiscard]] std::vector<std::string> secrets_in(std::string_view text);

// The values of an environment file whose keys say that they are secret.
[[nodiscard]] std::vector<std::string> secret_settings_in(std::string_view text);

class Redactor {
 public:
  // Knows these secrets as they are, percent-encoded and in Base64, also inside of a longer text in
  // Base64. One of less than four bytes is left out: it would be found in every word.
  explicit Redactor(const std::vector<std::string>& secrets);

  // A file or a log. By their form go: values of keys that end in a word like password, secret or
  // token, but for references such as ${NAME}; what follows Bearer and Basic; user and password of a
  // URL; private keys in PEM.
  [[nodiscard]] std::string text(std::string_view text) const;
  // Every text in a document, its keys too.
  [[nodiscard]] nlohmann::ordered_json json(const nlohmann::ordered_json& document) const;
  // An environment file: every value, because its keys are anybody's.
  [[nodiscard]] std::string environment(std::string_view text) const;

 private:
  [[nodiscard]] std::string without_known(std::string text) const;

  std::vector<std::string> known_;  // in all their forms, the longest first
};

}  // namespace obsctl::bundle

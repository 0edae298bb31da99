// SPDX-License-Identifier: Apache-2.0
// Fills the secrets that are brought, and refuses to make a stack whose alerts would reach nobody.
#include "lib/init/secrets.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lib/base/problems.hpp"
#include "lib/base/text.hpp"
#include "lib/base/url.hpp"
#include "lib/base/utf8.hpp"
#include "lib/stack/secrets.hpp"

namespace obsctl::init {
namespace {

std::string name_of(const stack::SecretFile& secret) {
  return split(secret.path, '/').back();
}

Failure missing(const stack::SecretFile& secret, std::string_view why, std::string_view example) {
  return fail(
      Code::config, fmt::format("'{}' {}", secret.path, why),
      fmt::format("write the value into that file, or give it with '--secret {}=FILE' (- is "
                  "standard input); it looks like {}",
                  name_of(secret), example));
}

// The value of a secret whose new file would hold `example`; its form is the example's.
Result<std::string> checked(const stack::SecretFile& secret, std::string_view value,
                            std::string_view example) {
  value = trim(value);
  if (value.empty()) {
    return missing(secret, "is empty", example);
  }
  if (value == example) {
    return missing(secret, "holds the example, not a value of yours", example);
  }
  if (!is_text(value)) {
    return missing(secret, "is not one line of text", example);
  }
  if (is_web_url(example) && !is_web_url(value)) {
    return missing(secret, "does not hold a URL", example);
  }
  return std::string(value) + "\n";
}

Result<void> fill(GeneratedFile& file, const FileSystem& files, const stack::Stack& stack,
                  const stack::SecretFile& secret, const std::string* given) {
  const std::string example(trim(file.bytes));
  OBS_TRY_ASSIGN(const auto held, read_beneath(files, stack.directory, secret.path));
  if (given != nullptr) {
    OBS_TRY_ASSIGN(file.bytes, checked(secret, *given, example));
    file.replaces = file.bytes != held.value_or("");
    return {};
  }
  if (!held) {
    return missing(secret, "is needed and not there", example);
  }
  OBS_TRY(checked(secret, *held, example));
  return {};
}

}  // namespace

Result<std::optional<Note>> adopt_secrets(const FileSystem& files, const stack::Stack& stack,
                                          std::map<std::string, std::string>& given) {
  constexpr auto k_name = "alert-webhook-url";
  const std::string& url = stack.spec.alerting.old_webhook_url;
  if (url.empty()) {
    return std::nullopt;
  }
  const std::string path = fmt::format("secrets/{}", k_name);
  OBS_TRY_ASSIGN(const auto held, read_beneath(files, stack.directory, path));
  if (!held) {
    given.try_emplace(k_name, url);
  }
  return Note{
      fmt::format("the URL of alerting.webhook_url is in {} from now on: put 'receivers: "
                  "[webhook]' in its place in obsctl.yaml",
                  path)};
}

Result<void> fill_secrets(FileTree& tree, const FileSystem& files, const stack::Stack& stack,
                          const std::map<std::string, std::string>& given) {
  Problems problems;
  std::vector<std::string> names;
  for (const auto& secret : stack::secret_files(stack.topology)) {
    if (!secret.placeholder) {
      continue;
    }
    names.push_back(name_of(secret));
    const auto value = given.find(names.back());
    problems.check(fill(tree.at(secret.path), files, stack, secret,
                        value == given.end() ? nullptr : &value->second));
  }
  for (const auto& [name, value] : given) {
    if (std::ranges::find(names, name) == names.end()) {
      problems.add(
          fail(Code::usage, fmt::format("this stack does not read a secret '{}'", name),
               names.empty() ? "name a receiver of alerts first" : "it reads: " + join(names, ", "))
              .value());
    }
  }
  return problems.done();
}

}  // namespace obsctl::init

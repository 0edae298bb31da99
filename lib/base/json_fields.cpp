// SPDX-License-Identifier: Apache-2.0
// Looks at the type and the range of each field before it is used.
#include "lib/base/json_fields.hpp"

#include <fmt/format.h>

#include <cmath>

#include "lib/base/text.hpp"

namespace obsctl {
namespace {

using Json = nlohmann::json;

const Json& nothing() {
  static const Json k_nothing = Json::object();
  return k_nothing;
}

}  // namespace

JsonFields::JsonFields(const Json& json, std::string path, std::string& wrong)
    : json_(json.is_object() ? json : nothing()), path_(std::move(path)), wrong_(wrong) {
  if (!json.is_object()) {
    note("", "is not an object");
  }
}

double JsonFields::number(const std::string& name, double most) const {
  const Json& value = at(name);
  const double out = value.is_number() ? value.get<double>() : -1;
  if (!std::isfinite(out) || out < 0 || out > most) {
    note(name, fmt::format("is not a number from 0 to {:g}", most));
    return 0;
  }
  return out;
}

std::uint64_t JsonFields::count(const std::string& name, std::uint64_t most) const {
  const Json& value = at(name);
  if (!value.is_number_unsigned() || value.get<std::uint64_t>() > most) {
    note(name, fmt::format("is not a whole number from 0 to {}", most));
    return 0;
  }
  return value.get<std::uint64_t>();
}

bool JsonFields::flag(const std::string& name) const {
  const Json& value = at(name);
  if (!value.is_boolean()) {
    note(name, "is neither true nor false");
    return false;
  }
  return value.get<bool>();
}

std::string JsonFields::text(const std::string& name) const {
  return printable(raw_text(name));
}

std::string JsonFields::raw_text(const std::string& name) const {
  const Json& value = at(name);
  if (!value.is_string()) {
    note(name, "is not a text");
    return "";
  }
  return value.get<std::string>();
}

JsonFields JsonFields::object(const std::string& name) const {
  return {at(name), path_of(name), wrong_};
}

const Json& JsonFields::list(const std::string& name) const {
  const Json& value = at(name);
  if (!value.is_array()) {
    note(name, "is not a list");
    return nothing();
  }
  return value;
}

const Json& JsonFields::at(const std::string& name) const {
  const auto found = json_.find(name);
  if (found == json_.end()) {
    note(name, "is missing");
    return nothing();
  }
  return *found;
}

std::string JsonFields::path_of(const std::string& name) const {
  return path_.empty() || name.empty() ? path_ + name : path_ + "." + name;
}

void JsonFields::note(const std::string& name, std::string_view what) const {
  if (wrong_.empty()) {
    const std::string path = path_of(name);
    wrong_ =
        path.empty() ? fmt::format("it {}", what) : fmt::format("'{}' {}", printable(path), what);
  }
}

}  // namespace obsctl

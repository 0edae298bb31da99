// SPDX-License-Identifier: Apache-2.0
// Reads JSON that a stranger wrote, field by field, so that the first one that is wrong can be named
// and nothing in a document is believed before it was looked at.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>

namespace obsctl {

// The fields of one object. The first field that is wrong is noted in `wrong`, as "'a.b[2]' is not a
// text"; what is read afterwards does not matter. The document and `wrong` outlive it.
class JsonFields {
 public:
  JsonFields(const nlohmann::json& json, std::string path, std::string& wrong);

  [[nodiscard]] bool has(const std::string& name) const { return json_.contains(name); }
  // From 0 to `most`.
  [[nodiscard]] double number(const std::string& name, double most) const;
  // At most 30 years.
  [[nodiscard]] double seconds(const std::string& name) const { return number(name, 1e9); }
  static constexpr std::uint64_t k_most_count = std::uint64_t{1} << 53U;  // exact in any reader
  [[nodiscard]] std::uint64_t count(const std::string& name,
                                    std::uint64_t most = k_most_count) const;
  [[nodiscard]] bool flag(const std::string& name) const;
  // Fit to be shown on a terminal.
  [[nodiscard]] std::string text(const std::string& name) const;
  // As it was written.
  [[nodiscard]] std::string raw_text(const std::string& name) const;
  [[nodiscard]] JsonFields object(const std::string& name) const;
  // Empty when it is none.
  [[nodiscard]] const nlohmann::json& list(const std::string& name) const;
  // The object itself.
  [[nodiscard]] const nlohmann::json& all() const { return json_; }
  // An empty object when it is missing.
  [[nodiscard]] const nlohmann::json& at(const std::string& name) const;

  // Calls `visit` with the fields of each object of a list.
  template <class Visit>
  void for_each(const std::string& name, const Visit& visit) const {
    std::size_t index = 0;
    for (const nlohmann::json& value : list(name)) {
      visit(JsonFields(value, path_of(name) + "[" + std::to_string(index++) + "]", wrong_));
    }
  }

  void note(const std::string& name, std::string_view what) const;

 private:
  [[nodiscard]] std::string path_of(const std::string& name) const;

  const nlohmann::json& json_;
  std::string path_;
  std::string& wrong_;
};

}  // namespace obsctl

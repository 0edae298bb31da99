// SPDX-License-Identifier: Apache-2.0
// Makes flags of the fields of the spec, and names the fields by their flags.
#include "commands/spec_flags.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lib/base/text.hpp"
#include "lib/catalog/stack.hpp"
#include "lib/model/spec.hpp"
#include "lib/stack/templates.hpp"

namespace obsctl {

Flag spec_flag(const SpecFlag& row, std::optional<std::string>* into) {
  const SpecField& field = *std::ranges::find(spec_fields(), row.key, &SpecField::key);
  Flag out{.name = row.flag,
           .short_name = row.short_name,
           .value = row.value,
           .into = into,
           .choices = field.choices,
           .group = row.group,
           .common = row.common,
           .doc = "set " + field.doc};
  const auto& catalogs = stack::built_in_catalogs();
  if (out.choices.empty() && catalogs) {
    // A component of a person's own may be chosen too; the stack knows those.
    out.choices = catalog::choices(row.key, catalogs->single_node, catalogs->components);
    out.open = !out.choices.empty();
  }
  if (std::string_view(row.value) == "FILE") {
    out.completes = "file";
  }
  return out;
}

Flag template_dir_flag(std::vector<std::string>* into, std::string group) {
  return {.name = "template-dir",
          .value = "DIR",
          .into = into,
          .completes = "directory",
          .env = "OBSCTL_TEMPLATE_DIR",
          .group = std::move(group),
          .doc = "use the templates in DIR instead of the built-in ones"};
}

Error settings_as_flags(Error error, std::span<const SpecFlag> flags) {
  if (!error.at && !error.settings.empty()) {
    error.hint += (error.hint.empty() ? "" : ": ") + typed(error.settings, flags);
    error.settings.clear();
  }
  for (auto& more : error.more) {
    more = settings_as_flags(std::move(more), flags);
  }
  return error;
}

Error in_terms_of_flags(Error error, std::span<const SpecFlag> flags,
                        std::span<const std::optional<std::string>> given) {
  for (auto& more : error.more) {
    more = in_terms_of_flags(std::move(more), flags, given);
  }
  for (std::size_t i = 0; i < flags.size() && !error.at; ++i) {
    if (given[i]) {
      error.message = replace_all(std::move(error.message), fmt::format("'{}'", flags[i].key),
                                  fmt::format("'--{}'", flags[i].flag));
    }
  }
  return settings_as_flags(std::move(error), flags);
}

std::string typed(const std::map<std::string, std::string>& settings,
                  std::span<const SpecFlag> flags) {
  std::vector<std::string> out;
  for (const auto& [key, value] : settings) {
    const auto row =
        std::ranges::find_if(flags, [&key = key](const SpecFlag& flag) { return flag.key == key; });
    out.push_back(row == flags.end() ? fmt::format("--set {}={}", key, value)
                                     : fmt::format("--{} {}", row->flag, value));
  }
  return join(out, " ");
}

}  // namespace obsctl

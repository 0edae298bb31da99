// SPDX-License-Identifier: Apache-2.0
// The secret files of a stack as the values that its chart takes.
#include <fmt/format.h>

#include <algorithm>

#include "lib/base/text.hpp"
#include "lib/base/utf8.hpp"
#include "lib/targets/helm_parts.hpp"
#include "lib/yaml/write.hpp"

namespace obsctl::helm {
namespace {

std::string stem(const std::string& path) {
  const std::string name = split(path, '/').back();
  return name.substr(0, name.rfind('.'));
}

// What the file will hold when the tree is written.
Result<std::string> content_of(const FileTree& tree, const std::string& path,
                               const HeldSecret& held) {
  const auto wanted = tree.find(path);
  if (wanted != tree.end() && wanted->second.replaces) {
    return wanted->second.bytes;
  }
  OBS_TRY_ASSIGN(auto there, held(path));
  if (there) {
    return std::move(*there);
  }
  if (wanted == tree.end()) {
    return fail(Code::missing, fmt::format("the secret file '{}' is not there", path),
                "put it below the stack's directory under that name, then run 'obsctl init' again");
  }
  return wanted->second.bytes;
}

bool is_name(std::string_view key) {
  return !key.empty() && std::ranges::all_of(key, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

std::string_view without_quotes(std::string_view value) {
  const bool is_quoted = value.size() > 1 && value.front() == value.back() &&
                         (value.front() == '"' || value.front() == '\'');
  return is_quoted ? value.substr(1, value.size() - 2) : value;
}

// KEY=value lines as Compose reads them too: comments, `export` and quotes around a value fall
// away, and the last of two lines for one key counts.
Result<Values> variables(const std::string& path, const std::string& text) {
  constexpr std::string_view k_export = "export ";
  Values out = Values::object();
  int number = 0;
  for (const auto& line : split(text, '\n')) {
    ++number;
    std::string_view row = trim(line);
    if (row.empty() || row.starts_with('#')) {
      continue;
    }
    row.remove_prefix(row.starts_with(k_export) ? k_export.size() : 0);
    const auto equals = row.find('=');
    const std::string_view key = trim(row.substr(0, equals));
    if (equals == std::string_view::npos || !is_name(key)) {
      return fail_at({path, number}, "not of the form KEY=value", "for example TOKEN=secret");
    }
    out[std::string(key)] = without_quotes(trim(row.substr(equals + 1)));
  }
  return out;
}

// Key → text of one secret of the chart.
Result<Values> rows_of(const ChartSecret& secret, const FileTree& tree, const HeldSecret& held) {
  Values out = Values::object();
  for (const auto& path : secret.files) {
    OBS_TRY_ASSIGN(const std::string content, content_of(tree, path, held));
    if (!is_utf8(content)) {
      return fail_at({path}, "a values file holds text only, and this is not UTF-8",
                     fmt::format("give it to the cluster yourself and name it in "
                                 "existingSecrets.{}",
                                 secret.name));
    }
    if (secret.lines) {
      OBS_TRY_ASSIGN(const Values rows, variables(path, content));
      out.update(rows);
    } else {
      out[split(path, '/').back()] = content;
    }
  }
  return out;
}

}  // namespace

std::vector<ChartSecret> secrets_of(const Topology& topology) {
  std::vector<ChartSecret> out;
  for (const auto& component : topology.components) {
    for (const auto& use : component.secrets) {
      const bool lines = !use.environment.empty();
      out.push_back({.name = lines ? stem(use.environment) : use.volume,
                     .component = component.name,
                     .lines = lines,
                     .mount = use.mount,
                     .files = lines ? std::vector<std::string>{use.environment} : use.files});
    }
  }
  return out;
}

Result<void> hand_over(FileTree& tree, const Topology& topology, const HeldSecret& held) {
  const auto secrets = secrets_of(topology);
  if (secrets.empty()) {
    return {};
  }
  Values values = Values::object();
  for (const auto& secret : secrets) {
    OBS_TRY_ASSIGN(values["secrets"][secret.name], rows_of(secret, tree, held));
  }
  const std::string out = "# The secrets of the stack for 'helm upgrade -f " +
                          std::string(k_secret_values) +
                          "', made by 'obsctl init' from the\n"
                          "# files that hold them: change those and run it again. Never commit "
                          "this file.\n" +
                          yaml::write(values);
  OBS_TRY_ASSIGN(const auto before, held(k_secret_values));
  tree[k_secret_values] = {.bytes = out,
                           .mode = 0600,
                           .origin = "secret",
                           .secret = true,
                           .replaces = !before || *before != out};
  return {};
}

}  // namespace obsctl::helm

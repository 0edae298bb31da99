// SPDX-License-Identifier: Apache-2.0
// Checks a generated tree before it may be written: safe paths, and YAML and JSON that parse.
#include "lib/render/file_tree.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "lib/base/parallel.hpp"
#include "lib/base/text.hpp"
#include "lib/yaml/read.hpp"

namespace obsctl {
namespace {

Failure refuse_path(const std::string& path, std::string_view why) {
  return fail(Code::config, fmt::format("the generated path '{}' {}", path, why));
}

Result<void> check_not_directory(const FileTree& tree, const std::string& path) {
  const std::string as_directory = path + "/";
  const auto next = tree.lower_bound(as_directory);
  if (next != tree.end() && next->first.starts_with(as_directory)) {
    return refuse_path(path, "is both a file and a directory");
  }
  return {};
}

Result<void> check_json(const std::string& path, const std::string& bytes) {
  try {
    const auto parsed = nlohmann::json::parse(bytes);
    static_cast<void>(parsed);
    return {};
  } catch (const nlohmann::json::parse_error& error) {
    const std::size_t offset = std::min(error.byte > 0 ? error.byte - 1 : 0, bytes.size());
    const auto begin = bytes.begin();
    const auto end = begin + static_cast<std::ptrdiff_t>(offset);
    const auto line = std::count(begin, end, '\n') + 1;
    return fail_at({path, static_cast<int>(line)}, "invalid JSON");
  }
}

}  // namespace

Result<void> validate_path(const std::string& path) {
  if (path.empty() || path.front() == '/') {
    return refuse_path(path, "is not relative");
  }
  const auto parts = split(path, '/');
  for (const auto& part : parts) {
    if (part.empty() || part == "." || part == ".." || part.find('\0') != std::string::npos) {
      return refuse_path(path, "leaves the directory or is not in its shortest form");
    }
  }
  return parts.front() == ".obsctl" ? refuse_path(path, "is reserved for obsctl's own bookkeeping")
                                    : Result<void>();
}

Result<void> validate_paths(const FileTree& tree) {
  for (const auto& [path, file] : tree) {
    OBS_TRY(validate_path(path));
    OBS_TRY(check_not_directory(tree, path));
  }
  return {};
}

Result<void> validate_content(const std::string& path, const GeneratedFile& file) {
  Result<void> checked;
  if (file.templated) {
    return checked;
  }
  if (path.ends_with(".yml") || path.ends_with(".yaml")) {
    checked = yaml::check(file.bytes, path);
  } else if (path.ends_with(".json")) {
    checked = check_json(path, file.bytes);
  }
  if (checked) {
    return {};
  }
  Error error = std::move(checked).error();
  error.context.push_back(fmt::format("checking the generated file '{}'", path));
  if (!file.origin.empty()) {
    error.hint = fmt::format("it was rendered from '{}'", file.origin);
  }
  return Failure(std::move(error));
}

Result<void> validate_contents(const FileTree& tree, const std::vector<std::string>& paths) {
  std::vector<Result<void>> results(paths.size());
  parallel_for(paths.size(),
               [&](std::size_t i) { results[i] = validate_content(paths[i], tree.at(paths[i])); });
  for (auto& result : results) {
    OBS_TRY(std::move(result));
  }
  return {};
}

Result<void> validate_tree(const FileTree& tree) {
  OBS_TRY(validate_paths(tree));
  std::vector<std::string> paths;
  for (const auto& [path, file] : tree) {
    paths.push_back(path);
  }
  return validate_contents(tree, paths);
}

}  // namespace obsctl

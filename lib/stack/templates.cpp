// SPDX-License-Identifier: Apache-2.0
// Export and look-up of template directories.
#include "lib/stack/templates.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lib/base/text.hpp"
#include "lib/stack/paths.hpp"
#include "lib/topology/extend.hpp"
#include "templates/embedded.hpp"

namespace obsctl::stack {
namespace {

namespace fs = std::filesystem;

// Where rows of the stack are: any number of files.
bool has_rows(std::string_view path) {
  return path.starts_with("catalog/alerts/") || path.starts_with("catalog/recording/") ||
         path.starts_with("catalog/dashboards/") || path.starts_with("catalog/health/") ||
         path.starts_with("catalog/signatures/");
}

// Versions, tiers and prices are data of the program; alerts, rules and dashboards are for users
// too.
bool replaceable(std::string_view path) {
  return !path.starts_with("catalog/") || has_rows(path) || path == "catalog/jobs.yaml" ||
         path == "catalog/diagnose.yaml" || path == "catalog/review.yaml" ||
         path == "catalog/every_health.yaml";
}

std::vector<std::string> replaceable_paths() {
  std::vector<std::string> out;
  for (const auto& file : embedded_files()) {
    if (replaceable(file.path)) {
      out.emplace_back(file.path);
    }
  }
  return out;
}

// Files that may be new: rows of the stack, what watches a component, and everything in the folder
// of a component that has a component.yaml.
bool addable(const std::string& path, const std::vector<std::string>& known,
             const FileSystem& files, const fs::path& directory) {
  static const std::vector<std::string> k_watch = {
      "alerts.yaml", "alerts.test.yaml", "recording.yaml",  "dashboard.yaml", "datasource.yaml",
      "health.yaml", "find.yaml",        "signatures.yaml", "diagnose.yaml",  "ledger.yaml"};
  const auto parts = split(path, '/');
  if (parts.front() != "components" || parts.size() < 3) {
    return has_rows(path) && path.ends_with(".yaml");
  }
  const std::string folder = "components/" + parts[1] + "/";
  const bool built_in = std::ranges::any_of(
      known, [&folder](const std::string& name) { return name.starts_with(folder); });
  return built_in ? parts.size() == 3 && std::ranges::find(k_watch, parts[2]) != k_watch.end()
                  : files.exists(directory / folder / "component.yaml");
}

// An error for a file that no template has the name of, except for new ones that are read all the
// same, and for what editors and git leave.
Result<void> check_names(const FileSystem& files, const fs::path& directory) {
  OBS_TRY_ASSIGN(const auto opened, files.open_directory(directory));
  OBS_TRY_ASSIGN(const auto found, opened->list("."));
  const auto known = replaceable_paths();
  for (const auto& file : found) {
    const std::string path = file.generic_string();
    const bool hidden = path.starts_with(".") || path.find("/.") != std::string::npos;
    const bool other = hidden || path.ends_with("~") || path.ends_with(".md");
    if (!other && std::ranges::find(known, path) == known.end() &&
        !addable(path, known, files, directory)) {
      const std::string hint = did_you_mean(path, known);
      return fail_at(
          {(directory / file).string()}, "there is no built-in template with this name",
          hint.empty() ? "'obsctl init --export-templates DIR' writes all of them" : hint);
    }
  }
  return {};
}

Result<std::vector<fs::path>> template_directories(const FileSystem& files,
                                                   const Environment& environment,
                                                   const std::vector<std::string>& given,
                                                   const fs::path& stack) {
  std::vector<fs::path> out;
  for (const auto& name : given) {
    const fs::path directory = (environment.directory / name).lexically_normal();
    if (!files.is_directory(directory)) {
      return fail(Code::usage, fmt::format("there is no template directory '{}'", name),
                  "'obsctl init --export-templates DIR' makes one");
    }
    out.push_back(directory);
  }
  OBS_TRY_ASSIGN(const auto own, own_templates(files, stack));
  if (!own.empty()) {
    out.push_back(stack / stack_paths::templates);
  }
  for (const auto& directory : out) {
    OBS_TRY(check_names(files, directory));
  }
  return out;
}

Result<void> make_parents(Directory& directory, const std::string& path) {
  for (auto slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1)) {
    OBS_TRY(directory.make_directory(path.substr(0, slash), 0755));
  }
  return {};
}

}  // namespace

Result<std::vector<fs::path>> own_templates(const FileSystem& files, const fs::path& stack) {
  if (!files.is_directory(stack)) {
    return std::vector<fs::path>{};
  }
  OBS_TRY_ASSIGN(const auto directory, files.open_directory(stack));
  OBS_TRY_ASSIGN(const auto found, directory->info(stack_paths::templates));
  return found ? directory->list(stack_paths::templates)
               : Result<std::vector<fs::path>>(std::vector<fs::path>{});
}

Result<std::size_t> export_templates(FileSystem& files, const fs::path& directory, bool force) {
  const auto paths = replaceable_paths();
  OBS_TRY(files.make_directories(directory));
  OBS_TRY_ASSIGN(const auto opened, files.open_directory(directory));
  std::vector<std::string> edited;
  for (const auto& path : paths) {
    OBS_TRY_ASSIGN(const auto bytes, read_if_there(*opened, path));
    if (bytes && *bytes != embedded_file(path)) {
      edited.push_back(path);
    }
  }
  if (!edited.empty() && !force) {
    return fail(Code::usage,
                fmt::format("'{}' has templates that differ from the built-in ones: {}",
                            directory.string(), join(edited, ", ")),
                "export into another directory, or use --force to overwrite them");
  }
  for (const auto& path : paths) {
    OBS_TRY(make_parents(*opened, path));
    OBS_TRY(opened->replace(path, embedded_file(path), 0644));
  }
  return paths.size();
}

const Result<sizing::Catalogs>& built_in_catalogs() {
  static const auto k_catalogs = sizing::load_catalogs();
  return k_catalogs;
}

Result<StackTemplates> load_templates(const FileSystem& files, const Environment& environment,
                                      const std::vector<std::string>& given,
                                      const fs::path& stack) {
  OBS_TRY_ASSIGN(auto directories, template_directories(files, environment, given, stack));
  OBS_TRY_ASSIGN(auto catalogs, Result<sizing::Catalogs>(built_in_catalogs()));
  StackTemplates out{std::move(catalogs), TemplateStore(files, std::move(directories))};
  OBS_TRY(add_components(out.catalogs, out.store));
  return out;
}

}  // namespace obsctl::stack

// SPDX-License-Identifier: Apache-2.0
// Manifest ↔ JSON.
#include "lib/apply/manifest.hpp"

#include <fmt/format.h>

#include <charconv>
#include <nlohmann/json.hpp>

#include "lib/apply/journal.hpp"
#include "lib/base/hash.hpp"

namespace obsctl::apply {
namespace {

constexpr auto k_schema = "obsctl.manifest/v1";
constexpr auto k_hint =
    "restore the file from version control, or remove it: the next init then lists what differs";

Result<FileMode> parse_mode(const std::string& text, const std::string& file) {
  FileMode mode = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), mode, 8);
  if (error != std::errc() || end != text.data() + text.size() || mode > 0777) {
    return fail_at({file}, fmt::format("'{}' is not a file mode", text), k_hint);
  }
  return mode;
}

}  // namespace

Manifest manifest_of(const FileTree& tree, std::string version) {
  Manifest out{.version = std::move(version), .files = {}};
  for (const auto& [path, file] : tree) {
    out.files[path] = {.sha256 = file.secret ? std::string() : sha256_hex(file.bytes),
                       .mode = file.mode,
                       .secret = file.secret};
  }
  return out;
}

std::string print_manifest(const Manifest& manifest) {
  nlohmann::ordered_json files = nlohmann::ordered_json::object();
  for (const auto& [path, entry] : manifest.files) {
    nlohmann::ordered_json row;
    row["mode"] = fmt::format("{:04o}", entry.mode);
    if (entry.secret) {
      row["secret"] = true;
    } else {
      row["sha256"] = entry.sha256;
    }
    files[path] = std::move(row);
  }
  const nlohmann::ordered_json root = {
      {"schema", k_schema}, {"obsctl", manifest.version}, {"files", std::move(files)}};
  return root.dump(2) + "\n";
}

Result<Manifest> parse_manifest(std::string_view text, const std::string& file) {
  try {
    const auto root = nlohmann::json::parse(text);
    if (root.at("schema") != k_schema) {
      return fail_at({file}, "this manifest was written by another version of obsctl",
                     fmt::format("this obsctl reads '{}'", k_schema));
    }
    Manifest out{.version = root.at("obsctl").get<std::string>(), .files = {}};
    for (const auto& [path, row] : root.at("files").items()) {
      if (auto valid = validate_path(path); !valid) {
        return fail_at({file}, valid.error().message, k_hint);
      }
      ManifestEntry entry;
      entry.secret = row.value("secret", false);
      entry.sha256 = entry.secret ? std::string() : row.at("sha256").get<std::string>();
      OBS_TRY_ASSIGN(entry.mode, parse_mode(row.at("mode").get<std::string>(), file));
      out.files[path] = std::move(entry);
    }
    return out;
  } catch (const nlohmann::json::exception&) {
    return fail_at({file}, "the manifest is damaged", k_hint);
  }
}

Result<std::optional<Manifest>> read_manifest(const Directory& directory,
                                              const std::filesystem::path& shown) {
  OBS_TRY_ASSIGN(const auto text, read_if_there(directory, places::manifest));
  if (!text) {
    return std::optional<Manifest>{};
  }
  OBS_TRY_ASSIGN(Manifest manifest, parse_manifest(*text, (shown / places::manifest).string()));
  return std::optional(std::move(manifest));
}

}  // namespace obsctl::apply

// SPDX-License-Identifier: Apache-2.0
// Manifest ↔ JSON.
#include "lib/apply/manifest.hpp"

#include <fmt/format.h>

#include <charconv>
#include <nlohmann/json.hpp>

#include "lib/apply/journal.hpp"
#include "lib/base/hash.hpp"
#include "lib/base/text.hpp"
#include "lib/base/utf8.hpp"

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

using Json = nlohmann::ordered_json;

constexpr FileMode k_everybody_reads = 0044;

Json print_version(const Version& version) {
  Json out = Json::object();
  if (version.text) {
    out["text"] = split(*version.text, '\n');
  } else if (!version.sha256.empty()) {
    out["sha256"] = version.sha256;
  }
  return out;
}

Json print_entry(const ManifestEntry& entry) {
  Json out = {{"mode", fmt::format("{:04o}", entry.mode)}};
  if (entry.secret) {
    out["secret"] = true;
    return out;
  }
  out.update(print_version(entry.base));
  if (entry.offered) {
    out["offered"] = print_version(*entry.offered);
  }
  return out;
}

Version parse_version(const nlohmann::json& row) {
  Version out;
  if (row.contains("text")) {
    out.text = join(row.at("text").get<std::vector<std::string>>(), "\n");
    out.sha256 = sha256_hex(*out.text);
  } else {
    out.sha256 = row.value("sha256", "");
  }
  return out;
}

Result<ManifestEntry> parse_entry(const nlohmann::json& row, const std::string& file) {
  ManifestEntry out;
  OBS_TRY_ASSIGN(out.mode, parse_mode(row.at("mode").get<std::string>(), file));
  out.secret = row.value("secret", false);
  if (!out.secret) {
    out.base = parse_version(row);
    if (row.contains("offered")) {
      out.offered = parse_version(row.at("offered"));
    }
  }
  return out;
}

}  // namespace

bool Version::is(std::string_view bytes) const {
  return text ? *text == bytes : sha256 == sha256_hex(bytes);
}

Version version_of(const GeneratedFile& file) {
  Version out{.sha256 = sha256_hex(file.bytes), .text = std::nullopt};
  if ((file.mode & k_everybody_reads) == k_everybody_reads && is_utf8(file.bytes)) {
    out.text = file.bytes;
  }
  return out;
}

ManifestEntry entry_of(const GeneratedFile& file) {
  return {
      .base = file.secret ? Version() : version_of(file), .mode = file.mode, .secret = file.secret};
}

std::string print_manifest(const Manifest& manifest) {
  Json files = Json::object();
  for (const auto& [path, entry] : manifest.files) {
    files[path] = print_entry(entry);
  }
  const Json root = {{"schema", k_schema},
                     {"obsctl", manifest.version},
                     {"components", manifest.components},
                     {"files", std::move(files)}};
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
    out.components = root.value("components", out.components);
    for (const auto& [path, row] : root.at("files").items()) {
      if (auto valid = validate_path(path); !valid) {
        return fail_at({file}, valid.error().message, k_hint);
      }
      OBS_TRY_ASSIGN(out.files[path], parse_entry(row, file));
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

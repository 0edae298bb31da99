// SPDX-License-Identifier: Apache-2.0
// Manifest ↔ JSON.
#include "lib/backup/manifest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "lib/backup/names.hpp"
#include "lib/base/hash.hpp"
#include "lib/base/json_fields.hpp"
#include "lib/base/text.hpp"

namespace obsctl::backup {
namespace {

using Json = nlohmann::ordered_json;

constexpr auto k_schema = "obsctl.backup/v1";
// Far more than any set has; what is larger was not written by obsctl.
constexpr std::size_t k_most_volumes = 10'000;
constexpr std::size_t k_most_pairs = 1'000;
constexpr std::size_t k_most_warnings = 100'000;
constexpr std::size_t k_sha256_digits = 64;
constexpr std::size_t k_longest_manifest = 16UL << 20U;
constexpr int k_deepest = 8;  // what is nested deeper is not kept

Json to_json(const Digest& digest) {
  return {{"bytes", digest.bytes}, {"sha256", digest.sha256}};
}

Json to_json(const EngineRecord& engine) {
  return {{"driver", engine.driver},       {"options", Json(engine.options)},
          {"labels", Json(engine.labels)}, {"component", engine.component},
          {"version", engine.version},     {"image", engine.image}};
}

Json to_json(const VolumeRecord& volume) {
  Json out;
  out["name"] = volume.name;
  out["source"] = volume.source;
  out["path"] = volume.path;
  out["root"] = {{"uid", volume.root.uid}, {"gid", volume.root.gid}, {"mode", volume.root.mode}};
  out["consistency"] = name_of(volume.consistency);
  out["bytes"] = volume.bytes;
  out["entries"] = volume.entries;
  out["tar"] = to_json(volume.tar);
  out["blob"] = to_json(volume.blob);
  out["index"] = to_json(volume.index);
  if (volume.engine) {
    out["engine"] = to_json(*volume.engine);
  }
  out["warnings"] = volume.warnings;
  return out;
}

bool is_sha256(std::string_view text) {
  return text.size() == k_sha256_digits && std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

Digest digest_of(const JsonFields& fields) {
  Digest out{.bytes = fields.count("bytes"), .sha256 = fields.text("sha256")};
  if (!is_sha256(out.sha256)) {
    fields.note("sha256", "is not a SHA-256");
  }
  return out;
}

template <class E>
E choice_of(const JsonFields& fields, const char* name) {
  const auto out = choice_named<E>(fields.text(name));
  if (!out) {
    fields.note(name, fmt::format("is none of {}", join(choices_of<E>(), ", ")));
  }
  return out.value_or(E{});
}

Time time_of(const JsonFields& fields, const char* name) {
  const auto out = parse_time(fields.text(name));
  if (!out) {
    fields.note(name, "is not a time such as 2026-11-26T02:00:00Z");
  }
  return out.value_or(Time{});
}

std::vector<std::string> texts_of(const JsonFields& fields, const char* name) {
  std::vector<std::string> out;
  const auto& list = fields.list(name);
  if (list.size() > k_most_warnings) {
    fields.note(name, "is too long");
    return out;
  }
  for (const auto& value : list) {
    if (!value.is_string()) {
      fields.note(name, "is not a list of texts");
      return out;
    }
    out.push_back(printable(value.get<std::string>()));
  }
  return out;
}

RootEntry root_of(const JsonFields& fields) {
  constexpr std::uint64_t k_most_id = 0xffffffff;
  constexpr std::uint64_t k_most_mode = 07777;
  return {.uid = static_cast<std::uint32_t>(fields.count("uid", k_most_id)),
          .gid = static_cast<std::uint32_t>(fields.count("gid", k_most_id)),
          .mode = static_cast<std::uint32_t>(fields.count("mode", k_most_mode))};
}

std::map<std::string, std::string> pairs_of(const JsonFields& fields, const char* name) {
  std::map<std::string, std::string> out;
  const auto& object = fields.at(name);
  if (object.size() > k_most_pairs) {
    fields.note(name, "is too long");
    return out;
  }
  for (const auto& [key, value] : object.items()) {
    if (!value.is_string()) {
      fields.note(name, "is not an object of texts");
      return out;
    }
    out.emplace(key, value.get<std::string>());
  }
  return out;
}

EngineRecord engine_of(const JsonFields& fields) {
  return {.driver = fields.text("driver"),
          .options = pairs_of(fields, "options"),
          .labels = pairs_of(fields, "labels"),
          .component = fields.text("component"),
          .version = fields.text("version"),
          .image = fields.text("image")};
}

VolumeRecord volume_of(const JsonFields& fields) {
  VolumeRecord out;
  out.name = fields.text("name");
  if (!is_volume_name(out.name)) {
    fields.note("name", "is not the name of a volume");
  }
  out.source = fields.text("source");
  out.path = fields.text("path");
  out.root = root_of(fields.object("root"));
  out.consistency = choice_of<Consistency>(fields, "consistency");
  out.bytes = fields.count("bytes");
  out.entries = fields.count("entries");
  out.tar = digest_of(fields.object("tar"));
  out.blob = digest_of(fields.object("blob"));
  out.index = digest_of(fields.object("index"));
  if (fields.has("engine")) {
    out.engine = engine_of(fields.object("engine"));
  }
  out.warnings = texts_of(fields, "warnings");
  return out;
}

std::vector<VolumeRecord> volumes_of(const JsonFields& fields) {
  std::vector<VolumeRecord> out;
  if (fields.list("volumes").size() > k_most_volumes) {
    fields.note("volumes", "is too long");
    return out;
  }
  std::set<std::string> names;
  fields.for_each("volumes", [&](const JsonFields& one) {
    out.push_back(volume_of(one));
    if (!names.insert(out.back().name).second) {
      one.note("name", "is there twice");
    }
  });
  return out;
}

Manifest manifest_of(const JsonFields& fields) {
  Manifest out;
  out.id = fields.text("id");
  if (!is_set_id(out.id)) {
    fields.note("id", "is not the name of a set");
  }
  out.group = fields.text("group");
  out.sequence = fields.count("sequence");
  out.version = fields.text("obsctl");
  out.host = fields.text("host");
  out.started = time_of(fields, "started");
  out.finished = time_of(fields, "finished");
  out.status = choice_of<Status>(fields, "status");
  out.volumes = volumes_of(fields);
  out.warnings = texts_of(fields, "warnings");
  return out;
}

Failure damaged(const std::string& file, std::string_view what) {
  return Failure(Error{.code = Code::integrity,
                       .message = fmt::format("the manifest is damaged: {}", what),
                       .at = SourcePos{file},
                       .hint = "use another set: 'obsctl backup list' shows them"});
}

}  // namespace

std::uint64_t Manifest::bytes() const {
  std::uint64_t out = 0;
  for (const VolumeRecord& volume : volumes) {
    out += volume.bytes;
  }
  return out;
}

std::uint64_t Manifest::stored_bytes() const {
  std::uint64_t out = 0;
  for (const VolumeRecord& volume : volumes) {
    out += volume.blob.bytes + volume.index.bytes;
  }
  return out;
}

const VolumeRecord* Manifest::find(std::string_view volume) const {
  const auto found = std::ranges::find(volumes, volume, &VolumeRecord::name);
  return found == volumes.end() ? nullptr : &*found;
}

std::string print_manifest(const Manifest& manifest) {
  Json root;
  root["schema"] = k_schema;
  root["format"] = k_format;
  root["id"] = manifest.id;
  root["group"] = manifest.group;
  root["sequence"] = manifest.sequence;
  root["obsctl"] = manifest.version;
  root["host"] = manifest.host;
  root["started"] = print_time(manifest.started);
  root["finished"] = print_time(manifest.finished);
  root["status"] = name_of(manifest.status);
  root["volumes"] = Json::array();
  for (const VolumeRecord& volume : manifest.volumes) {
    root["volumes"].push_back(to_json(volume));
  }
  root["warnings"] = manifest.warnings;
  return root.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<Manifest> parse_manifest(std::string_view text, const std::string& file) {
  if (text.size() > k_longest_manifest) {
    return damaged(file, "it is too long");
  }
  const auto json = nlohmann::json::parse(
      text, [](int depth, auto, const auto&) { return depth <= k_deepest; }, false);
  if (json.is_discarded()) {
    return damaged(file, "it is not JSON");
  }
  std::string wrong;
  const JsonFields fields(json, "", wrong);
  const std::uint64_t format = fields.count("format");
  if (wrong.empty() && format != k_format) {
    return fail_at(
        {file}, fmt::format("the set was written in format {}", format),
        fmt::format("this obsctl reads format {}; use the version that wrote it", k_format));
  }
  Manifest out = manifest_of(fields);
  if (wrong.empty() && fields.text("schema") != k_schema) {
    fields.note("schema", fmt::format("is not {}", k_schema));
  }
  return wrong.empty() ? Result<Manifest>(std::move(out)) : damaged(file, wrong);
}

std::string print_checksums(std::string_view manifest_text, const Manifest& manifest) {
  std::string out = fmt::format("{}  {}\n", sha256_hex(manifest_text), file_names::manifest);
  for (const VolumeRecord& volume : manifest.volumes) {
    out += fmt::format("{}  {}\n{}  {}\n", volume.blob.sha256, blob_path(volume.name),
                       volume.index.sha256, index_path(volume.name));
  }
  return out;
}

}  // namespace obsctl::backup

// SPDX-License-Identifier: Apache-2.0
// Recording ↔ bytes, and the subject that it is about.
#include "lib/bundle/recording.hpp"

#include <fmt/format.h>

#include <span>

#include "lib/base/json_fields.hpp"
#include "lib/base/text.hpp"
#include "lib/bundle/tar.hpp"
#include "lib/checks/evidence_json.hpp"
#include "lib/health/run.hpp"
#include "lib/io/http.hpp"
#include "lib/model/spec.hpp"
#include "lib/otlp/compress.hpp"
#include "lib/stack/stack.hpp"

namespace obsctl::bundle {
namespace {

constexpr auto k_schema = "obsctl.health.evidence/v1";
constexpr auto k_hint = "'obsctl health --bundle FILE' writes what is read here";
constexpr std::size_t k_most_unpacked = std::size_t{16} << 20;

Failure unreadable(const std::string& name, std::string_view why) {
  return fail(Code::config, fmt::format("'{}' is no evidence of health: {}", name, why), k_hint);
}

// The evidence in an archive, which stays in `tar`.
Result<std::string_view> unpacked(std::string_view bytes, const std::string& name,
                                  std::string& tar) {
  const auto packed = std::as_bytes(std::span(bytes));
  if (const auto done = otlp::unpack(otlp::Compression::gzip, packed, k_most_unpacked, tar);
      !done) {
    return unreadable(name, done.error().message);
  }
  const auto found = find_in_tar(tar, k_evidence_file);
  if (!found) {
    return unreadable(name, found.error().message);
  }
  if (!*found) {
    return unreadable(name, fmt::format("it has no {}", k_evidence_file));
  }
  return **found;
}

// Whether JSON has a depth and a number of parts that evidence may have: each takes much more room in
// memory than in the file. Looked at beforehand, because a parser that is asked to leave parts out
// looks through all their neighbours.
bool fits(std::string_view json) {
  constexpr int k_deepest = 8;
  constexpr std::size_t k_most_parts = 2'000'000;
  int depth = 0;
  std::size_t parts = 0;
  bool in_text = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_text && c == '\\') {
      ++i;
    } else if (c == '"') {
      in_text = !in_text;
    } else if (!in_text) {
      depth += c == '{' || c == '[' ? 1 : c == '}' || c == ']' ? -1 : 0;
      parts += c == '{' || c == '[' || c == ',' ? 1 : 0;
    }
    if (depth > k_deepest || parts > k_most_parts) {
      return false;
    }
  }
  return true;
}

Recording recording_from(const JsonFields& from) {
  Recording out{.version = from.text("obsctl"),
                .subject = from.text("subject"),
                .spec = from.has("spec") ? from.raw_text("spec") : std::string(),
                .took = {from.seconds("seconds")},
                .evidence = health::evidence_from(from)};
  if (out.spec.empty()) {
    from.for_each("given", [&out](const JsonFields& row) {
      out.given.push_back({.component = row.text("component"), .url = row.text("url")});
    });
    if (out.given.empty()) {
      from.note("given", "is empty, and there is no 'spec'");
    }
  }
  return out;
}

}  // namespace

nlohmann::ordered_json recording_json(const Recording& recording) {
  nlohmann::ordered_json out = {{"schema", k_schema},
                                {"obsctl", recording.version},
                                {"subject", recording.subject},
                                {"seconds", recording.took.seconds}};
  if (recording.given.empty()) {
    out["spec"] = recording.spec;
  }
  for (const health::GivenEndpoint& one : recording.given) {
    out["given"].push_back({{"component", one.component}, {"url", shown_url(one.url)}});
  }
  health::add_evidence(out, recording.evidence);
  return out;
}

Result<Recording> read_recording(std::string_view bytes, const std::string& name) {
  std::string tar;
  if (bytes.starts_with("\x1f\x8b")) {
    OBS_TRY_ASSIGN(bytes, unpacked(bytes, name, tar));
  }
  if (!fits(bytes)) {
    return unreadable(name, "it is too deep or has too many parts");
  }
  const auto json = nlohmann::json::parse(bytes, nullptr, false);
  if (json.is_discarded()) {
    return unreadable(name, "it is neither a .tar.gz archive nor JSON");
  }
  const auto schema = json.is_object() ? json.find("schema") : json.end();
  if (schema == json.end() || *schema != k_schema) {
    return unreadable(name, fmt::format("its schema is not '{}'", k_schema));
  }
  std::string wrong;
  Recording out = recording_from(JsonFields(json, "", wrong));
  if (!wrong.empty()) {
    return unreadable(name, wrong);
  }
  return out;
}

Result<health::Subject> subject_of(const health::Services& services, const Recording& recording,
                                   const std::vector<std::string>& template_dirs) {
  if (!recording.given.empty()) {
    return health::given_programs(services, recording.given);
  }
  OBS_TRY_ASSIGN(StackSpec spec, read_spec(recording.spec, "obsctl.yaml of the evidence"));
  OBS_TRY_ASSIGN(auto templates,
                 stack::load_templates(services.files, services.environment, template_dirs, {}));
  OBS_TRY_ASSIGN(stack::Stack stack,
                 stack::assemble(recording.subject, std::move(spec), std::move(templates)));
  OBS_TRY_ASSIGN(auto checks, health::checks_of(stack));
  OBS_TRY_ASSIGN(auto discards, health::discards_of(stack));
  return health::Subject{.stack = std::move(stack),
                         .given = {},
                         .checks = std::move(checks),
                         .discards = std::move(discards)};
}

health::Report judged(const Recording& recording, const health::Subject& subject) {
  health::Report out = health::judged(subject, recording.evidence, recording.took);
  out.subject = fmt::format("{}, recorded {}", out.subject, print_time(out.at));
  return out;
}

}  // namespace obsctl::bundle

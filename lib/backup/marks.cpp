// SPDX-License-Identifier: Apache-2.0
// Marks ↔ JSON.
#include "lib/backup/marks.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "lib/base/json_fields.hpp"

namespace obsctl::backup {
namespace {

using Json = nlohmann::ordered_json;

constexpr auto k_schema = "obsctl.backup.marks/v1";
constexpr std::size_t k_longest = 64UL * 1024;
constexpr double k_longest_restore = 1e9;  // seconds

Time time_of(const JsonFields& fields) {
  const auto out = parse_time(fields.text("at"));
  if (!out) {
    fields.note("at", "is not a time");
  }
  return out.value_or(Time{});
}

Verification verification_of(const JsonFields& fields) {
  const auto level = choice_named<Level>(fields.text("level"));
  if (!level) {
    fields.note("level", "is no level of verification");
  }
  return {.at = time_of(fields),
          .level = level.value_or(Level::quick),
          .passed = fields.flag("passed"),
          .manifest = fields.text("manifest")};
}

Restoration restoration_of(const JsonFields& fields) {
  return {.at = time_of(fields),
          .took = {fields.number("seconds", k_longest_restore)},
          .bytes = fields.count("bytes")};
}

}  // namespace

std::string print_marks(const Marks& marks) {
  Json root;
  root["schema"] = k_schema;
  root["pinned"] = marks.pinned;
  if (marks.verified) {
    root["verified"] = {{"at", print_time(marks.verified->at)},
                        {"level", name_of(marks.verified->level)},
                        {"passed", marks.verified->passed},
                        {"manifest", marks.verified->manifest}};
  }
  if (marks.restored) {
    root["restored"] = {{"at", print_time(marks.restored->at)},
                        {"seconds", marks.restored->took.seconds},
                        {"bytes", marks.restored->bytes}};
  }
  return root.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<Marks> parse_marks(std::string_view text, const std::string& file) {
  std::string wrong = text.size() > k_longest ? "it is too long" : "";
  const auto json =
      wrong.empty() ? nlohmann::json::parse(text, nullptr, false) : nlohmann::json::object();
  const JsonFields fields(json, "", wrong);
  Marks out;
  out.pinned = fields.flag("pinned");
  if (fields.has("verified")) {
    out.verified = verification_of(fields.object("verified"));
  }
  if (fields.has("restored")) {
    out.restored = restoration_of(fields.object("restored"));
  }
  if (wrong.empty() && fields.text("schema") != k_schema) {
    fields.note("schema", fmt::format("is not {}", k_schema));
  }
  if (!wrong.empty()) {
    return Failure(Error{.code = Code::integrity,
                         .message = fmt::format("the marks of the set are damaged: {}", wrong),
                         .at = SourcePos{file},
                         .hint =
                             "'obsctl backup verify' writes them again; pin the set again if it "
                             "was pinned"});
  }
  return out;
}

}  // namespace obsctl::backup

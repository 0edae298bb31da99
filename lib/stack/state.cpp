// SPDX-License-Identifier: Apache-2.0
// State ↔ JSON, and its update under a lock.
#include "lib/stack/state.hpp"

#include <fmt/format.h>

#include "lib/stack/paths.hpp"

namespace obsctl::stack {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr auto k_schema = "obsctl.state/v1";

Json to_json(const BackupRecord& record) {
  return {{"at", print_time(record.at)},
          {"id", record.id},
          {"repository", record.repository},
          {"complete", record.complete}};
}

Json to_json(const ProofRecord& record) {
  return {{"at", print_time(record.at)}, {"id", record.id}, {"passed", record.passed}};
}

Json to_json(const PruneRecord& record) {
  return {{"at", print_time(record.at)}, {"removed", record.removed}, {"kept", record.kept}};
}

Json to_json(const JournalRecord& record) {
  return {{"at", print_time(record.at)}, {"operation", record.operation}, {"file", record.file}};
}

void from_json(const Json& row, BackupRecord& out) {
  out.id = row.at("id").get<std::string>();
  out.repository = row.at("repository").get<std::string>();
  out.complete = row.at("complete").get<bool>();
}

void from_json(const Json& row, ProofRecord& out) {
  out.id = row.at("id").get<std::string>();
  out.passed = row.at("passed").get<bool>();
}

void from_json(const Json& row, PruneRecord& out) {
  out.removed = row.at("removed").get<int>();
  out.kept = row.at("kept").get<int>();
}

void from_json(const Json& row, JournalRecord& out) {
  out.operation = row.at("operation").get<std::string>();
  out.file = row.at("file").get<std::string>();
}

// False when the record has no time; other mistakes are exceptions of the library.
template <class T>
bool read(const Json& root, const char* key, std::optional<T>& into) {
  if (!root.contains(key)) {
    return true;
  }
  const Json& row = root.at(key);
  const auto time = parse_time(row.at("at").get<std::string>());
  if (!time) {
    return false;
  }
  into.emplace().at = *time;
  from_json(row, *into);
  return true;
}

// A record that did not change keeps what another version wrote into it.
template <class T>
void write(Json& root, const char* key, const std::optional<T>& record) {
  std::optional<T> before;
  if (!record) {
    root.erase(key);
  } else if (!read(root, key, before) || before != record) {
    root[key] = to_json(*record);
  }
}

Result<State> parse(const std::string& text, const std::string& file) {
  const auto damaged = [&file] {
    return Failure(Error{.code = Code::integrity,
                         .message = "the state of the stack is damaged",
                         .at = SourcePos{file},
                         .hint = "remove the file: it says only what was done last; the next "
                                 "backup writes it again"});
  };
  try {
    State out;
    out.document = Json::parse(text);
    const std::string schema = out.document.at("schema").get<std::string>();
    if (schema != k_schema) {
      return fail_at(
          {file}, fmt::format("the state of the stack has the schema '{}'", schema),
          fmt::format("this obsctl reads '{}'; use the version that wrote it", k_schema));
    }
    const bool complete = read(out.document, "last_backup", out.last_backup) &&
                          read(out.document, "last_verify", out.last_verify) &&
                          read(out.document, "last_drill", out.last_drill) &&
                          read(out.document, "last_prune", out.last_prune) &&
                          read(out.document, "open_journal", out.open_journal);
    return complete ? Result<State>(std::move(out)) : damaged();
  } catch (const nlohmann::json::exception&) {
    return damaged();
  }
}

std::string print(const State& state) {
  Json root = state.document.is_object() ? state.document : Json::object();
  root["schema"] = k_schema;
  write(root, "last_backup", state.last_backup);
  write(root, "last_verify", state.last_verify);
  write(root, "last_drill", state.last_drill);
  write(root, "last_prune", state.last_prune);
  write(root, "open_journal", state.open_journal);
  return root.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace

Result<State> read_state(const FileSystem& files, const fs::path& directory) {
  OBS_TRY_ASSIGN(const auto text, read_beneath(files, directory, stack_paths::state));
  return text ? parse(*text, (directory / stack_paths::state).string()) : State{};
}

Result<void> update_state(FileSystem& files, const fs::path& directory,
                          const std::function<void(State&)>& change) {
  OBS_TRY_ASSIGN(const auto root, files.open_directory(directory));
  OBS_TRY(root->make_directory(stack_paths::own, 0755));
  OBS_TRY_ASSIGN(const auto lock, root->lock(stack_paths::state_lock));
  OBS_TRY_ASSIGN(State state, read_state(files, directory));
  change(state);
  return root->replace(stack_paths::state, print(state), 0644);
}

}  // namespace obsctl::stack

// SPDX-License-Identifier: Apache-2.0
// The plan, and its steps in the order that can be interrupted anywhere.
#include "lib/protect/restore_stack.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lib/archive/read.hpp"
#include "lib/archive/tar_sink.hpp"
#include "lib/archive/tar_source.hpp"
#include "lib/backup/failpoint.hpp"
#include "lib/backup/verify.hpp"
#include "lib/base/text.hpp"
#include "lib/catalog/versions.hpp"
#include "lib/engine/volume.hpp"
#include "lib/protect/compare_stream.hpp"
#include "lib/protect/compose.hpp"
#include "lib/protect/engine_stream.hpp"
#include "lib/protect/engine_upload.hpp"
#include "lib/protect/helper.hpp"
#include "lib/protect/stack_volumes.hpp"
#include "lib/stack/state.hpp"

namespace obsctl::protect {
namespace {

// As it was, where it is the same volume. Otherwise with what Compose writes on one that it makes
// itself; without it, it asks whether the volume is its.
engine::VolumeFacts new_volume(const stack::Stack& stack, const Volume& volume,
                               const backup::VolumeRecord& record) {
  if (record.engine && record.path == stack.topology.volume_name(volume)) {
    return {.name = record.path,
            .driver = record.engine->driver,
            .scope = "local",
            .options = record.engine->options,
            .labels = record.engine->labels};
  }
  return {.name = stack.topology.volume_name(volume),
          .driver = "local",
          .scope = "local",
          .labels = {{"com.docker.compose.project", stack.spec.name},
                     {"com.docker.compose.volume", volume.name}}};
}

Result<void> check_users(Engine& engine, const std::string& volume, const std::string& project) {
  OBS_TRY_ASSIGN(const auto users,
                 engine::volume_users(engine.parts.http, engine.parts.environment, volume));
  for (const engine::VolumeUser& user : users) {
    if (!user.helper && user.project != project) {
      return fail(
          Code::failed,
          fmt::format("the container '{}', which is not of this stack, uses the volume '{}'",
                      user.name, volume),
          fmt::format("remove it first: `docker rm --force {}`", user.name));
    }
  }
  return {};
}

struct Owned {
  const Component* component;
  const Volume* volume;
};

std::vector<Owned> volumes_of(const stack::Stack& stack) {
  std::vector<Owned> out;
  for (const Component& component : stack.topology.components) {
    for (const Volume& volume : component.volumes) {
      out.push_back({&component, &volume});
    }
  }
  return out;
}

Result<void> check_names(const stack::Stack& stack, const backup::StoredSet& set,
                         const std::vector<std::string>& only) {
  const auto ours = volumes_of(stack);
  for (const std::string& name : only) {
    if (set.manifest.find(name) == nullptr) {
      return fail(Code::usage, fmt::format("the set has no volume '{}'", name),
                  "`obsctl backup show` lists its volumes");
    }
    if (std::ranges::none_of(ours, [&](const Owned& one) { return one.volume->name == name; })) {
      return fail(Code::usage, fmt::format("the stack has no volume '{}'", name),
                  "restore it into a directory with --to");
    }
  }
  return {};
}

// A program reads what an older one wrote, and seldom what a newer one did.
Result<void> check_version(const Component& component, const backup::VolumeRecord& record) {
  if (!record.engine || record.engine->component != component.name ||
      catalog::compare_versions(record.engine->version, component.version) <= 0) {
    return {};
  }
  return fail(Code::failed,
              fmt::format("the volume '{}' was written by {} {}, and the stack has {}", record.name,
                          component.title, printable(record.engine->version), component.version),
              "take the stack's directory out of the set (--to DIR --volume stack) and restore "
              "there; --older-images restores it all the same");
}

Result<StackRestorePlan::Item> plan_one(Engine& engine, const stack::Stack& stack,
                                        const Volume& volume, const backup::VolumeRecord& record) {
  StackRestorePlan::Item item{.name = volume.name,
                              .volume = new_volume(stack, volume, record),
                              .bytes = record.tar.bytes,
                              .entries = record.entries};
  OBS_TRY_ASSIGN(auto facts, engine::volume_facts(engine.parts.http, engine.parts.environment,
                                                  item.volume.name));
  if (facts) {
    item.exists = true;
    item.volume = std::move(*facts);
    OBS_TRY(check_users(engine, item.volume.name, stack.spec.name));
  }
  return item;
}

// -- the steps ---------------------------------------------------------------------------------

class Restorer {
 public:
  Restorer(backup::Services& services, Engine& engine, const backup::Repository& repository,
           const backup::StoredSet& set)
      : services_(services), engine_(engine), repository_(repository), set_(set) {}

  // The volume with the content of the set, and nothing else in it.
  Result<std::uint64_t> replace(const RestoreRow& row) {
    const backup::VolumeRecord* record = set_.manifest.find(row.name);
    if (record == nullptr) {
      return fail(Code::integrity, fmt::format("the set has no volume '{}'", row.name));
    }
    OBS_TRY_ASSIGN(const backup::OpenVolume open,
                   backup::open_volume(repository_, set_.id, *record));
    OBS_TRY(make_new(row.volume));
    backup::failpoint("restore-made");
    OBS_TRY_ASSIGN(const auto helper, Helper::open(engine_, row.volume.name));
    OBS_TRY(fill(*helper, open, row));
    backup::failpoint("restore-filled");
    return compare(*helper, open, row);
  }

 private:
  Result<void> make_new(const engine::VolumeFacts& volume) {
    HttpClient& http = engine_.parts.http;
    const Environment& environment = engine_.parts.environment;
    OBS_TRY(engine::remove_helpers(http, environment, volume.name));
    OBS_TRY_ASSIGN(const auto there, engine::volume_facts(http, environment, volume.name));
    if (there) {
      OBS_TRY(engine::remove_volume(http, environment, volume.name));
    }
    backup::failpoint("restore-removed");
    return engine::create_volume(http, environment, volume);
  }

  Result<void> fill(const Helper& helper, const backup::OpenVolume& open, const RestoreRow& row) {
    OBS_TRY_ASSIGN(const auto upload,
                   EngineUpload::open(engine_.parts.http, engine_.parts.environment, helper.id(),
                                      engine_.stop));
    archive::TarSink sink([&](std::string_view bytes) { return upload->write(bytes); });
    OBS_TRY(archive::extract(open.stored(), sink, {},
                             backup::progress_of(services_, "writing " + row.name,
                                                 static_cast<double>(open.expected.raw_bytes))));
    return upload->finish();
  }

  Result<std::uint64_t> compare(const Helper& helper, const backup::OpenVolume& open,
                                const RestoreRow& row) {
    OBS_TRY_ASSIGN(const auto stream,
                   EngineStream::open(engine_.parts.http, engine_.parts.environment, helper.id(),
                                      engine_.stop));
    archive::TarSource source([&](std::span<char> into) { return stream->read(into); });
    OBS_TRY_ASSIGN(const archive::Index index, archive::read_index(open.stored()));
    auto compared = compare_stream(source, index.entries);
    if (!compared) {
      return Failure(Error(compared.error()).in(fmt::format("reading '{}' back", row.name)));
    }
    return compared;
  }

  backup::Services& services_;
  Engine& engine_;
  const backup::Repository& repository_;
  const backup::StoredSet& set_;
};

// For `obsctl health`, which says that a restore is open.
Result<void> remember(Engine& engine, const stack::Stack& stack,
                      std::optional<stack::JournalRecord> journal) {
  return stack::update_state(engine.parts.files, stack.directory,
                             [&](stack::State& state) { state.open_journal = std::move(journal); });
}

}  // namespace

bool StackRestorePlan::replaces() const {
  return std::ranges::any_of(items, [](const Item& item) { return item.exists; });
}

bool is_of_stack(const backup::StoredSet& set, const stack::Stack& stack) {
  return std::ranges::any_of(volumes_of(stack), [&](const Owned& one) {
    const backup::VolumeRecord* record = set.manifest.find(one.volume->name);
    return record != nullptr && record->path == stack.topology.volume_name(*one.volume);
  });
}

Result<StackRestorePlan> plan_stack_restore(Engine& engine, const stack::Stack& stack,
                                            const backup::StoredSet& set,
                                            const StackRestoreOptions& options) {
  const auto& only = options.only;
  OBS_TRY(check_names(stack, set, only));
  StackRestorePlan out{.set = set.id, .from = set.manifest.started};
  for (const auto& [component, volume] : volumes_of(stack)) {
    const backup::VolumeRecord* record = set.manifest.find(volume->name);
    const bool wanted = only.empty() || std::ranges::find(only, volume->name) != only.end();
    if (!wanted || volume->backup == Backup::none) {
      continue;
    }
    if (record == nullptr) {
      out.warnings.push_back(fmt::format("{} is not in the set and stays as it is", volume->name));
      continue;
    }
    if (!options.older) {
      OBS_TRY(check_version(*component, *record));
    }
    OBS_TRY_ASSIGN(auto item, plan_one(engine, stack, *volume, *record));
    if (record->path != item.volume.name) {
      out.warnings.push_back(fmt::format("{} was made of '{}', a volume of another stack",
                                         volume->name, printable(record->path)));
    }
    out.bytes += item.bytes;
    out.items.push_back(std::move(item));
  }
  if (out.items.empty()) {
    return fail(Code::usage, "the set has no volume of this stack",
                "`obsctl backup show` lists its volumes");
  }
  return out;
}

Result<StackRestored> restore_stack(backup::Services& services, Engine& engine,
                                    Processes& processes, const backup::Repository& repository,
                                    const backup::StoredSet& set, const stack::Stack& stack,
                                    RestoreJournal journal) {
  constexpr Duration k_longest_stop = {600};
  constexpr Duration k_longest_start = {900};
  OBS_TRY(write_restore_journal(engine.parts.files, stack.directory, journal));
  OBS_TRY(remember(engine, stack,
                   stack::JournalRecord{.at = journal.started,
                                        .operation = "restore",
                                        .file = (stack.directory / k_restore_journal).string()}));
  backup::failpoint("restore-journal");
  services.note("stopping the stack");
  OBS_TRY(compose(processes, stack.directory, {"rm", "--stop", "--force"}, k_longest_stop,
                  engine.stop));
  backup::failpoint("restore-stopped");
  StackRestored out;
  const auto start = services.clock.monotonic();
  Restorer restorer(services, engine, repository, set);
  for (RestoreRow& row : journal.rows) {
    if (row.done) {
      continue;
    }
    OBS_TRY_ASSIGN(const std::uint64_t entries, restorer.replace(row));
    out.entries += entries;
    row.done = true;
    OBS_TRY(write_restore_journal(engine.parts.files, stack.directory, journal));
    services.note(fmt::format("{}: {} entries written and read back", row.name, entries));
  }
  out.took = services.clock.since(start);
  services.note("starting the stack");
  OBS_TRY(compose(processes, stack.directory, {"up", "--detach", "--wait"}, k_longest_start,
                  engine.stop));
  OBS_TRY(close_restore_journal(engine.parts.files, stack.directory));
  OBS_TRY(remember(engine, stack, std::nullopt));
  return out;
}

}  // namespace obsctl::protect

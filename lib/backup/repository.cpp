// SPDX-License-Identifier: Apache-2.0
// Sets on the disk. A set is made in a work area, `.tmp-ID`, and deleted from one, `.trash-ID`; both
// are on the disk of the sets, so that one rename moves a whole set.
#include "lib/backup/repository.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <nlohmann/json.hpp>

#include "lib/backup/failpoint.hpp"
#include "lib/backup/names.hpp"
#include "lib/base/hash.hpp"
#include "lib/base/json_fields.hpp"
#include "lib/base/text.hpp"
#include "lib/io/filesystem.hpp"
#include "lib/io/posix.hpp"

namespace obsctl::backup {
namespace {

namespace fs = std::filesystem;

constexpr auto k_schema = "obsctl.backup.repository/v1";
constexpr FileMode k_private_directory = 0700;
constexpr FileMode k_private_file = 0600;

std::string work_path(const std::string& id) {
  return std::string(file_names::work) + id;
}

std::string trash_path(const std::string& id) {
  return std::string(file_names::trash) + id;
}

Error hinted(Error error, const char* hint) {
  error.hint = error.hint.empty() ? hint : error.hint;
  return error;
}

Failure not_a_repository(const fs::path& path) {
  return fail(Code::config, fmt::format("'{}' is not a repository of backups", path.string()),
              "it has no repo.json; name the directory in which the backups are, or a new or empty "
              "one for 'obsctl backup create'");
}

Result<void> check_mark(const std::string& text, const fs::path& file) {
  std::string wrong;
  const auto json = nlohmann::json::parse(text, nullptr, false);
  const JsonFields fields(json, "", wrong);
  const auto format = fields.count("format");
  if (wrong.empty() && format != k_format) {
    return fail_at({file.string()}, fmt::format("the repository has the format {}", format),
                   fmt::format("this obsctl reads and writes format {}", k_format));
  }
  if (wrong.empty() && fields.text("schema") != k_schema) {
    fields.note("schema", fmt::format("is not {}", k_schema));
  }
  return wrong.empty() ? Result<void>()
                       : Failure(Error{.code = Code::integrity,
                                       .message = fmt::format("'repo.json' is damaged: {}", wrong),
                                       .at = SourcePos{file.string()},
                                       .hint = "copy it from a copy of the repository"});
}

// An empty file system has a directory of its own, and init() may have been killed.
bool is_foreign(const std::string& name) {
  return name != "lost+found" && name != file_names::lock &&
         !name.starts_with(std::string(file_names::repository) + ".");
}

Result<bool> has_foreign(const OsDirectory& root) {
  OBS_TRY_ASSIGN(const auto entries, root.entries("."));
  return std::ranges::any_of(entries,
                             [](const auto& entry) { return is_foreign(entry.first.filename()); });
}

// From part to part, so that no link in the repository leads out of it.
Result<Fd> open_beneath(const OsDirectory& root, const fs::path& shown, const fs::path& path,
                        int flags) {
  Fd at(::openat(root.fd(), ".", O_PATH | O_DIRECTORY | O_CLOEXEC));
  for (auto part = path.begin(); part != path.end() && at.open(); ++part) {
    const bool last = std::next(part) == path.end();
    const int how = last ? flags | O_NONBLOCK | O_NOCTTY : O_PATH | O_DIRECTORY;
    at = Fd(::openat(at.get(), part->c_str(), how | O_NOFOLLOW | O_CLOEXEC, k_private_file));
  }
  return at.open() ? Result<Fd>(std::move(at)) : io_failure("open", shown / path, errno);
}

// Without a replacement; not every network file system knows that call.
int rename_to_free(int root, const std::string& from, const std::string& to) {
  if (::renameat2(root, from.c_str(), root, to.c_str(), RENAME_NOREPLACE) == 0) {
    return 0;
  }
  if (errno != EINVAL && errno != ENOSYS) {
    return errno;
  }
  struct stat there {};
  if (::fstatat(root, to.c_str(), &there, AT_SYMLINK_NOFOLLOW) == 0) {
    return EEXIST;
  }
  return ::renameat(root, from.c_str(), root, to.c_str()) == 0 ? 0 : errno;
}

// Of other files in the set it says nothing: they are in no manifest.
Result<Manifest> read_manifest(const OsDirectory& root, const fs::path& path, const std::string& id,
                               std::string& sha256) {
  const fs::path file = fs::path(id) / file_names::manifest;
  const auto damaged = [&](const fs::path& where, std::string what) {
    return Failure(Error{.code = Code::integrity,
                         .message = std::move(what),
                         .at = SourcePos{(path / where).string()},
                         .hint = "use another set: 'obsctl backup list' shows them"});
  };
  OBS_TRY_ASSIGN(const auto text, read_if_there(root, file));
  if (!text) {
    return damaged(file, "the manifest is missing");
  }
  OBS_TRY_ASSIGN(Manifest out, parse_manifest(*text, (path / file).string()));
  if (out.id != id) {
    return damaged(file, fmt::format("the manifest is that of the set '{}'", out.id));
  }
  const fs::path checksums = fs::path(id) / file_names::checksums;
  OBS_TRY_ASSIGN(const auto sums, read_if_there(root, checksums));
  if (!sums || *sums != print_checksums(*text, out)) {
    return damaged(checksums, "the manifest does not match its SHA-256");
  }
  sha256 = sha256_hex(*text);
  return out;
}

}  // namespace

bool StoredSet::verified() const {
  return !problem && marks.verified && marks.verified->passed &&
         marks.verified->manifest == manifest_sha256;
}

bool StoredSet::failed_verification() const {
  return !problem && marks.verified && !marks.verified->passed;
}

bool StoredSet::good() const {
  return verified() && manifest.status == Status::complete;
}

bool StoredSet::latest() const {
  return good() && !manifest.group.starts_with(k_safety_group);
}

Result<Repository> Repository::open(const fs::path& path) {
  auto opened = open_os_directory(path);
  if (!opened) {
    return Failure(hinted(std::move(opened).error(),
                          "mount its disk, or name the directory in which the backups are"));
  }
  auto root = std::move(*opened);
  OBS_TRY_ASSIGN(const auto mark, read_if_there(*root, file_names::repository));
  if (!mark) {
    return not_a_repository(path);
  }
  OBS_TRY(check_mark(*mark, path / file_names::repository));
  return Repository(std::move(root), path);
}

Result<bool> Repository::is_free(const fs::path& path) {
  auto root = open_os_directory(path);
  if (!root) {
    return root.error().code == Code::missing ? Result<bool>(true)
                                              : Failure(std::move(root).error());
  }
  OBS_TRY_ASSIGN(const bool foreign, has_foreign(**root));
  return !foreign;
}

Result<Repository> Repository::init(const fs::path& path, Random& random) {
  OsFileSystem files;
  const bool made = !files.exists(path);
  if (auto done = files.make_directories(path); !done) {
    return Failure(hinted(std::move(done).error(), "choose a directory that can be made"));
  }
  OBS_TRY_ASSIGN(auto root, open_os_directory(path));
  OBS_TRY_ASSIGN(const bool foreign, has_foreign(*root));
  if (foreign) {
    return fail(Code::config,
                fmt::format("'{}' is not empty, and not a repository of backups", path.string()),
                "choose a new or an empty directory");
  }
  if (made) {
    OBS_TRY(root->narrow(".", k_private_directory));
  }
  constexpr std::size_t k_id_length = 22;  // 131 bits
  OBS_TRY_ASSIGN(const std::string id, random.token(k_id_length));
  const nlohmann::ordered_json mark = {{"schema", k_schema}, {"format", k_format}, {"id", id}};
  OBS_TRY(root->replace(file_names::repository, mark.dump(2) + "\n", k_private_file));
  return Repository(std::move(root), path);
}

bool Repository::is_writable() const {
  return ::faccessat(root_->fd(), ".", W_OK, AT_EACCESS) == 0;
}

StoredSet Repository::read_set(const std::string& id) const {
  StoredSet out{.id = id};
  auto manifest = read_manifest(*root_, path_, id, out.manifest_sha256);
  if (!manifest) {
    out.problem = std::move(manifest).error();
    return out;
  }
  out.manifest = std::move(*manifest);
  const fs::path file = fs::path(id) / file_names::marks;
  const auto text = read_if_there(*root_, file);
  if (!text || !*text) {
    return out;
  }
  // What cannot be read may have said that the set has to stay.
  out.marks = parse_marks(**text, (path_ / file).string()).value_or(Marks{.pinned = true});
  return out;
}

Result<std::vector<StoredSet>> Repository::sets() const {
  OBS_TRY_ASSIGN(const auto entries, root_->entries("."));
  std::vector<StoredSet> out;
  for (const auto& [entry, kind] : entries) {
    if (const std::string name = entry.filename(); kind == FileKind::directory && is_set_id(name)) {
      StoredSet set = read_set(name);
      OBS_TRY_ASSIGN(const auto there, root_->info(name));
      if (there) {  // not removed meanwhile
        out.push_back(std::move(set));
      }
    }
  }
  std::ranges::sort(out, [](const StoredSet& a, const StoredSet& b) {
    return std::tie(a.manifest.sequence, a.id) > std::tie(b.manifest.sequence, b.id);
  });
  return out;
}

Result<void> Repository::begin(const std::string& id) {
  OBS_TRY(root_->make_directory(work_path(id), k_private_directory));
  return root_->make_directory(fs::path(work_path(id)) / file_names::volumes, k_private_directory);
}

Result<Fd> Repository::create_file(const std::string& id, const std::string& path) {
  return open_beneath(*root_, path_, fs::path(work_path(id)) / path, O_RDWR | O_CREAT | O_EXCL);
}

Result<void> Repository::remove_file(const std::string& id, const std::string& path) {
  return root_->remove(fs::path(work_path(id)) / path);
}

Result<void> Repository::publish(const Manifest& manifest) {
  const fs::path work = work_path(manifest.id);
  const std::string text = print_manifest(manifest);
  failpoint("manifest");
  OBS_TRY(root_->stage(work / file_names::manifest, text, k_private_file));
  failpoint("manifest-written");
  OBS_TRY(
      root_->stage(work / file_names::checksums, print_checksums(text, manifest), k_private_file));
  OBS_TRY(root_->sync({work / file_names::manifest, work / file_names::checksums,
                       work / file_names::volumes, work}));
  failpoint("manifest-synced");
  if (const int error = rename_to_free(root_->fd(), work, manifest.id); error != 0) {
    return io_failure("publish", path_ / manifest.id, error);
  }
  failpoint("renamed");
  OBS_TRY(root_->sync({"."}));
  failpoint("published");
  return {};
}

Result<void> Repository::discard(const std::string& id) {
  return root_->remove_tree(work_path(id));
}

Result<int> Repository::reclaim() {
  OBS_TRY_ASSIGN(const auto entries, root_->entries("."));
  int out = 0;
  for (const auto& [entry, kind] : entries) {
    const std::string name = entry.filename();
    for (const std::string_view prefix : {file_names::work, file_names::trash}) {
      if (kind == FileKind::directory && name.starts_with(prefix) &&
          is_set_id(std::string_view(name).substr(prefix.size()))) {
        OBS_TRY(root_->remove_tree(name));
        ++out;
      }
    }
  }
  return out;
}

Result<void> Repository::remove(const std::string& id) {
  failpoint("remove");
  if (const int error = rename_to_free(root_->fd(), id, trash_path(id)); error != 0) {
    return io_failure("remove", path_ / id, error);
  }
  failpoint("remove-renamed");
  OBS_TRY(root_->sync({"."}));
  // The manifest goes first: what a kill leaves can be mistaken for a set by nobody.
  OBS_TRY(root_->remove_tree(fs::path(trash_path(id)) / file_names::manifest));
  failpoint("remove-begun");
  return root_->remove_tree(trash_path(id));
}

Result<void> Repository::write_marks(const std::string& id, const Marks& marks) {
  return root_->replace(fs::path(id) / file_names::marks, print_marks(marks), k_private_file);
}

Result<Fd> Repository::open_file(const std::string& id, const std::string& path) const {
  return open_beneath(*root_, path_, fs::path(id) / path, O_RDONLY);
}

Result<StoredSet> find_set(const std::vector<StoredSet>& sets, std::string_view name) {
  constexpr auto k_hint = "'obsctl backup list' shows which sets there are";
  if (name == "latest") {
    const auto found = std::ranges::find_if(sets, &StoredSet::latest);
    return found != sets.end()
               ? Result<StoredSet>(*found)
               : fail(Code::missing, "there is no set that is complete and verified", k_hint);
  }
  std::vector<StoredSet> found;
  std::ranges::copy_if(sets, std::back_inserter(found), [name](const StoredSet& set) {
    return !name.empty() && set.id.starts_with(name);
  });
  if (found.empty()) {
    return fail(Code::missing, fmt::format("there is no set '{}'", printable(name)), k_hint);
  }
  if (found.size() > 1) {
    return fail(Code::usage,
                fmt::format("'{}' is the beginning of {} sets", printable(name), found.size()),
                "type more of its name");
  }
  return found.front();
}

}  // namespace obsctl::backup

// SPDX-License-Identifier: Apache-2.0
// Remembers what every name is by a digest of it, so that millions of long names fit into memory.
#include "lib/archive/policy.hpp"

#include <fmt/format.h>

#include <array>
#include <unordered_map>

#include "lib/archive/digest.hpp"
#include "lib/archive/tar_reader.hpp"

namespace obsctl::archive {
namespace {

constexpr std::size_t k_most_path = 4096 - 1;  // PATH_MAX of Linux, without the end
constexpr std::size_t k_most_name = 255;
constexpr std::uint32_t k_set_id = 06000;

using Key = std::array<std::uint64_t, 2>;
struct KeyHash {
  std::size_t operator()(const Key& key) const { return key[0]; }
};

// Why a path leads elsewhere than below the top; empty when it does not.
std::string wrong_path(std::string_view path) {
  if (path.starts_with('/')) {
    return "is an absolute path";
  }
  if (path.find('\0') != std::string_view::npos || path.size() > k_most_path) {
    return "is no path that a kernel takes";
  }
  const std::vector<std::string> parts = split(path, '/');
  for (const std::string& part : parts) {
    if (part == "..") {
      return "leads upwards";
    }
    if (part.empty() || part == ".") {
      return "has a part that is empty or '.'";
    }
    if (part.size() > k_most_name) {
      return "has a part that is longer than a name may be";
    }
  }
  return parts.front() == k_top ? "" : fmt::format("is not below '{}'", k_top);
}

bool is_device(EntryType type) {
  return type == EntryType::character_device || type == EntryType::block_device;
}

}  // namespace

// A name that is only known because something is below it is a directory, too, until an entry says
// so itself.
struct Policy::Seen {
  struct Name {
    EntryType type;
    bool implied;
  };
  std::unordered_map<Key, Name, KeyHash> names;
  std::string parent;  // that was looked at last and is a directory

  [[nodiscard]] const Name* find(std::string_view path) const {
    const auto found = names.find(fingerprint(path));
    return found == names.end() ? nullptr : &found->second;
  }

  // What of the folders of a path is no directory; empty when all are.
  std::string blocked(std::string_view path) {
    const auto last = path.rfind('/');
    if (last == std::string_view::npos || path.substr(0, last) == parent) {
      return {};
    }
    for (auto slash = path.find('/'); slash != std::string_view::npos;
         slash = path.find('/', slash + 1)) {
      const std::string_view folder = path.substr(0, slash);
      const auto [it, is_new] = names.try_emplace(
          fingerprint(folder), Name{.type = EntryType::directory, .implied = true});
      if (it->second.type != EntryType::directory) {
        return fmt::format("leads through '{}', which is a {}", printable(folder),
                           obsctl::name_of(it->second.type));
      }
    }
    parent = path.substr(0, last);
    return {};
  }

  // False when the name was there.
  bool add(const Entry& entry, EntryType type) {
    const auto [it, is_new] =
        names.try_emplace(fingerprint(entry.path), Name{.type = type, .implied = false});
    if (is_new) {
      return true;
    }
    const bool same = it->second.implied && entry.type == EntryType::directory;
    it->second.implied = false;
    return same;
  }
};

Policy::Policy(const PolicyOptions& options) : options_(options), seen_(std::make_unique<Seen>()) {}
Policy::~Policy() = default;

std::vector<Problem> Policy::check(const Entry& entry) {
  const auto refused = [&](std::string what) {
    return std::vector<Problem>{
        {.gravity = Gravity::refused, .path = entry.path, .what = std::move(what)}};
  };
  if (std::string wrong = wrong_path(entry.path); !wrong.empty()) {
    return refused(std::move(wrong));
  }
  if (std::string blocked = seen_->blocked(entry.path); !blocked.empty()) {
    return refused(std::move(blocked));
  }
  EntryType type = entry.type;
  if (entry.type == EntryType::hardlink) {
    const Seen::Name* target = wrong_path(entry.link).empty() ? seen_->find(entry.link) : nullptr;
    if (target == nullptr || target->type == EntryType::directory) {
      return refused(
          fmt::format("is a hard link to '{}', which is no file before it in the archive",
                      printable(entry.link)));
    }
    type = target->type;
  }
  if (entry.path == k_top && type != EntryType::directory) {
    return refused("is the top of the archive and no directory");
  }
  if (!seen_->add(entry, type)) {
    return refused("is there twice");
  }
  if (is_device(entry.type) && !options_.devices) {
    return refused("is a device");
  }
  if (entry.type == EntryType::symlink &&
      (entry.link.empty() || entry.link.find('\0') != std::string::npos ||
       entry.link.size() > k_most_path)) {
    return refused("is a link to what no path can be");
  }
  if (entry.type == EntryType::file && (entry.mode & k_set_id) != 0) {
    return {
        {.gravity = Gravity::note,
         .path = entry.path,
         .what = fmt::format("runs as {} whoever starts it (mode {:04o})",
                             (entry.mode & 04000U) != 0 ? "its owner" : "its group", entry.mode)}};
  }
  return {};
}

std::vector<Problem> problems_of(std::span<const Entry> entries, const PolicyOptions& options) {
  Policy policy(options);
  std::vector<Problem> out;
  for (const Entry& entry : entries) {
    for (Problem& problem : policy.check(entry)) {
      out.push_back(std::move(problem));
    }
  }
  return out;
}

Result<ForeignTar> check_foreign_tar(const ByteSource& tar, const PolicyOptions& options) {
  constexpr std::size_t k_enough = 1000;  // nobody reads on, and a hostile one may have millions
  Policy policy(options);
  TarReader reader(tar);
  ForeignTar out;
  for (;;) {
    OBS_TRY_ASSIGN(const std::optional<Member> member, reader.next());
    if (!member) {
      out.raw_bytes = reader.position();
      return out;
    }
    ++out.entries;
    for (Problem& problem : policy.check(member->entry)) {
      if (out.problems.size() < k_enough || problem.gravity == Gravity::refused) {
        out.problems.push_back(std::move(problem));
      }
    }
    if (out.problems.size() >= k_enough && any(out.problems, Gravity::refused)) {
      out.raw_bytes = reader.position();
      return out;
    }
  }
}

}  // namespace obsctl::archive

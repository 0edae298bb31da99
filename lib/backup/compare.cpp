// SPDX-License-Identifier: Apache-2.0
// Walks the directory as a source of an archive would, and looks each entry up in the index.
#include "lib/backup/compare.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <unordered_map>

#include "lib/archive/digest.hpp"
#include "lib/archive/directory_source.hpp"
#include "lib/base/text.hpp"
#include "lib/io/stream.hpp"

namespace obsctl::backup {
namespace {

using archive::Entry;
using archive::EntryType;

constexpr std::int64_t k_second = 1'000'000'000;

Failure differs(const std::string& path, std::string_view how) {
  return fail(Code::integrity, fmt::format("'{}' {} after it was restored", printable(path), how),
              "the set is whole: look for faults of the disk, or restore into another directory");
}

bool is_file(const Entry& entry) {
  return entry.type == EntryType::file || entry.type == EntryType::hardlink;
}

class Comparison {
 public:
  Comparison(const std::vector<Entry>& index, const CompareOptions& options) : options_(options) {
    for (const Entry& entry : index) {
      expected_.emplace(entry.path, &entry);
      missing_ += selected(entry.path) ? 1 : 0;
    }
  }

  Result<void> compare(const archive::Member& member, archive::TreeSource& source,
                       std::uint64_t& bytes) {
    const auto found = expected_.find(member.entry.path);
    if (found == expected_.end()) {
      return differs(member.entry.path, "is there and not in the set");
    }
    if (!selected(member.entry.path)) {
      return {};  // a directory on the way to a selected file
    }
    const Entry& wanted = resolved(*found->second);
    OBS_TRY_ASSIGN(const std::string sha256, digest(member, source, bytes));
    if (const auto how = difference(member.entry, wanted, sha256); !how.empty()) {
      return differs(member.entry.path, how);
    }
    --missing_;
    ++equal_;
    return {};
  }

  [[nodiscard]] Result<std::uint64_t> finish() const {
    return missing_ == 0
               ? Result<std::uint64_t>(equal_)
               : fail(Code::integrity, fmt::format("{} of {} entries are missing after the restore",
                                                   missing_, missing_ + equal_));
  }

 private:
  [[nodiscard]] bool selected(const std::string& path) const {
    return options_.selection.empty() ||
           std::ranges::any_of(options_.selection, [&](const std::string& one) {
             return path == one || path.starts_with(one + "/");
           });
  }

  // The entry that has the content: which of several names came first may differ on another disk.
  [[nodiscard]] const Entry& resolved(const Entry& entry) const {
    const auto file =
        entry.type == EntryType::hardlink ? expected_.find(entry.link) : expected_.end();
    return file == expected_.end() ? entry : *file->second;
  }

  // Of the content with its holes as zeros; of a further name that of the first.
  Result<std::string> digest(const archive::Member& member, archive::TreeSource& source,
                             std::uint64_t& bytes) {
    if (member.entry.type == EntryType::hardlink) {
      return digests_[member.entry.link];
    }
    if (member.entry.type != EntryType::file) {
      return std::string();
    }
    archive::Sha256 sha256;
    std::uint64_t at = 0;
    for (const archive::Extent& extent : member.data) {
      add_zeros(sha256, extent.offset - at);
      OBS_TRY(add_content(sha256, source, extent.size));
      at = extent.offset + extent.size;
    }
    add_zeros(sha256, member.entry.size - at);
    bytes += member.entry.size;
    return digests_[member.entry.path] = sha256.hex();
  }

  void add_zeros(archive::Sha256& sha256, std::uint64_t count) {
    buffer_.fill('\0');
    for (; count > 0; count -= std::min<std::uint64_t>(count, buffer_.size())) {
      sha256.add({buffer_.data(), std::min<std::uint64_t>(count, buffer_.size())});
    }
  }

  Result<void> add_content(archive::Sha256& sha256, archive::TreeSource& source,
                           std::uint64_t count) {
    while (count > 0) {
      OBS_TRY_ASSIGN(
          const std::size_t n,
          source.read(std::span(buffer_).first(std::min<std::uint64_t>(count, buffer_.size()))));
      if (n == 0) {
        return fail(Code::integrity, "a file became shorter while it was read");
      }
      sha256.add({buffer_.data(), n});
      count -= n;
    }
    return {};
  }

  // How an entry is not what the index says; empty: it is.
  [[nodiscard]] std::string difference(const Entry& is, const Entry& wanted,
                                       const std::string& sha256) const {
    if (is.type != wanted.type && !(is_file(is) && is_file(wanted))) {
      return fmt::format("is a {} and no {}", name_of(is.type), name_of(wanted.type));
    }
    if (is_file(is) && sha256 != wanted.sha256) {
      return "has other content";
    }
    if (is.type == EntryType::symlink) {
      return is.link == wanted.link ? "" : "leads elsewhere";
    }
    if (is.mode != wanted.mode) {
      return fmt::format("has the mode {:o} and not {:o}", is.mode, wanted.mode);
    }
    if (options_.owner && (is.uid != wanted.uid || is.gid != wanted.gid)) {
      return fmt::format("belongs to {}:{} and not to {}:{}", is.uid, is.gid, wanted.uid,
                         wanted.gid);
    }
    // Not every file system keeps parts of seconds.
    if (is.mtime_ns / k_second != wanted.mtime_ns / k_second) {
      return "has another time";
    }
    return options_.xattrs && is.xattrs != wanted.xattrs ? "has other attributes" : "";
  }

  const CompareOptions& options_;
  std::unordered_map<std::string, const Entry*> expected_;
  std::unordered_map<std::string, std::string> digests_;
  std::uint64_t missing_ = 0;
  std::uint64_t equal_ = 0;
  std::array<char, k_chunk> buffer_{};
};

}  // namespace

Result<std::uint64_t> compare_tree(Fd root, const std::vector<Entry>& index,
                                   const CompareOptions& options,
                                   const archive::Progress& progress) {
  archive::DirectorySource source(std::move(root));
  Comparison comparison(index, options);
  std::uint64_t bytes = 0;
  for (;;) {
    OBS_TRY_ASSIGN(const auto member, source.next());
    if (!member) {
      break;
    }
    OBS_TRY(comparison.compare(*member, source, bytes));
    OBS_TRY(progress(bytes));
  }
  for (const archive::Problem& problem : source.problems()) {
    if (problem.gravity == archive::Gravity::incomplete) {
      return fail(Code::integrity, problem.str());
    }
  }
  return comparison.finish();
}

}  // namespace obsctl::backup

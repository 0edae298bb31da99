// SPDX-License-Identifier: Apache-2.0
// Entry by entry, found by path: the engine has an order of its own.
#include "lib/protect/compare_stream.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "lib/archive/digest.hpp"
#include "lib/base/text.hpp"
#include "lib/io/stream.hpp"

namespace obsctl::protect {
namespace {

using archive::Entry;
using archive::EntryType;

constexpr std::int64_t k_second = 1'000'000'000;

Failure differs(const Entry& entry, std::string_view what) {
  return fail(Code::integrity, fmt::format("'{}' {}", printable(entry.path), what));
}

// Whole seconds, also before 1970.
std::int64_t seconds(std::int64_t ns) {
  return ns / k_second - (ns % k_second < 0 ? 1 : 0);
}

// What differs; empty: nothing. A file with several names comes as a link of whichever was first.
std::string_view difference(const Entry& now, const Entry& then) {
  const auto is_file = [](EntryType type) {
    return type == EntryType::file || type == EntryType::hardlink;
  };
  if (now.type != then.type && !(is_file(now.type) && is_file(then.type))) {
    return "is of another type";
  }
  if (now.type == EntryType::symlink && now.link != then.link) {
    return "leads somewhere else";
  }
  if (now.type == EntryType::hardlink || then.type == EntryType::hardlink) {
    return {};
  }
  if (now.type != EntryType::symlink && now.mode != then.mode) {
    return "has another mode";
  }
  if (now.uid != then.uid || now.gid != then.gid) {
    return "has another owner";
  }
  if (now.size != then.size) {
    return "has another size";
  }
  // A directory's time changes when something is made in it, which the engine does last to first.
  if (now.type == EntryType::file && seconds(now.mtime_ns) != seconds(then.mtime_ns)) {
    return "has another time";
  }
  return {};
}

Result<std::string> digest_of(archive::TreeSource& source, const archive::Member& member) {
  static constexpr std::array<char, k_chunk> k_zeros{};
  std::array<char, k_chunk> buffer{};
  archive::Sha256 digest;
  std::uint64_t at = 0;
  const auto fill_to = [&](std::uint64_t end) {
    while (at < end) {
      const auto piece = std::min<std::uint64_t>(end - at, k_zeros.size());
      digest.add({k_zeros.data(), static_cast<std::size_t>(piece)});
      at += piece;
    }
  };
  for (const archive::Extent& extent : member.data) {
    fill_to(extent.offset);
    while (at < extent.offset + extent.size) {
      const auto most = std::min<std::uint64_t>(buffer.size(), extent.offset + extent.size - at);
      OBS_TRY_ASSIGN(const std::size_t got,
                     source.read(std::span(buffer).first(static_cast<std::size_t>(most))));
      if (got == 0) {
        return fail(Code::integrity, "the content ended early");
      }
      digest.add({buffer.data(), got});
      at += got;
    }
  }
  fill_to(member.entry.size);
  return digest.hex();
}

}  // namespace

Result<std::uint64_t> compare_stream(archive::TreeSource& source, const std::vector<Entry>& index) {
  std::unordered_map<std::string_view, const Entry*> missing;
  for (const Entry& entry : index) {
    missing.emplace(entry.path, &entry);
  }
  while (true) {
    OBS_TRY_ASSIGN(const auto member, source.next());
    if (!member) {
      break;
    }
    const auto found = missing.find(member->entry.path);
    if (found == missing.end()) {
      return differs(member->entry, "is there and was not in the backup");
    }
    const Entry& then = *found->second;
    if (const auto what = difference(member->entry, then); !what.empty()) {
      return differs(then, what);
    }
    if (member->entry.type == EntryType::file) {
      OBS_TRY_ASSIGN(const std::string digest, digest_of(source, *member));
      if (!then.sha256.empty() && digest != then.sha256) {
        return differs(then, "has other content");
      }
    }
    missing.erase(found);
  }
  if (!missing.empty()) {
    return differs(*missing.begin()->second, "is missing");
  }
  return index.size();
}

}  // namespace obsctl::protect

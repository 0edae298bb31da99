// SPDX-License-Identifier: Apache-2.0
// What the tests of archives share: trees on the disk, archives in memory, trees as values that can be
// compared.
#pragma once

#include <fcntl.h>
#include <fmt/format.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "lib/archive/blob.hpp"
#include "lib/archive/directory_sink.hpp"
#include "lib/archive/directory_source.hpp"
#include "lib/archive/read.hpp"
#include "lib/archive/tar_header.hpp"
#include "lib/archive/write.hpp"

namespace obsctl::archive::test {

namespace fs = std::filesystem;

// A directory that is gone with the test.
class Scratch {
 public:
  Scratch() {
    std::string name = (fs::temp_directory_path() / "obsctl-archive-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~Scratch() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  [[nodiscard]] std::string operator/(std::string_view name) const {
    return (path_ / name).string();
  }
  // A new directory in it.
  [[nodiscard]] std::string make(std::string_view name) const {
    fs::create_directories(path_ / name);
    return (path_ / name).string();
  }

 private:
  fs::path path_;
};

inline void put(const std::string& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

inline std::string get(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

// An archive in memory.
struct Made {
  std::string blob;
  std::string index;
  Summary summary;
  std::vector<Problem> problems;
};

inline ByteSink into(std::string& text) {
  return [&text](std::string_view bytes) -> Result<void> {
    text += bytes;
    return {};
  };
}

inline ByteSource from(std::string_view text) {
  return [text](std::span<char> buffer) mutable -> Result<std::size_t> {
    const std::size_t n = text.copy(buffer.data(), buffer.size());
    text.remove_prefix(n);
    return n;
  };
}

inline Result<Made> make(TreeSource& source, const WriteOptions& options = {}) {
  Made out;
  OBS_TRY_ASSIGN(const Written written,
                 write_archive(source, into(out.blob), into(out.index), options));
  out.summary = written.summary;
  out.problems = written.problems;
  return out;
}

inline Result<Made> make(const std::string& directory, const WriteOptions& options = {}) {
  OBS_TRY_ASSIGN(Fd root, open_root(directory));
  DirectorySource source(std::move(root));
  return make(source, options);
}

// With the blobs that it refers to.
class Opened {
 public:
  explicit Opened(const Made& made)
      : blob_(made.blob), index_(made.index), stored{blob_, index_, made.summary} {}

 private:
  MemoryBlob blob_;
  MemoryBlob index_;

 public:
  Stored stored;
};

inline Result<Verified> verify(const Made& made, Level level) {
  return verify_archive(Opened(made).stored, level);
}

inline Result<Extracted> unpack(const Made& made, const std::string& directory,
                                DirectorySinkOptions options = {},
                                const Selection& selection = {}) {
  OBS_TRY_ASSIGN(Fd root, open_root(directory));
  options.durable = false;  // syncing a busy disk takes seconds, and no test can see it
  DirectorySink sink(std::move(root), options);
  return extract(Opened(made).stored, sink, selection);
}

// The tree as entries by path, with everything but offsets; contents as digests.
inline std::map<std::string, Entry> tree_of(const std::string& directory) {
  std::map<std::string, Entry> out;
  const auto made = make(directory);
  const auto index = read_index(Opened(*made).stored);
  for (Entry entry : index->entries) {
    entry.offset = 0;
    out[entry.path] = entry;
  }
  return out;
}

// Members and their content from a list, as a source of archives.
class ListSource final : public TreeSource {
 public:
  struct One {
    Member member;
    std::string content;
  };
  explicit ListSource(std::vector<One> list) : list_(std::move(list)) {}
  Result<std::optional<Member>> next() override {
    if (next_ == list_.size()) {
      return std::nullopt;
    }
    rest_ = list_[next_].content;
    return list_[next_++].member;
  }
  Result<std::size_t> read(std::span<char> into) override {
    const std::size_t n = rest_.copy(into.data(), into.size());
    rest_.remove_prefix(n);
    return n;
  }
  [[nodiscard]] const std::vector<Problem>& problems() const override { return problems_; }

 private:
  std::vector<One> list_;
  std::size_t next_ = 0;
  std::string_view rest_;
  std::vector<Problem> problems_;
};

inline ListSource::One file_of(std::string path, std::string content, std::uint32_t mode = 0644) {
  Entry entry;
  entry.path = std::move(path);
  entry.mode = mode;
  entry.size = content.size();
  return {.member = {.entry = entry, .data = whole(content.size())}, .content = std::move(content)};
}

inline ListSource::One node_of(std::string path, EntryType type, std::string link = "") {
  Entry entry;
  entry.path = std::move(path);
  entry.type = type;
  entry.mode = 0755;
  entry.link = std::move(link);
  return {.member = {.entry = entry, .data = {}}, .content = ""};
}

// A plain tar stream of them.
inline std::string tar_of(const std::vector<ListSource::One>& list) {
  std::string out;
  for (const auto& [member, content] : list) {
    out += header_of(member) + content;
    out.resize(padded(out.size()), '\0');
  }
  return out + std::string(k_trailer, '\0');
}

}  // namespace obsctl::archive::test

// SPDX-License-Identifier: Apache-2.0
// Takes entries out of an archive: all of them in one pass, or some, found by the index.
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include "lib/archive/content.hpp"
#include "lib/archive/cursor.hpp"
#include "lib/archive/index.hpp"
#include "lib/archive/read.hpp"

namespace obsctl::archive {
namespace {

// An entry of the archive, and what it is to be where it goes.
struct Item {
  Entry from;
  Entry as;
};

bool is_below(std::string_view path, std::string_view top) {
  return path.size() > top.size() && path.starts_with(top) && path[top.size()] == '/';
}

// Calls `visit` with every entry of the index; returns the frames.
Result<std::vector<Frame>> for_each_entry(const Stored& stored,
                                          const std::function<void(Entry)>& visit) {
  OBS_TRY_ASSIGN(const auto index, IndexReader::open(stored));
  for (;;) {
    OBS_TRY_ASSIGN(std::optional<Entry> entry, index->next());
    if (!entry) {
      return index->frames();
    }
    visit(std::move(*entry));
  }
}

class Selector {
 public:
  explicit Selector(const Selection& selection) : paths_(selection.paths) {}

  void visit(Entry entry) {
    bool selected = false;
    bool above = false;
    for (const std::string& path : paths_) {
      const bool itself = entry.path == path;
      if (itself || is_below(entry.path, path)) {
        selected = true;
        found_.insert(path);
      }
      above = above || is_below(path, entry.path);
    }
    if (selected || (above && entry.type == EntryType::directory)) {
      names_.insert(entry.path);
      entries_.push_back(std::move(entry));
    }
  }

  // Errors: a path that names nothing.
  Result<void> check() const {
    for (const std::string& path : paths_) {
      if (!found_.contains(path)) {
        return fail(Code::usage, fmt::format("the archive has no '{}'", printable(path)),
                    "its index lists what it has");
      }
    }
    return {};
  }

  // Files that selected hard links are names of, and that are not selected themselves.
  std::set<std::string> missing() const {
    std::set<std::string> out;
    for (const Entry& entry : entries_) {
      if (entry.type == EntryType::hardlink && !names_.contains(entry.link)) {
        out.insert(entry.link);
      }
    }
    return out;
  }

  // The first name of such a file becomes the file, further ones links to that.
  std::vector<Item> items(const std::map<std::string, Entry>& targets) && {
    std::map<std::string, std::string> first;
    std::vector<Item> out;
    for (Entry& entry : entries_) {
      const auto target = targets.find(entry.type == EntryType::hardlink ? entry.link : "");
      Item item{.from = entry, .as = std::move(entry)};
      if (target != targets.end()) {
        const auto [it, is_new] = first.try_emplace(target->first, item.as.path);
        if (is_new) {
          item = {.from = target->second, .as = target->second};
          item.as.path = it->second;
        } else {
          item.as.link = it->second;
        }
      }
      out.push_back(std::move(item));
    }
    return out;
  }

 private:
  std::vector<std::string> paths_;
  std::set<std::string> found_;
  std::set<std::string> names_;
  std::vector<Entry> entries_;
};

class Extraction {
 public:
  Extraction(const Stored& stored, std::vector<Frame> frames, EntrySink& sink,
             const Progress& progress)
      : cursor_(stored, std::move(frames)), sink_(sink), progress_(progress) {}

  Result<void> add(const Item& item) {
    OBS_TRY_ASSIGN(Member member, cursor_.at(item.from));
    const Entry& is = member.entry;
    Member as{.entry = item.as, .data = member.data};
    OBS_TRY(sink_.begin(as));
    if (is.type == EntryType::file) {
      const ByteSink give = [this](std::string_view bytes) -> Result<void> {
        OBS_TRY(sink_.write(bytes));
        return progress_ ? progress_(cursor_.position()) : Result<void>();
      };
      OBS_TRY(cursor_.content(member, item.from, give));
      out_.bytes += is.size;
    }
    ++out_.entries;
    OBS_TRY(sink_.end());
    return progress_ ? progress_(cursor_.position()) : Result<void>();
  }

  Cursor& cursor() { return cursor_; }

  Result<Extracted> finish() {
    OBS_TRY(sink_.finish());
    return out_;
  }

 private:
  Cursor cursor_;
  EntrySink& sink_;
  const Progress& progress_;
  Extracted out_;
};

Result<Extracted> extract_all(const Stored& stored, EntrySink& sink, const Progress& progress) {
  OBS_TRY_ASSIGN(const auto index, IndexReader::open(stored));
  Extraction extraction(stored, {}, sink, progress);
  std::string last;
  for (;;) {
    OBS_TRY_ASSIGN(const std::optional<Entry> entry, index->next());
    if (!entry) {
      OBS_TRY(extraction.cursor().end(last));
      return extraction.finish();
    }
    OBS_TRY(extraction.add({.from = *entry, .as = *entry}));
    last = entry->path;
  }
}

// Gives the content of one file and nothing else.
class ContentSink final : public EntrySink {
 public:
  ContentSink(std::string_view path, const ByteSink& into) : path_(path), into_(into) {}

  Result<void> begin(const Member& member) override {
    content_.begin(member);
    if (member.entry.path == path_ && member.entry.type != EntryType::file) {
      return fail(Code::usage, fmt::format("'{}' is a {} and no file", printable(path_),
                                           name_of(member.entry.type)));
    }
    return {};
  }
  Result<void> write(std::string_view bytes) override { return content_.write(bytes, into_); }
  Result<void> end() override { return content_.end(into_); }
  Result<void> finish() override { return {}; }
  [[nodiscard]] const std::vector<Problem>& problems() const override { return problems_; }

 private:
  std::string path_;
  const ByteSink& into_;
  Content content_;
  std::vector<Problem> problems_;
};

}  // namespace

Result<Extracted> extract(const Stored& stored, EntrySink& sink, const Selection& selection,
                          const Progress& progress) {
  if (selection.paths.empty()) {
    return extract_all(stored, sink, progress);
  }
  Selector selector(selection);
  OBS_TRY_ASSIGN(std::vector<Frame> frames,
                 for_each_entry(stored, [&](Entry entry) { selector.visit(std::move(entry)); }));
  OBS_TRY(selector.check());
  std::map<std::string, Entry> targets;
  if (const auto missing = selector.missing(); !missing.empty()) {
    const auto keep = [&](Entry entry) {
      if (missing.contains(entry.path)) {
        targets[entry.path] = std::move(entry);
      }
    };
    OBS_TRY(for_each_entry(stored, keep));
  }
  Extraction extraction(stored, std::move(frames), sink, progress);
  for (const Item& item : std::move(selector).items(targets)) {
    OBS_TRY(extraction.add(item));
  }
  return extraction.finish();
}

Result<void> read_file(const Stored& stored, std::string_view path, const ByteSink& into) {
  ContentSink sink(path, into);
  OBS_TRY(extract(stored, sink, {.paths = {std::string(path)}}));
  return {};
}

}  // namespace obsctl::archive

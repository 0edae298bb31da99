// SPDX-License-Identifier: Apache-2.0
// A volume that was read back is held against its index: equal is equal, and each difference is named.
#include "lib/protect/compare_stream.hpp"

#include <doctest/doctest.h>

#include <functional>

#include "lib/archive/digest.hpp"

using namespace obsctl;
using namespace obsctl::archive;

namespace {

struct Node {
  Entry entry;
  std::string content = {};
};

// What an engine gives back.
class FakeVolume final : public TreeSource {
 public:
  explicit FakeVolume(std::vector<Node> nodes) : nodes_(std::move(nodes)) {}
  Result<std::optional<Member>> next() override {
    if (at_ == nodes_.size()) {
      return std::optional<Member>();
    }
    const Node& node = nodes_[at_++];
    left_ = node.content;
    return std::optional(Member{.entry = node.entry, .data = whole(node.entry.size)});
  }
  Result<std::size_t> read(std::span<char> into) override {
    const std::size_t piece = std::min(into.size(), left_.size());
    std::copy_n(left_.begin(), piece, into.begin());
    left_.remove_prefix(piece);
    return piece;
  }
  [[nodiscard]] const std::vector<Problem>& problems() const override { return none_; }

 private:
  std::vector<Node> nodes_;
  std::size_t at_ = 0;
  std::string_view left_;
  std::vector<Problem> none_;
};

Node file(std::string path, std::string content) {
  Sha256 digest;
  digest.add(content);
  Entry entry;
  entry.path = std::move(path);
  entry.mode = 0640;
  entry.uid = 10001;
  entry.mtime_ns = 1'700'000'000'123'456'789;
  entry.size = content.size();
  entry.sha256 = digest.hex();
  return {std::move(entry), std::move(content)};
}

std::vector<Node> tree() {
  Node top;
  top.entry.path = "data";
  top.entry.type = EntryType::directory;
  top.entry.mode = 0750;
  Node link;
  link.entry.path = "data/now";
  link.entry.type = EntryType::symlink;
  link.entry.link = "wal";
  Node other;
  other.entry.path = "data/wal2";
  other.entry.type = EntryType::hardlink;
  other.entry.link = "data/wal";
  return {top, file("data/wal", "0123456789"), file("data/empty", ""), link, other};
}

std::vector<Entry> index_of(const std::vector<Node>& nodes) {
  std::vector<Entry> out;
  for (const Node& node : nodes) {
    out.push_back(node.entry);
  }
  return out;
}

// The error when the volume is changed after the index was made; empty when there is none.
std::string changed(const std::function<void(std::vector<Node>&)>& change) {
  std::vector<Node> nodes = tree();
  change(nodes);
  FakeVolume volume(nodes);
  const auto compared = protect::compare_stream(volume, index_of(tree()));
  if (!compared) {
    CHECK(compared.error().code == Code::integrity);
    return compared.error().message;
  }
  CHECK(*compared == tree().size());
  return "";
}

}  // namespace

TEST_CASE("an equal volume is equal, in any order and with times in whole seconds") {
  CHECK(changed([](auto&) {}).empty());
  CHECK(changed([](auto& nodes) { std::swap(nodes[1], nodes[2]); }).empty());
  CHECK(changed([](auto& nodes) { nodes[1].entry.mtime_ns = 1'700'000'000'000'000'000; }).empty());
}

TEST_CASE("each difference is named with its path") {
  CHECK(changed([](auto& nodes) { nodes.pop_back(); }) == "'data/wal2' is missing");
  CHECK(changed([](auto& nodes) { nodes.push_back(file("data/new", "x")); }) ==
        "'data/new' is there and was not in the backup");
  CHECK(changed([](auto& nodes) { nodes[1].content[3] = 'x'; }) == "'data/wal' has other content");
  CHECK(changed([](auto& nodes) { nodes[1].entry.mode = 0600; }) == "'data/wal' has another mode");
  CHECK(changed([](auto& nodes) { nodes[1].entry.uid = 0; }) == "'data/wal' has another owner");
  CHECK(changed([](auto& nodes) { nodes[0].entry.gid = 7; }) == "'data' has another owner");
  CHECK(changed([](auto& nodes) { nodes[1].entry.mtime_ns += 1'000'000'000; }) ==
        "'data/wal' has another time");
  CHECK(changed([](auto& nodes) { nodes[1] = file("data/wal", "short"); }) ==
        "'data/wal' has another size");
  CHECK(changed([](auto& nodes) { nodes[3].entry.link = "/etc"; }) ==
        "'data/now' leads somewhere else");
  CHECK(changed([](auto& nodes) { nodes[3].entry.type = EntryType::directory; }) ==
        "'data/now' is of another type");
  CHECK(changed([](auto& nodes) { nodes[1].content.resize(4); }) == "the content ended early");
}

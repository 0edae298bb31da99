// SPDX-License-Identifier: Apache-2.0
// Builds obsctl's tree from yaml-cpp's events: faster than its own nodes, and duplicate keys are
// seen.
#include "lib/yaml/read.hpp"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <set>
#include <sstream>

#include "lib/base/text.hpp"
#include "lib/base/utf8.hpp"

namespace obsctl::yaml {
namespace {

// Aliases are expanded and what has an anchor is kept, so a small file could become a huge tree
// ("billion laughs").
constexpr std::size_t k_max_nodes = 1'000'000;
// Far more than any file that obsctl reads or writes.
constexpr std::size_t k_max_bytes = 16 << 20;
// yaml-cpp 0.7 reports the same document for ever after some syntax errors.
constexpr std::size_t k_max_documents = 1000;

SourcePos position(const std::string& file, const YAML::Mark& mark) {
  return mark.is_null() ? SourcePos{file} : SourcePos{file, mark.line + 1, mark.column + 1};
}

// Leaves the parser from inside an event; caught in parse_all.
struct Stop {
  Error error;
};

[[noreturn]] void stop(SourcePos at, std::string message, std::string hint) {
  throw Stop{Error{.code = Code::config,
                   .message = std::move(message),
                   .at = std::move(at),
                   .hint = std::move(hint)}};
}

std::size_t count_nodes(const Node& node) {
  std::size_t count = 1;
  for (const auto& item : node.items) {
    count += count_nodes(item);
  }
  for (const auto& entry : node.entries) {
    count += count_nodes(entry.value);
  }
  return count;
}

// yaml-cpp 0.7 reads the escapes \N and \_ as a byte each instead of U+0085 and U+00A0. As the file
// is UTF-8, such a byte cannot stand for anything else.
std::string with_escapes(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    out += length == 0 ? "\xC2" : "";
    out += text.substr(0, std::max<std::size_t>(length, 1));
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return out;
}

// The line of the first byte that is not UTF-8; 0 when all are.
int line_of_foreign_byte(std::string_view text) {
  int line = 1;
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    if (length == 0) {
      return line;
    }
    line += text.front() == '\n' ? 1 : 0;
    text.remove_prefix(length);
  }
  return 0;
}

// Builds our tree from the parser's events; each open collection is a level on the stack.
class Builder final : public YAML::EventHandler {
 public:
  Builder(const std::string& file, Problems& problems) : file_(file), problems_(problems) {}

  [[nodiscard]] std::vector<Node> take() { return std::move(documents_); }

  void OnDocumentStart(const YAML::Mark&) override {
    if (documents_.size() == k_max_documents) {
      stop({file_}, "too many YAML documents, or a syntax error after the first one",
           "check quotes and brackets");
    }
    anchors_.clear();
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    add(make(Node::Kind::null, mark), anchor);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto it = anchors_.find(anchor);
    if (it == anchors_.end()) {
      stop(position(file_, mark), "an alias inside its own anchor", "write the value out");
    }
    count_copy(it->second, position(file_, mark));
    Node copy = it->second;
    copy.at = position(file_, mark);
    add(std::move(copy), 0);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    Node node = make(Node::Kind::scalar, mark);
    node.scalar = with_escapes(value);
    node.quoted = tag == "!";
    add(std::move(node), anchor);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(make(Node::Kind::sequence, mark), anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(make(Node::Kind::map, mark), anchor);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Level {
    Node node;
    YAML::anchor_t anchor = 0;
    bool has_key = false;
    std::string key = {};
    SourcePos key_at = {};
    std::set<std::string> seen = {};
  };

  [[nodiscard]] Node make(Node::Kind kind, const YAML::Mark& mark) const {
    Node node;
    node.kind = kind;
    node.at = position(file_, mark);
    return node;
  }

  void count(std::size_t more, const SourcePos& at) {
    count_ += more;
    if (count_ > k_max_nodes) {
      stop(at, "the document has too many values", "do not nest anchors or aliases in each other");
    }
  }

  // Before the copy is made, so that it cannot take all memory.
  void count_copy(const Node& node, const SourcePos& at) { count(count_nodes(node), at); }

  void open(Node node, YAML::anchor_t anchor) {
    levels_.push_back(Level{.node = std::move(node), .anchor = anchor});
  }

  void close() {
    Level done = std::move(levels_.back());
    levels_.pop_back();
    add(std::move(done.node), done.anchor);
  }

  void add(Node node, YAML::anchor_t anchor) {
    count(1, node.at);
    if (anchor != 0) {
      count_copy(node, node.at);
      anchors_[anchor] = node;
    }
    if (levels_.empty()) {
      documents_.push_back(std::move(node));
      return;
    }
    Level& level = levels_.back();
    if (level.node.is_sequence()) {
      level.node.items.push_back(std::move(node));
    } else if (!level.has_key) {
      set_key(level, node);
    } else {
      if (node.at.line == 0) {
        node.at = level.key_at;
      }
      level.node.entries.push_back({std::move(level.key), level.key_at, std::move(node)});
      level.has_key = false;
    }
  }

  void set_key(Level& level, const Node& node) {
    if (!node.is_scalar()) {
      stop(node.at, "a key must be a plain word", "");
    }
    if (!level.seen.insert(node.scalar).second) {
      problems_.add(node.at, fmt::format("duplicate key '{}'", node.scalar),
                    "remove one of the two");
    }
    level.key = node.scalar;
    level.key_at = node.at;
    level.has_key = true;
  }

  const std::string& file_;
  Problems& problems_;
  std::vector<Node> documents_;
  std::vector<Level> levels_;
  std::map<YAML::anchor_t, Node> anchors_;
  std::size_t count_ = 0;
};

// Whether that line (from 0) or the one before it is: yaml-cpp stumbles over either.
bool indented_by_tab(std::string_view text, int line) {
  for (int at = 0; !text.empty() && at <= line; ++at) {
    const std::string_view one = text.substr(0, text.find('\n'));
    const auto first = one.find_first_not_of(' ');
    if (at + 1 >= line && first != std::string_view::npos && one[first] == '\t') {
      return true;
    }
    text.remove_prefix(std::min(one.size() + 1, text.size()));
  }
  return false;
}

Result<std::vector<Node>> parse_all(std::string_view text, const std::string& file,
                                    Problems& problems) {
  if (text.size() > k_max_bytes) {
    return fail_at({file}, fmt::format("the file is larger than {} MiB", k_max_bytes >> 20U));
  }
  if (const int line = line_of_foreign_byte(text); line != 0) {
    return fail_at({file, line}, "this is not UTF-8 text", "save the file as UTF-8");
  }
  Builder builder(file, problems);
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const Stop& stopped) {
    return Failure(stopped.error);
  } catch (const YAML::Exception& error) {
    return fail_at(position(file, error.mark), fmt::format("invalid YAML: {}", error.msg),
                   indented_by_tab(text, error.mark.line)
                       ? "the line is indented with a tab; YAML takes spaces only"
                       : "");
  }
  return builder.take();
}

}  // namespace

const Node* Node::find(std::string_view key) const {
  for (const auto& entry : entries) {
    if (entry.key == key) {
      return &entry.value;
    }
  }
  return nullptr;
}

Result<const Node*> Node::require(std::string_view key) const {
  if (const Node* node = find(key)) {
    return node;
  }
  return fail_at(at, fmt::format("missing key '{}'", key));
}

Result<std::string> Node::text(std::string_view key) const {
  OBS_TRY_ASSIGN(const Node* node, require(key));
  if (!node->is_scalar()) {
    return fail_at(node->at, fmt::format("'{}' must be a single value", key));
  }
  return node->scalar;
}

Result<double> Node::number(std::string_view key) const {
  OBS_TRY_ASSIGN(const std::string word, text(key));
  double value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error != std::errc() || end != word.data() + word.size()) {
    return fail_at(find(key)->at, fmt::format("'{}' must be a number, not '{}'", key, word));
  }
  return value;
}

std::string Node::text_or(std::string_view key, std::string_view fallback) const {
  const Node* node = find(key);
  return node != nullptr && node->is_scalar() ? node->scalar : std::string(fallback);
}

Result<void> Node::only(const std::vector<std::string>& known) const {
  Problems problems;
  for (const auto& entry : entries) {
    if (!problems.full() && std::find(known.begin(), known.end(), entry.key) == known.end()) {
      std::string hint = did_you_mean(entry.key, known);
      problems.add(entry.at, fmt::format("unknown key '{}'", entry.key),
                   hint.empty() ? "known keys: " + join(known, ", ") : hint);
    }
  }
  return problems.done();
}

Result<Node> parse(std::string_view text, const std::string& file) {
  Problems problems;
  OBS_TRY_ASSIGN(Node root, parse(text, file, problems));
  OBS_TRY(problems.done());
  return root;
}

Result<Node> parse(std::string_view text, const std::string& file, Problems& problems) {
  OBS_TRY_ASSIGN(auto documents, parse_all(text, file, problems));
  if (documents.size() > 1) {
    return fail_at({file}, "more than one YAML document", "remove the '---' separators");
  }
  if (documents.empty()) {
    documents.emplace_back().at = {file};
  }
  return std::move(documents.front());
}

Result<void> check(std::string_view text, const std::string& file) {
  Problems problems;
  OBS_TRY(parse_all(text, file, problems));
  return problems.done();
}

}  // namespace obsctl::yaml

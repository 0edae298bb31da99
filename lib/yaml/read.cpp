// Converts yaml-cpp's nodes to obsctl's, checking for duplicate keys on the way.
#include "lib/yaml/read.hpp"

#include <algorithm>
#include <charconv>
#include <set>

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include "lib/base/text.hpp"

namespace obsctl::yaml {
namespace {

// Aliases are expanded, so a small file could become a huge tree ("billion laughs").
constexpr std::size_t k_max_nodes = 1'000'000;

SourcePos position(const std::string& file, const YAML::Mark& mark) {
  return mark.is_null() ? SourcePos{file} : SourcePos{file, mark.line + 1, mark.column + 1};
}

class Converter {
 public:
  explicit Converter(const std::string& file) : file_(file) {}

  Result<Node> convert(const YAML::Node& in) {
    Node out;
    out.at = position(file_, in.Mark());
    if (++count_ > k_max_nodes) {
      return fail_at(out.at, "the document has too many values", "do not nest aliases in aliases");
    }
    switch (in.Type()) {
      case YAML::NodeType::Scalar:
        out.kind = Node::Kind::scalar;
        out.scalar = in.Scalar();
        out.quoted = in.Tag() == "!";
        break;
      case YAML::NodeType::Sequence:
        out.kind = Node::Kind::sequence;
        for (const auto& item : in) {
          OBS_TRY_ASSIGN(Node value, convert(item));
          out.items.push_back(std::move(value));
        }
        break;
      case YAML::NodeType::Map: return convert_map(in, std::move(out));
      case YAML::NodeType::Null:
      case YAML::NodeType::Undefined: break;
    }
    return out;
  }

 private:
  Result<Node> convert_map(const YAML::Node& in, Node out) {
    out.kind = Node::Kind::map;
    std::set<std::string> seen;
    for (const auto& pair : in) {
      const SourcePos at = position(file_, pair.first.Mark());
      if (!pair.first.IsScalar()) {
        return fail_at(at, "a key must be a plain word");
      }
      const std::string key = pair.first.Scalar();
      if (!seen.insert(key).second) {
        return fail_at(at, fmt::format("duplicate key '{}'", key), "remove one of the two");
      }
      OBS_TRY_ASSIGN(Node value, convert(pair.second));
      if (value.at.line == 0) {
        value.at = at;
      }
      out.entries.push_back({key, at, std::move(value)});
    }
    return out;
  }

  const std::string& file_;
  std::size_t count_ = 0;
};

Result<std::vector<Node>> parse_all(std::string_view text, const std::string& file) {
  try {
    std::vector<Node> out;
    Converter converter(file);
    for (const auto& document : YAML::LoadAll(std::string(text))) {
      OBS_TRY_ASSIGN(Node node, converter.convert(document));
      out.push_back(std::move(node));
    }
    return out;
  } catch (const YAML::Exception& error) {
    return fail_at(position(file, error.mark), fmt::format("invalid YAML: {}", error.msg));
  }
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
  for (const auto& entry : entries) {
    if (std::find(known.begin(), known.end(), entry.key) == known.end()) {
      std::string hint = did_you_mean(entry.key, known);
      return fail_at(entry.at, fmt::format("unknown key '{}'", entry.key),
                     hint.empty() ? "known keys: " + join(known, ", ") : hint);
    }
  }
  return {};
}

Result<Node> parse(std::string_view text, const std::string& file) {
  OBS_TRY_ASSIGN(auto documents, parse_all(text, file));
  if (documents.size() > 1) {
    return fail_at({file}, "more than one YAML document", "remove the '---' separators");
  }
  return documents.empty() ? Node{.at = {file}} : std::move(documents.front());
}

Result<void> check(std::string_view text, const std::string& file) {
  OBS_TRY(parse_all(text, file));
  return {};
}

}  // namespace obsctl::yaml

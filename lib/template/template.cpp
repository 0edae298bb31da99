// SPDX-License-Identifier: Apache-2.0
// The template engine: text → tags → tree of pieces → rendered text, and the look-up of templates.
#include "lib/template/template.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "lib/base/text.hpp"
#include "templates/embedded.hpp"

namespace obsctl {
namespace {

constexpr std::string_view k_open = "[%";
constexpr std::string_view k_close = "%]";
constexpr std::size_t k_max_depth = 32;

struct Piece {
  enum class Kind { text, value, section, inverted, partial };

  Kind kind = Kind::text;
  std::string_view text = {};  // the literal text, or the name
  std::size_t offset = 0;      // of the tag in the template
  std::vector<Piece> children = {};
  std::string_view indent = {};  // of a partial that is alone on its line
};

SourcePos position(const Template& source, std::size_t offset) {
  const std::string_view before = std::string_view(source.text).substr(0, offset);
  const auto line = std::ranges::count(before, '\n') + 1;
  const auto line_start = before.rfind('\n');
  const std::size_t column =
      offset - (line_start == std::string_view::npos ? 0 : line_start + 1) + 1;
  return {source.file(), static_cast<int>(line), static_cast<int>(column)};
}

bool valid_name(std::string_view name, bool path) {
  return !name.empty() && std::ranges::all_of(name, [path](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.' || (path && c == '/');
  });
}

struct Tag {
  char kind = 0;  // '#', '^', '/', '!', '>' or 0 for a value
  std::string_view name = {};
  std::size_t begin = 0;  // offset of [%
  std::size_t end = 0;    // offset after %]
};

// Cuts a template into a tree of pieces.
class Parser {
 public:
  explicit Parser(const Template& source) : source_(source), text_(source.text) {}

  Result<std::vector<Piece>> parse() {
    std::vector<Piece> open(1);  // open[0] is the whole template, the rest the sections around `at`
    std::size_t at = 0;
    while (true) {
      const auto begin = text_.find(k_open, at);
      const auto literal = text_.substr(at, begin == std::string_view::npos ? begin : begin - at);
      if (const auto stray = literal.find(k_close); stray != std::string_view::npos) {
        return fail_at(position(source_, at + stray), "'%]' closes no tag",
                       "a tag starts with '[%'");
      }
      if (begin == std::string_view::npos) {
        add_text(open.back(), literal);
        break;
      }
      OBS_TRY_ASSIGN(const Tag tag, read_tag(begin));
      const bool alone = tag.kind != 0 && is_alone(tag);
      const std::string_view before = alone ? without_indent(literal) : literal;
      add_text(open.back(), before);
      OBS_TRY(apply(tag, literal.substr(before.size()), open));
      at = alone ? after_line(tag.end) : tag.end;
    }
    if (open.size() > 1) {
      return fail_at(position(source_, open.back().offset),
                     fmt::format("section '{}' is never closed", open.back().text),
                     fmt::format("close it with '[%/ {} %]'", open.back().text));
    }
    return std::move(open.front().children);
  }

 private:
  static void add_text(Piece& parent, std::string_view literal) {
    if (!literal.empty()) {
      parent.children.push_back({.kind = Piece::Kind::text, .text = literal});
    }
  }

  Result<Tag> read_tag(std::size_t begin) const {
    const auto close = text_.find(k_close, begin + k_open.size());
    if (close == std::string_view::npos) {
      return fail_at(position(source_, begin), "this tag is never closed", "end it with '%]'");
    }
    Tag tag{.begin = begin, .end = close + k_close.size()};
    std::string_view inside =
        trim(text_.substr(begin + k_open.size(), close - begin - k_open.size()));
    if (!inside.empty() && std::string_view("#^/!>").find(inside[0]) != std::string_view::npos) {
      tag.kind = inside[0];
      inside = trim(inside.substr(1));
    }
    tag.name = inside;
    if (tag.kind != '!' && !valid_name(tag.name, tag.kind == '>')) {
      return fail_at(position(source_, begin), fmt::format("'{}' is not a tag", inside),
                     "a tag is [% name %], [%# name %], [%^ name %], [%/ name %], [%> file %] or "
                     "[%! comment %]");
    }
    return tag;
  }

  Result<void> apply(const Tag& tag, std::string_view indent, std::vector<Piece>& open) const {
    switch (tag.kind) {
      case '!': return {};
      case '#':
      case '^':
        if (open.size() > k_max_depth) {
          return fail_at(position(source_, tag.begin), "sections are nested too deeply");
        }
        open.push_back({.kind = tag.kind == '#' ? Piece::Kind::section : Piece::Kind::inverted,
                        .text = tag.name,
                        .offset = tag.begin});
        return {};
      case '/': return close_section(tag, open);
      case '>':
        open.back().children.push_back({.kind = Piece::Kind::partial,
                                        .text = tag.name,
                                        .offset = tag.begin,
                                        .indent = indent});
        return {};
      default:
        open.back().children.push_back(
            {.kind = Piece::Kind::value, .text = tag.name, .offset = tag.begin});
        return {};
    }
  }

  Result<void> close_section(const Tag& tag, std::vector<Piece>& open) const {
    if (open.size() == 1) {
      return fail_at(position(source_, tag.begin),
                     fmt::format("'[%/ {} %]' closes no section", tag.name));
    }
    if (open.back().text != tag.name) {
      return fail_at(position(source_, tag.begin),
                     fmt::format("'[%/ {} %]' closes section '{}'", tag.name, open.back().text),
                     fmt::format("'{}' was opened at {}", open.back().text,
                                 position(source_, open.back().offset).str()));
    }
    Piece done = std::move(open.back());
    open.pop_back();
    open.back().children.push_back(std::move(done));
    return {};
  }

  // True when nothing but blanks shares the tag's line (of the last line, for a comment over
  // several).
  [[nodiscard]] bool is_alone(const Tag& tag) const {
    const auto left = text_.substr(0, tag.begin).find_last_not_of(" \t");
    if (left != std::string_view::npos && text_[left] != '\n') {
      return false;
    }
    const auto right = text_.find_first_not_of(" \t\r", tag.end);
    return right == std::string_view::npos || text_[right] == '\n';
  }

  static std::string_view without_indent(std::string_view literal) {
    const auto last = literal.find_last_not_of(" \t");
    return literal.substr(0, last == std::string_view::npos ? 0 : last + 1);
  }

  [[nodiscard]] std::size_t after_line(std::size_t at) const {
    const auto newline = text_.find('\n', at);
    return newline == std::string_view::npos ? text_.size() : newline + 1;
  }

  const Template& source_;
  std::string_view text_;
};

bool is_falsy(const Values& value) {
  return value.is_null() || (value.is_boolean() && !value.get<bool>()) ||
         (value.is_array() && value.empty()) ||
         (value.is_string() && value.get_ref<const std::string&>().empty());
}

// The lines of `text` behind `indent`; empty ones stay empty.
std::string indented(std::string_view text, std::string_view indent) {
  std::string out;
  while (!text.empty()) {
    const auto newline = text.find('\n');
    const std::string_view line =
        text.substr(0, newline == std::string_view::npos ? newline : newline + 1);
    if (line != "\n") {
      out += indent;
    }
    out += line;
    text.remove_prefix(line.size());
  }
  return out;
}

// A template and its pieces, which are views into its text.
struct Parsed {
  Template source;
  std::vector<Piece> pieces;
};

// Walks the pieces with the stack of scopes that sections push. A partial is walked by the same
// object, so that it sees the scopes of its place; `source_` is the file that is being walked.
class Renderer {
 public:
  Renderer(const Template& source, const Values& values, const TemplateStore* store)
      : source_(&source), store_(store), open_{&source}, scopes_{&values} {
    out_.reserve(source.text.size() + source.text.size() / 4);
  }

  Result<void> render(const std::vector<Piece>& pieces) {
    for (const auto& piece : pieces) {
      if (piece.kind == Piece::Kind::text) {
        out_ += piece.text;
        continue;
      }
      if (piece.kind == Piece::Kind::partial) {
        OBS_TRY(partial(piece));
        continue;
      }
      const Values* value = find(piece.text);
      if (value == nullptr) {
        return unknown(piece);
      }
      if (piece.kind == Piece::Kind::value) {
        OBS_TRY(insert(piece, *value));
      } else {
        OBS_TRY(section(piece, *value));
      }
    }
    return {};
  }

  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  static const Values* member(const Values& scope, std::string_view name) {
    if (!scope.is_object()) {
      return nullptr;
    }
    const auto it = scope.find(std::string(name));
    return it == scope.end() ? nullptr : &*it;
  }

  // The value of a dotted name below `scope`.
  static const Values* below(const Values& scope, std::string_view name) {
    const Values* value = &scope;
    while (value != nullptr) {
      const auto dot = name.find('.');
      value = member(*value, name.substr(0, dot));
      if (dot == std::string_view::npos) {
        return value;
      }
      name.remove_prefix(dot + 1);
    }
    return nullptr;
  }

  [[nodiscard]] const Values* find(std::string_view name) const {
    if (name == ".") {
      return scopes_.back();
    }
    for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope) {
      if (const Values* value = below(**scope, name)) {
        return value;
      }
    }
    return nullptr;
  }

  [[nodiscard]] SourcePos place(const Piece& piece) const {
    return position(*source_, piece.offset);
  }

  // A template is parsed once, however often it is included.
  Result<const Parsed*> included(const Piece& piece) {
    const std::string path(piece.text);
    if (const auto known = included_.find(path); known != included_.end()) {
      return &known->second;
    }
    if (store_ == nullptr) {
      return fail_at(place(piece), fmt::format("'{}' cannot be included here", path),
                     "only a file of a template directory can include others");
    }
    auto source = store_->find(path);
    if (!source) {
      return fail_at(place(piece), source.error().message,
                     "an included template is named by its path below the template directory");
    }
    Parsed& parsed = included_[path];
    parsed.source = std::move(*source);
    auto pieces = Parser(parsed.source).parse();
    if (!pieces) {
      return Failure(std::move(pieces).error().in("including it at " + place(piece).str()));
    }
    parsed.pieces = std::move(*pieces);
    return &parsed;
  }

  Result<void> partial(const Piece& piece) {
    OBS_TRY_ASSIGN(const Parsed* parsed, included(piece));
    if (std::ranges::find(open_, parsed->source.path, &Template::path) != open_.end()) {
      return fail_at(place(piece), fmt::format("'{}' includes itself", piece.text));
    }
    const Template* outer = std::exchange(source_, &parsed->source);
    std::string before = std::exchange(out_, {});
    open_.push_back(source_);
    auto done = render(parsed->pieces);
    open_.pop_back();
    source_ = outer;
    if (!done) {
      return Failure(std::move(done).error().in("including it at " + place(piece).str()));
    }
    out_ = std::move(before) + indented(out_, piece.indent);
    return {};
  }

  Result<void> section(const Piece& piece, const Values& value) {
    if (piece.kind == Piece::Kind::inverted) {
      return is_falsy(value) ? render(piece.children) : Result<void>();
    }
    if (is_falsy(value)) {
      return {};
    }
    if (!value.is_array()) {
      return inside(piece, value);
    }
    for (const auto& element : value) {
      OBS_TRY(inside(piece, element));
    }
    return {};
  }

  Result<void> inside(const Piece& piece, const Values& scope) {
    scopes_.push_back(&scope);
    auto done = render(piece.children);
    scopes_.pop_back();
    return done;
  }

  Result<void> insert(const Piece& piece, const Values& value) {
    switch (value.type()) {
      case Values::value_t::string: out_ += value.get_ref<const std::string&>(); return {};
      case Values::value_t::boolean: out_ += value.get<bool>() ? "true" : "false"; return {};
      case Values::value_t::number_integer:
        out_ += fmt::to_string(value.get<std::int64_t>());
        return {};
      case Values::value_t::number_unsigned:
        out_ += fmt::to_string(value.get<std::uint64_t>());
        return {};
      case Values::value_t::number_float: out_ += fmt::format("{}", value.get<double>()); return {};
      default:
        return fail_at(place(piece),
                       fmt::format("'{}' is {}, not a text", piece.text, value.type_name()),
                       fmt::format("use it as a section: [%# {0} %] … [%/ {0} %]", piece.text));
    }
  }

  static void collect(const Values& scope, const std::string& prefix,
                      std::vector<std::string>& names) {
    if (!scope.is_object()) {
      return;
    }
    for (const auto& [key, value] : scope.items()) {
      names.push_back(prefix + key);
      collect(value, prefix + key + ".", names);
    }
  }

  [[nodiscard]] Failure unknown(const Piece& piece) const {
    std::vector<std::string> names;
    for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope) {
      collect(**scope, "", names);
    }
    return fail_at(place(piece),
                   fmt::format("the template uses '{}', which has no value here", piece.text),
                   did_you_mean(piece.text, names));
  }

  const Template* source_;
  const TemplateStore* store_;  // null: no partials
  std::map<std::string, Parsed> included_;
  std::vector<const Template*> open_;  // the files around this place, outermost first
  std::vector<const Values*> scopes_;  // innermost last
  std::string out_;
};

}  // namespace

std::string Template::file() const {
  return origin == "embedded" ? "templates/" + path
                              : (std::filesystem::path(origin) / path).string();
}

Result<Template> TemplateStore::find(std::string_view path) const {
  for (const auto& directory : directories_) {
    OBS_TRY_ASSIGN(auto text, read_beneath(files_, directory, path));
    if (text) {
      return Template{std::string(path), directory.string(), std::move(*text)};
    }
  }
  const std::string_view bytes = embedded_file(path);
  if (bytes.data() == nullptr) {
    return fail(Code::config, fmt::format("there is no template '{}'", path));
  }
  return Template{std::string(path), "embedded", std::string(bytes)};
}

Result<std::vector<std::string>> TemplateStore::list(std::string_view prefix,
                                                     std::string_view suffix) const {
  std::vector<std::string> out;
  const auto add = [&](std::string_view path) {
    if (path.starts_with(prefix) && path.ends_with(suffix)) {
      out.emplace_back(path);
    }
  };
  for (const auto& file : embedded_files()) {
    add(file.path);
  }
  for (const auto& directory : directories_) {
    if (!files_.is_directory(directory)) {
      continue;
    }
    OBS_TRY_ASSIGN(const auto opened, files_.open_directory(directory));
    OBS_TRY_ASSIGN(const auto files, opened->list("."));
    for (const auto& file : files) {
      const std::string path = file.generic_string();
      if (!path.starts_with('.') && path.find("/.") == std::string::npos) {
        add(path);
      }
    }
  }
  std::ranges::sort(out);
  out.erase(std::ranges::unique(out).begin(), out.end());
  return out;
}

namespace {

Result<std::string> rendered(const Template& source, const Values& values,
                             const TemplateStore* store) {
  OBS_TRY_ASSIGN(const std::vector<Piece> pieces, Parser(source).parse());
  Renderer renderer(source, values, store);
  OBS_TRY(renderer.render(pieces));
  return renderer.take();
}

}  // namespace

Result<std::string> render_template(const Template& source, const Values& values) {
  return rendered(source, values, nullptr);
}

Result<std::string> render_template(const Template& source, const Values& values,
                                    const TemplateStore& store) {
  return rendered(source, values, &store);
}

}  // namespace obsctl

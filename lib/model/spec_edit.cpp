// Line edits on obsctl.yaml; the result is read back, so a wrong edit is never used.
#include "lib/model/spec_edit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <vector>

#include "lib/base/text.hpp"

namespace obsctl {
namespace {

// Every single value of a spec as key → YAML scalar; unset fields are absent.
std::map<std::string, std::string> values_of(const StackSpec& spec) {
  std::map<std::string, std::string> out;
  for (const auto& field : spec_fields()) {
    if (const auto value = field.get(spec)) {
      out[field.key] = field.form == "text" ? quoted(*value) : *value;
    }
  }
  for (const auto& [name, port] : spec.ports) {
    out["ports." + name] = fmt::to_string(port);
  }
  return out;
}

bool is_blank_or_comment(std::string_view line) {
  const std::string_view text = trim(line);
  return text.empty() || text.front() == '#';
}

// The lines of the section `head:` without its first, as [begin, end); nothing when there is none.
std::optional<std::pair<std::size_t, std::size_t>> section(const std::vector<std::string>& lines,
                                                           const std::string& head) {
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (trim(lines[i]) != head + ":" || lines[i].front() == ' ') {
      continue;
    }
    std::size_t end = i + 1;
    while (end < lines.size() && (is_blank_or_comment(lines[end]) || lines[end].front() == ' ')) {
      ++end;
    }
    return std::pair(i + 1, end);
  }
  return std::nullopt;
}

// The comment at the end of "key: value  # comment", with the blanks before it.
std::string trailing_comment(std::string_view line) {
  const auto at = line.find(" #");
  const bool in_quotes =
      at != std::string_view::npos && std::ranges::count(line.substr(0, at), '"') % 2 == 1;
  if (at == std::string_view::npos || in_quotes) {
    return {};
  }
  const auto value_end = line.substr(0, at).find_last_not_of(' ');
  return std::string(line.substr(value_end == std::string_view::npos ? at : value_end + 1));
}

// Sets `name` to `value` among the lines [begin, end): in place, or where it is commented out.
bool replace_line(std::vector<std::string>& lines, std::size_t begin, std::size_t end,
                  const std::string& pad, const std::string& name, const std::string& value) {
  for (const std::string& prefix :
       {fmt::format("{}{}:", pad, name), fmt::format("{}# {}:", pad, name)}) {
    for (std::size_t i = begin; i < end; ++i) {
      if (lines[i].starts_with(prefix)) {
        lines[i] = fmt::format("{}{}: {}{}", pad, name, value,
                               trailing_comment(std::string_view(lines[i]).substr(prefix.size())));
        return true;
      }
    }
  }
  return false;
}

void set_line(std::vector<std::string>& lines, const std::string& key, const std::string& value) {
  const auto dot = key.find('.');
  if (dot == std::string::npos) {
    if (!replace_line(lines, 0, lines.size(), "", key, value)) {
      lines.insert(lines.begin(), fmt::format("{}: {}", key, value));
    }
    return;
  }
  const std::string head = key.substr(0, dot);
  const std::string name = key.substr(dot + 1);
  if (const auto found = section(lines, head)) {
    if (!replace_line(lines, found->first, found->second, "  ", name, value)) {
      lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(found->first),
                   fmt::format("  {}: {}", name, value));
    }
    return;
  }
  const bool ends = !lines.empty() && lines.back().empty();  // the text ends with a newline
  const auto at = lines.end() - (ends ? 1 : 0);
  lines.insert(at, {"", head + ":", fmt::format("  {}: {}", name, value)});
}

}  // namespace

std::optional<std::string> edit_spec(std::string_view text, const StackSpec& from,
                                     const StackSpec& to) {
  const auto before = values_of(from);
  std::vector<std::string> lines = split(text, '\n');
  for (const auto& [key, value] : values_of(to)) {
    const auto it = before.find(key);
    if (it == before.end() || it->second != value) {
      set_line(lines, key, value);
    }
  }
  std::string out = join(lines, "\n");
  const auto back = read_spec(out, "obsctl.yaml");
  return back && write_spec(*back) == write_spec(to) ? std::optional(std::move(out)) : std::nullopt;
}

}  // namespace obsctl

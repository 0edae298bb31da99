// SPDX-License-Identifier: Apache-2.0
// Edits of lines of obsctl.yaml; the result is read back, so a wrong edit is never used.
#include "lib/model/spec_edit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <vector>

#include "lib/base/text.hpp"
#include "lib/yaml/write.hpp"

namespace obsctl {
namespace {

// Every value that was asked for as key → YAML scalar.
std::map<std::string, std::string> values_of(const StackSpec& spec) {
  std::map<std::string, std::string> out;
  for (const auto& field : spec_fields()) {
    if (const auto value = field.yaml(spec); value && spec.asked.contains(field.key)) {
      out[field.key] = *value;
    }
  }
  for (const auto& [name, port] : spec.ports) {
    out["ports." + name] = fmt::to_string(port);
  }
  for (const auto& [name, url] : spec.public_urls) {
    out["public_urls." + name] = yaml::scalar(url);
  }
  for (const auto& [reference, digest] : spec.digests) {
    out["digests." + reference] = digest;
  }
  return out;
}

bool is_blank_or_comment(std::string_view line) {
  const std::string_view text = trim(line);
  return text.empty() || text.front() == '#';
}

// Where a key belongs: its last part, its indentation, and the lines [begin, end) to look in.
struct Place {
  std::string name;
  std::string pad;
  std::size_t begin;
  std::size_t end;
};

// Nothing when the section of `key` is not there.
std::optional<Place> place_of(const std::vector<std::string>& lines, const std::string& key) {
  const auto dot = key.find('.');
  if (dot == std::string::npos) {
    return Place{.name = key, .pad = "", .begin = 0, .end = lines.size()};
  }
  const auto head =
      std::ranges::find_if(lines, [start = key.substr(0, dot) + ":"](const auto& line) {
        return line.starts_with(start) && trim(line) == start;
      });
  if (head == lines.end()) {
    return std::nullopt;
  }
  const auto end = std::find_if(head + 1, lines.end(), [](const auto& line) {
    return !is_blank_or_comment(line) && line.front() != ' ';
  });
  return Place{.name = key.substr(dot + 1),
               .pad = "  ",
               .begin = static_cast<std::size_t>(head + 1 - lines.begin()),
               .end = static_cast<std::size_t>(end - lines.begin())};
}

// The first line at `place` that starts with `start`.
std::string* find_line(std::vector<std::string>& lines, const Place& place,
                       const std::string& start) {
  for (std::size_t i = place.begin; i < place.end; ++i) {
    if (lines[i].starts_with(start)) {
      return &lines[i];
    }
  }
  return nullptr;
}

// The comment at the end of "key: value  # comment", with the blanks before it.
std::string trailing_comment(std::string_view line) {
  const auto at = line.find(" #");
  const auto value = line.find_first_not_of(' ');
  const char quote = value != std::string_view::npos && line[value] == '\'' ? '\'' : '"';
  const bool in_quotes =
      at != std::string_view::npos && std::ranges::count(line.substr(0, at), quote) % 2 == 1;
  if (at == std::string_view::npos || in_quotes) {
    return {};
  }
  const auto value_end = line.substr(0, at).find_last_not_of(' ');
  return std::string(line.substr(value_end == std::string_view::npos ? at : value_end + 1));
}

// Sets the key at `place` where it stands, or where it is commented out.
bool replace_line(std::vector<std::string>& lines, const Place& place, const std::string& value) {
  const std::string active = place.pad + place.name + ":";
  for (const std::string& start : {active, fmt::format("{}# {}:", place.pad, place.name)}) {
    if (std::string* line = find_line(lines, place, start)) {
      *line = fmt::format("{} {}{}", active, value,
                          trailing_comment(std::string_view(*line).substr(start.size())));
      return true;
    }
  }
  return false;
}

// Uncomments the line of a section that somebody commented out.
bool uncomment_section(std::vector<std::string>& lines, const std::string& head) {
  const auto line =
      std::ranges::find_if(lines, [&](const auto& l) { return trim(l) == "# " + head + ":"; });
  if (line == lines.end()) {
    return false;
  }
  *line = head + ":";
  return true;
}

void set_line(std::vector<std::string>& lines, const std::string& key, const std::string& value) {
  const std::string head = key.substr(0, key.find('.'));
  auto place = place_of(lines, key);
  if (!place && uncomment_section(lines, head)) {
    place = place_of(lines, key);
  }
  if (!place) {
    const bool ends = !lines.empty() && lines.back().empty();  // the text ends with a newline
    const auto at = lines.end() - (ends ? 1 : 0);
    lines.insert(at, {"", head + ":", fmt::format("  {}: {}", key.substr(head.size() + 1), value)});
  } else if (!replace_line(lines, *place, value)) {
    lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(place->begin),
                 fmt::format("{}{}: {}", place->pad, place->name, value));
  }
}

// What is not asked for any more stays readable, as a comment.
void comment_line(std::vector<std::string>& lines, const std::string& key) {
  if (const auto place = place_of(lines, key)) {
    if (std::string* line = find_line(lines, *place, place->pad + place->name + ":")) {
      line->insert(place->pad.size(), "# ");
    }
  }
}

}  // namespace

std::optional<std::string> edit_spec(std::string_view text, const StackSpec& from,
                                     const StackSpec& to) {
  const auto before = values_of(from);
  const auto after = values_of(to);
  std::vector<std::string> lines = split(text, '\n');
  for (const auto& [key, value] : before) {
    if (!after.contains(key)) {
      comment_line(lines, key);
    }
  }
  for (const auto& [key, value] : after) {
    const auto it = before.find(key);
    if (it == before.end() || it->second != value) {
      set_line(lines, key, value);
    }
  }
  std::string out = join(lines, "\n");
  const auto back = read_spec(out, "obsctl.yaml");
  return back && *back == to ? std::optional(std::move(out)) : std::nullopt;
}

Result<std::string> edit_calibration(std::string_view text, const Calibration& to,
                                     const std::string& file) {
  OBS_TRY_ASSIGN(StackSpec spec, read_spec(text, file));
  spec.calibration = to;
  // write_spec ends with the calibration, after one line of comment.
  const std::string complete = write_spec(spec);
  const auto key = complete.find("\ncalibration:\n");
  const std::string block = complete.substr(complete.rfind('\n', key - 1) + 1);
  const std::string comment = block.substr(0, block.find('\n'));

  std::string out;
  bool inside = false;
  for (const auto& line : split(text, '\n')) {
    if (line.starts_with("calibration:")) {
      inside = true;
      continue;
    }
    inside = inside && (line.empty() || line.front() == ' ');
    if (!inside && line != comment) {
      out += line + '\n';
    }
  }
  while (out.ends_with("\n\n")) {
    out.pop_back();
  }
  out += "\n" + block;
  const auto back = read_spec(out, file);
  if (!back || *back != spec) {
    return fail(Code::failed, fmt::format("cannot add a calibration to '{}'", file),
                "move its calibration block to the end of the file");
  }
  return out;
}

}  // namespace obsctl

// SPDX-License-Identifier: Apache-2.0
// Renders a Table.
#include "lib/ui/table.hpp"

#include <algorithm>

#include "lib/base/text.hpp"
#include "lib/ui/style.hpp"

namespace obsctl {
namespace {

std::string pad(const std::string& text, std::size_t width, Align align) {
  const std::size_t used = display_width(text);
  const std::string space(width > used ? width - used : 0, ' ');
  return align == Align::right ? space + text : text + space;
}

const std::string& cell(const std::vector<std::string>& row, std::size_t column) {
  static const std::string empty;
  return column < row.size() ? row[column] : empty;
}

std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) {
    return text;
  }
  return '"' + replace_all(text, "\"", "\"\"") + '"';
}

}  // namespace

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  bool escape = false;
  for (const char c : text) {
    if (escape) {
      escape = c != 'm';
    } else if (c == '\x1b') {
      escape = true;
    } else if ((static_cast<unsigned char>(c) & 0xC0U) != 0x80U) {  // not a continuation byte
      ++width;
    }
  }
  return width;
}

std::string render_text(const Table& table, bool color, std::size_t indent) {
  std::vector<std::size_t> widths;
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    std::size_t width = display_width(table.columns[c].title);
    for (const auto& row : table.rows) {
      width = std::max(width, display_width(cell(row, c)));
    }
    widths.push_back(width);
  }
  std::string out;
  const auto add_line = [&](const std::vector<std::string>& cells, bool heading) {
    std::string line(indent, ' ');
    for (std::size_t c = 0; c < widths.size(); ++c) {
      line += (c == 0 ? "" : "  ") + pad(cell(cells, c), widths[c], table.columns[c].align);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += (heading ? style(Style::bold, line, color) : line) + '\n';
  };
  std::vector<std::string> titles;
  for (const auto& column : table.columns) {
    titles.push_back(column.title);
  }
  add_line(titles, true);
  for (const auto& row : table.rows) {
    add_line(row, false);
  }
  return out;
}

std::string render_markdown(const Table& table) {
  std::string head = "|";
  std::string rule = "|";
  for (const auto& column : table.columns) {
    head += " " + column.title + " |";
    rule += column.align == Align::right ? "---:|" : "---|";
  }
  std::string out = head + "\n" + rule + "\n";
  for (const auto& row : table.rows) {
    out += "|";
    for (std::size_t c = 0; c < table.columns.size(); ++c) {
      out += " " + replace_all(cell(row, c), "|", "\\|") + " |";
    }
    out += "\n";
  }
  return out;
}

std::string render_csv(const Table& table) {
  std::string out;
  const auto add_line = [&out](const std::vector<std::string>& cells) {
    for (std::size_t c = 0; c < cells.size(); ++c) {
      out += (c == 0 ? "" : ",") + csv_field(cells[c]);
    }
    out += "\r\n";
  };
  std::vector<std::string> titles;
  for (const auto& column : table.columns) {
    titles.push_back(column.title);
  }
  add_line(titles);
  for (const auto& row : table.rows) {
    add_line(row);
  }
  return out;
}

}  // namespace obsctl

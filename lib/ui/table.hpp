// SPDX-License-Identifier: Apache-2.0
// Tables for people (aligned), for pipes (tab-separated), for documents (Markdown) and for
// spreadsheets (CSV, RFC 4180), all from the same cells.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace obsctl {

enum class Align { left, right };

struct Column {
  std::string title;
  Align align = Align::left;
};

struct Table {
  std::vector<Column> columns;
  std::vector<std::vector<std::string>> rows;

  void add(std::vector<std::string> row) { rows.push_back(std::move(row)); }
};

// Aligned columns with two spaces between them; titles are bold when `color`. `indent` leading
// spaces.
[[nodiscard]] std::string render_text(const Table& table, bool color = false,
                                      std::size_t indent = 0);
[[nodiscard]] std::string render_markdown(const Table& table);
[[nodiscard]] std::string render_csv(const Table& table);

// Columns that `text` takes on a terminal: UTF-8 code points, without ANSI sequences.
[[nodiscard]] std::size_t display_width(std::string_view text);

}  // namespace obsctl

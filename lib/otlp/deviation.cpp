// SPDX-License-Identifier: Apache-2.0
// Collecting deviations, and saying them.
#include "lib/otlp/deviation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "lib/base/text.hpp"
#include "lib/base/utf8.hpp"

namespace obsctl::otlp {
namespace {

constexpr std::size_t k_shown = 60;  // characters of a value, or of a key in a path

std::uint64_t mix(std::uint64_t hash, std::string_view text) {
  return hash * 0x9E3779B97F4A7C15U + std::hash<std::string_view>()(text);
}

}  // namespace

std::string shown(std::string_view value) {
  std::string out;
  for (std::size_t i = 0; i < k_shown && !value.empty(); ++i) {
    const std::size_t length = utf8_length(value);
    out += length > 0 ? std::string(value.substr(0, length))
                      : fmt::format("\\x{:02x}", static_cast<unsigned char>(value.front()));
    value.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return printable(out) + (value.empty() ? "" : "…");
}

std::string Path::text() const {
  std::string out;
  for (const Step* step = innermost_; step != nullptr; step = step->outer_) {
    std::string one = shown(step->name_);
    if (step->index_ != Step::k_no_index) {
      one += fmt::format("[{}]", step->index_);
    }
    const bool joined = out.empty() || out.front() == '[';  // an index without a name
    out.insert(0, one + (joined ? "" : "."));
  }
  return out.empty() ? "the request" : out;
}

std::uint64_t Path::shape() const {
  std::uint64_t hash = 0;
  for (const Step* step = innermost_; step != nullptr; step = step->outer_) {
    hash = mix(hash, step->name_);
  }
  return hash;
}

std::string to_text(const Deviation& deviation) {
  std::string out = fmt::format("{}: {}", deviation.path, deviation.what);
  if (deviation.count > 1) {
    out += fmt::format(" ({} like this)", deviation.count);
  }
  return out;
}

Deviation* Deviations::find(const Path& path, std::string_view mistake) {
  const std::uint64_t kind = mix(path.shape(), mistake);
  const auto known = std::ranges::find(kept_, kind, &Deviation::kind);
  if (known != kept_.end()) {
    ++known->count;
    return nullptr;
  }
  if (kept_.size() == k_kinds) {
    ++others_;
    return nullptr;
  }
  return &kept_.emplace_back(Deviation{.path = path.text(), .what = {}, .kind = kind});
}

}  // namespace obsctl::otlp

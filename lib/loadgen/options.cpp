// SPDX-License-Identifier: Apache-2.0
// Reads the short forms of counts and shards.
#include "lib/loadgen/options.hpp"

#include <fmt/format.h>

#include <cmath>

#include "lib/base/text.hpp"

namespace obsctl::loadgen {

Result<Count> parse_item_count(std::string_view text, std::string_view what) {
  const auto at = text.find_first_not_of("0123456789.kKM");
  const std::string_view word =
      at == std::string_view::npos ? name_of(Count::Of::items) : trim(text.substr(at));
  const auto of = choice_named<Count::Of>(word);
  if (!of) {
    return fail(Code::usage,
                fmt::format("'{}' of '{}' is not items, traces or requests", word, what),
                "for example 100k, 100ktraces or 500requests");
  }
  OBS_TRY_ASSIGN(const double number, parse_count(text.substr(0, at), what));
  if (number < 1 || number > 1e15 || number != std::floor(number)) {
    return fail(Code::usage,
                fmt::format("'{}' of '{}' is not a whole number from 1 to 10^15", text, what));
  }
  return Count{static_cast<std::int64_t>(number), *of};
}

Result<Shard> parse_shard(std::string_view text, std::string_view what) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) {
    return fail(Code::usage, fmt::format("'{}' of '{}' is not K/N", text, what),
                "for example 0/4, the first of four shards");
  }
  Shard out;
  OBS_TRY_ASSIGN(out.count, parse_integer(text.substr(slash + 1), what, 1, 100'000));
  OBS_TRY_ASSIGN(out.index, parse_integer(text.substr(0, slash), what, 0, out.count - 1));
  return out;
}

}  // namespace obsctl::loadgen

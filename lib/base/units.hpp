// SPDX-License-Identifier: Apache-2.0
// Quantities with units: bytes, durations, rates and shares, parsed strictly and printed readably.
//
// A bare number is refused wherever its unit would be a guess ("retention: 30" - days? hours?),
// because a sizing that is wrong by a factor of 24 looks exactly as convincing as a right one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "lib/base/error.hpp"

namespace obsctl {

// A number of bytes. Decimal units (KB, MB, GB) are powers of 1000, binary ones (KiB …) of 1024.
struct Bytes {
  double value = 0;

  [[nodiscard]] double gb() const { return value / 1e9; }
  [[nodiscard]] double gib() const { return value / (1024.0 * 1024.0 * 1024.0); }
  [[nodiscard]] static Bytes from_gb(double gb) { return {gb * 1e9}; }
  [[nodiscard]] static Bytes from_gib(double gib) { return {gib * 1024.0 * 1024.0 * 1024.0}; }
  [[nodiscard]] static Bytes from_mib(double mib) { return {mib * 1024.0 * 1024.0}; }
  auto operator<=>(const Bytes&) const = default;
};

// A length of time in seconds.
struct Duration {
  double seconds = 0;

  [[nodiscard]] double days() const { return seconds / 86400.0; }
  [[nodiscard]] double hours() const { return seconds / 3600.0; }
  [[nodiscard]] static Duration from_days(double days) { return {days * 86400.0}; }
  auto operator<=>(const Duration&) const = default;
};

// Things per second (spans, data points, log records).
struct Rate {
  double per_second = 0;

  auto operator<=>(const Rate&) const = default;
};

// A share between 0 and 1, written as a percentage.
struct Share {
  double value = 0;

  auto operator<=>(const Share&) const = default;
};

// Parsers. `what` names the input in the error, for example "--retention-logs". Accepted forms:
//   bytes     "512B", "1KB", "2.5GiB", "100 GB"           (a unit is required, except for 0)
//   duration  "500ms", "30s", "15m", "24h", "14d", "1d12h" (a unit is required, except for 0)
//   rate      "50k/s", "3000/min", "1.5M/s", "50000/s"    (the "per" part, except for 0)
//   share     "10%", "0.5%", "0.1", "1.0"                 (a bare number above 1 is refused)
//   count     "500k", "1.2M", "42"                        (a pure number of things)
// Sizes and durations are read in any case and written out as well: "16gib", "14days", "1y" (365d).
[[nodiscard]] Result<Bytes> parse_bytes(std::string_view text, std::string_view what);
[[nodiscard]] Result<Duration> parse_duration(std::string_view text, std::string_view what);
[[nodiscard]] Result<Rate> parse_rate(std::string_view text, std::string_view what);
[[nodiscard]] Result<Share> parse_share(std::string_view text, std::string_view what);
[[nodiscard]] Result<double> parse_count(std::string_view text, std::string_view what);
[[nodiscard]] Result<std::int64_t> parse_integer(std::string_view text, std::string_view what,
                                                 std::int64_t min, std::int64_t max);
[[nodiscard]] Result<bool> parse_bool(std::string_view text, std::string_view what);

// Exact printers: parse(print(x)) == x. Used for obsctl.yaml.
[[nodiscard]] std::string print_bytes(Bytes bytes);
[[nodiscard]] std::string print_duration(Duration duration);
[[nodiscard]] std::string print_rate(Rate rate);
[[nodiscard]] std::string print_share(Share share);
[[nodiscard]] std::string print_count(double count);

// For the files of other programs, which read whole numbers of one unit only: "1500ms", "1872m".
// The largest of ms, s, m, h and d that divides it; what is less than 1 ms is rounded.
[[nodiscard]] std::string config_duration(Duration duration);

// Readable printers: three significant digits, for tables ("8.64 GB", "1.5 TB", "50k/s").
[[nodiscard]] std::string human_bytes(Bytes bytes);
[[nodiscard]] std::string human_duration(Duration duration);
[[nodiscard]] std::string human_count(double count);
[[nodiscard]] std::string human_rate(Rate rate);
[[nodiscard]] std::string human_number(double value);

}  // namespace obsctl

// SPDX-License-Identifier: Apache-2.0
// Which sets a policy keeps and which it removes, each with its reason: a pure function, because
// deleting the wrong backup cannot be undone.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/error.hpp"
#include "lib/base/time.hpp"
#include "lib/base/units.hpp"

namespace obsctl::backup {

// How many sets are kept for each rule; a set that one rule keeps is kept. Calendar days, ISO weeks,
// months and years are those of UTC, so that no day has 23 or 25 hours.
struct RetentionPolicy {
  int last = 0;
  int hourly = 0;
  int daily = 0;
  int weekly = 0;
  int monthly = 0;
  int yearly = 0;
  Duration within = {};  // all sets that are not older
  bool operator==(const RetentionPolicy&) const = default;
};

// "last=7,daily=14,within=30d". Errors (Code::usage): an unknown rule, a rule twice, a policy that
// keeps nothing.
[[nodiscard]] Result<RetentionPolicy> parse_policy(std::string_view text, std::string_view what);
[[nodiscard]] std::string print_policy(const RetentionPolicy& policy);

// What the decision depends on. Sets of different groups (other volumes) do not count for each other.
struct RetentionSet {
  std::string id;
  std::string group = {};
  std::uint64_t sequence = 0;  // orders them: a clock may be set back
  Time at = {};
  bool readable = true;  // false: its manifest is damaged or of a newer version
  bool complete = true;
  bool verified = true;  // read back after it was published, without a mistake
  bool pinned = false;
  bool restoring = false;  // an open restore names it
};

struct Verdict {
  std::string id;
  bool keep = true;
  std::string reason;
};

// One verdict per set, newest first. Only sets that are complete and verified count and are removed;
// the newest of them in each group always stays.
[[nodiscard]] std::vector<Verdict> apply_policy(const RetentionPolicy& policy,
                                                std::vector<RetentionSet> sets, Time now);

}  // namespace obsctl::backup

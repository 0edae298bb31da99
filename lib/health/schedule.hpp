// SPDX-License-Identifier: Apache-2.0
// The files with which somebody else runs the checks again and again: systemd, cron, a cluster.
// Pure, so that every quote in them is tested.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lib/base/choice.hpp"
#include "lib/base/error.hpp"
#include "lib/base/units.hpp"
#include "lib/sources/subject.hpp"

namespace obsctl::health {

enum class Scheduler { systemd, cron, kubernetes };

constexpr auto names_of(Scheduler) {
  using enum Scheduler;
  return std::to_array<Named<Scheduler>>(
      {{systemd, "systemd"}, {cron, "cron"}, {kubernetes, "kubernetes"}});
}

struct ScheduleOptions {
  Scheduler by = Scheduler::systemd;
  Duration every = {300};
  // Of node_exporter's textfile collector, absolute; absent: the journal, a mail, or a pod's log.
  std::optional<std::filesystem::path> textfile = {};
  std::string metrics = {};     // the format for it, as `obsctl health --output` names it
  std::string on_failure = {};  // systemd: the unit to start when something is wrong
  std::string image = {};       // kubernetes
  // What is checked, as words of `obsctl health`: "--dir=/srv/shop". In a cluster those of a stack
  // are not used: its programs have other addresses there.
  std::vector<std::string> words = {};
  // Which checks are run, and what is a failure: "--skip=HST-003".
  std::vector<std::string> judging = {};
  std::vector<std::pair<std::string, std::string>> environment = {};  // that the checks need
  std::optional<std::uint32_t> user = {};  // systemd: who runs them; absent: root
};

struct ScheduleFile {
  std::string name;  // "obsctl-health-shop.timer"
  std::string text;
};

// Errors: a time that the scheduler cannot keep, an option that it does not have, a URL with a
// password, a stack that is not in a cluster (Code::usage).
[[nodiscard]] Result<std::vector<ScheduleFile>> schedule(const Subject& subject,
                                                         const ScheduleOptions& options);

// As one word of ExecStart= and of other settings of a unit that take quoted words: neither blanks
// nor quotes, specifiers (%) and, in a command, variables ($) mean anything.
// Source: systemd.service(5), systemd.syntax(7).
[[nodiscard]] std::string unit_word(std::string_view text, bool command);

// Minute, hour, day, month and weekday of crontab(5). Errors: one that does not divide an hour or a
// day evenly.
[[nodiscard]] Result<std::string> cron_expression(Duration every);

}  // namespace obsctl::health

// SPDX-License-Identifier: Apache-2.0
// Prints diagnoses, for people on one screen and for scripts.
#include <fmt/format.h>

#include <algorithm>

#include "lib/base/text.hpp"
#include "lib/health/diagnose.hpp"

namespace obsctl::health {
namespace {

constexpr std::size_t k_width = 100;
constexpr std::size_t k_most_lines = 25;
constexpr std::size_t k_indent = 13;
constexpr std::size_t k_whole_paths = 2;  // the others are one line each
constexpr std::size_t k_most_named = 6;

using Lines = std::vector<std::string>;

// Adds "   cause     text", wrapped under itself.
void add(Lines& out, std::string_view name, const std::string& text) {
  if (text.empty()) {
    return;
  }
  std::string wrapped = wrap(printable(text), k_width, k_indent);
  wrapped.replace(0, k_indent, fmt::format("   {:<{}}", name, k_indent - 3));
  for (auto& line : split(wrapped, '\n')) {
    out.push_back(std::move(line));
  }
}

std::string where(const Fault& fault) {
  return fault.component.empty() ? fault.id : fmt::format("{} {}", fault.id, fault.component);
}

std::string message_of(const Fault& fault) {
  return fault.more == 0 ? fault.problem.message
                         : fmt::format("{} (and {} more)", fault.problem.message, fault.more);
}

std::string loss_of(const Path& path) {
  if (!path.seconds_to_loss) {
    return {};
  }
  return *path.seconds_to_loss <= 0
             ? ", losing data now"
             : fmt::format(", loss in {}", human_duration({*path.seconds_to_loss}));
}

std::string effects_of(const Path& path) {
  std::vector<std::string> out;
  for (const Fault& effect : path.effects) {
    if (out.size() == 3) {
      out.push_back(fmt::format("{} more", path.effects.size() - 3));
      break;
    }
    out.push_back(fmt::format("{} ({})", message_of(effect), effect.id));
  }
  return join(out, "; ");
}

// What the check says to do, and what the line of a log adds.
std::string fix_of(const Path& path) {
  const std::string& fix = path.root.problem.fix;
  if (path.log.empty() || path.log.front().fix.empty()) {
    return fix;
  }
  return fix.empty() ? path.log.front().fix : fmt::format("{}; {}", fix, path.log.front().fix);
}

void add_path(Lines& out, const Path& path, std::size_t number, bool whole) {
  Lines head;
  add(head, "",
      fmt::format("{} ({}{}, {})", message_of(path.root), where(path.root), loss_of(path),
                  name_of(path.proof)));
  head.front().replace(
      0, k_indent,
      fmt::format("{:>2} {:<{}}", number, name_of(path.root.problem.severity), k_indent - 3));
  out.insert(out.end(), head.begin(), head.end());
  if (!whole) {
    return;
  }
  add(out, "because", path.log.empty() ? path.root.problem.cause : path.log.front().says);
  add(out, "effects", effects_of(path));
  add(out, "fix", fix_of(path));
  add(out, "decide", path.proof == Proof::proven ? "" : path.decides);
}

template <class Row, class Text>
std::string named(const std::vector<Row>& rows, const Text& text) {
  std::vector<std::string> out;
  for (const Row& row : rows) {
    if (out.size() == k_most_named) {
      out.push_back(fmt::format("{} more", rows.size() - k_most_named));
      break;
    }
    out.push_back(text(row));
  }
  return join(out, "; ");
}

nlohmann::ordered_json fault_json(const Fault& fault) {
  nlohmann::ordered_json out = {{"check", fault.id},
                                {"component", fault.component},
                                {"severity", name_of(fault.problem.severity)},
                                {"labels", fault.problem.labels},
                                {"message", fault.problem.message},
                                {"cause", fault.problem.cause},
                                {"fix", fault.problem.fix},
                                {"more", fault.more}};
  return out;
}

nlohmann::ordered_json path_json(const Path& path) {
  nlohmann::ordered_json out = {
      {"root", fault_json(path.root)}, {"effects", nlohmann::ordered_json::array()},
      {"seconds_to_loss", nullptr},    {"proof", name_of(path.proof)},
      {"decides", path.decides},       {"log", nlohmann::ordered_json::array()}};
  for (const Said& said : path.log) {
    out["log"].push_back({{"signature", said.id}, {"says", said.says}, {"fix", said.fix}});
  }
  for (const Fault& effect : path.effects) {
    out["effects"].push_back(fault_json(effect));
  }
  if (path.seconds_to_loss) {
    out["seconds_to_loss"] = *path.seconds_to_loss;
  }
  return out;
}

}  // namespace

std::string diagnosis_text(const Diagnosis& diagnosis) {
  Lines out = split(wrap(printable(diagnosis.verdict), k_width, 0), '\n');
  std::size_t number = 0;
  for (const Path& path : diagnosis.paths) {
    number += 1;
    add_path(out, path, number, number <= k_whole_paths);
  }
  Lines rest;
  add(rest, "ruled out", named(diagnosis.ruled_out, [](const RuledOut& one) {
        return fmt::format("{} ({})", one.what, one.why);
      }));
  add(rest, "not known", named(diagnosis.unknown, [](const Open& one) {
        return fmt::format("{}: run `{}`", one.what, one.run);
      }));
  // What is left out is said; what was ruled out must not hide a fault.
  const std::size_t room = k_most_lines - std::min(rest.size(), k_most_lines / 2);
  if (out.size() > room) {
    out.resize(room - 1);
    out.emplace_back("   …         `obsctl health diagnose -o json` has all of it");
  }
  rest.resize(std::min(rest.size(), k_most_lines - out.size()));
  out.insert(out.end(), rest.begin(), rest.end());
  return join(out, "\n") + "\n";
}

nlohmann::ordered_json diagnosis_json(const Diagnosis& diagnosis) {
  nlohmann::ordered_json out = {{"schema", "obsctl.health.diagnose/v1"},
                                {"verdict", diagnosis.verdict},
                                {"paths", nlohmann::ordered_json::array()},
                                {"ruled_out", nlohmann::ordered_json::array()},
                                {"unknown", nlohmann::ordered_json::array()}};
  for (const Path& path : diagnosis.paths) {
    out["paths"].push_back(path_json(path));
  }
  for (const RuledOut& one : diagnosis.ruled_out) {
    out["ruled_out"].push_back({{"what", one.what}, {"why", one.why}});
  }
  for (const Open& one : diagnosis.unknown) {
    out["unknown"].push_back({{"what", one.what}, {"run", one.run}});
  }
  return out;
}

}  // namespace obsctl::health

// Reading, writing and checking a StackSpec through the table of its fields.
#include "lib/model/spec.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lib/base/text.hpp"
#include "lib/yaml/read.hpp"
#include "lib/yaml/write.hpp"

namespace obsctl {
namespace {

constexpr std::string_view k_schema = "obsctl.stack/v1";

const SpecField* find_field(std::string_view key) {
  for (const auto& field : spec_fields()) {
    if (field.key == key) {
      return &field;
    }
  }
  return nullptr;
}

const SpecList* find_list(std::string_view key) {
  const auto& lists = spec_lists();
  const auto it = std::ranges::find(lists, key, &SpecList::key);
  return it == lists.end() ? nullptr : &*it;
}

std::vector<std::string> known_keys() {
  std::vector<std::string> keys;
  for (const auto& list : spec_lists()) {
    keys.push_back(list.key);
  }
  for (const auto& field : spec_fields()) {
    keys.push_back(field.key);
  }
  return keys;
}

Failure unknown_key(std::string_view key) {
  const std::string hint = did_you_mean(key, known_keys());
  return fail(Code::usage, fmt::format("unknown setting '{}'", key),
              hint.empty() ? "'man obsctl-stack' and 'obsctl help stack' list all settings" : hint);
}

// components.<name>.<cpus|memory|disk>
Result<void> set_component(StackSpec& spec, const std::vector<std::string>& parts,
                           std::string_view key, std::string_view value) {
  if (parts.size() != 3 || parts[1].empty()) {
    return unknown_key(key);
  }
  ComponentOverride& component = spec.components[parts[1]];
  if (parts[2] == "cpus") {
    OBS_TRY_ASSIGN(component.cpus, parse_count(value, key));
  } else if (parts[2] == "memory") {
    OBS_TRY_ASSIGN(component.memory, parse_bytes(value, key));
  } else if (parts[2] == "disk") {
    OBS_TRY_ASSIGN(component.disk, parse_bytes(value, key));
  } else {
    return fail(Code::usage, fmt::format("unknown setting '{}'", key),
                "a component has cpus, memory and disk");
  }
  return {};
}

Result<void> set_port(StackSpec& spec, const std::vector<std::string>& parts, std::string_view key,
                      std::string_view value) {
  if (parts.size() != 2 || parts[1].empty()) {
    return unknown_key(key);
  }
  OBS_TRY_ASSIGN(const auto port, parse_integer(value, key, 0, 65535));
  spec.ports[parts[1]] = static_cast<int>(port);
  return {};
}

Result<void> set_calibration(StackSpec& spec, const std::vector<std::string>& parts,
                             std::string_view key, std::string_view value) {
  if (parts.size() != 2) {
    return unknown_key(key);
  }
  if (parts[1] == "measured_at") {
    spec.calibration.measured_at = value;
  } else if (parts[1] == "source") {
    spec.calibration.source = value;
  } else {
    OBS_TRY_ASSIGN(spec.calibration.values[parts[1]], parse_count(value, key));
  }
  return {};
}

// Entries with commas between; nothing empties the list.
Result<void> set_list(StackSpec& spec, const SpecList& list, std::string_view value) {
  std::vector<std::string> entries;
  if (!value.empty()) {
    for (const std::string& entry : split(value, ',')) {
      entries.emplace_back(trim(entry));
    }
  }
  for (const auto& entry : entries) {
    if (auto good = list.check(entry); !good) {
      Error error = std::move(good).error();
      error.code = Code::usage;
      return Failure(std::move(error));
    }
  }
  list.of(spec) = std::move(entries);
  return {};
}

Error located(Error error, const SourcePos& at) {
  error.code = Code::config;
  if (!error.at) {
    error.at = at;
  }
  return error;
}

Result<void> read_list(StackSpec& spec, const SpecList& list, const yaml::Node& node) {
  std::vector<std::string>& into = list.of(spec);
  into.clear();
  if (node.kind == yaml::Node::Kind::null) {
    return {};
  }
  if (!node.is_sequence()) {
    return fail_at(node.at, fmt::format("'{}' must be a list", list.key),
                   "one entry per line, each after '- '");
  }
  for (const auto& item : node.items) {
    if (!item.is_scalar()) {
      return fail_at(item.at, fmt::format("an entry of '{}' must be text", list.key));
    }
    if (auto good = list.check(item.scalar); !good) {
      return Failure(located(std::move(good).error(), item.at));
    }
    into.push_back(item.scalar);
  }
  return {};
}

Result<void> read_entries(StackSpec& spec, const yaml::Node& node, const std::string& prefix) {
  for (const auto& entry : node.entries) {
    const std::string key = prefix + entry.key;
    if (const SpecList* list = find_list(key)) {
      OBS_TRY(read_list(spec, *list, entry.value));
    } else if (entry.value.is_map()) {
      OBS_TRY(read_entries(spec, entry.value, key + "."));
    } else if (entry.value.is_sequence()) {
      return fail_at(entry.at, fmt::format("'{}' does not take a list", key));
    } else if (entry.value.is_scalar()) {
      if (auto done = set_field(spec, key, entry.value.scalar); !done) {
        const bool about_key = done.error().message.starts_with("unknown setting");
        return Failure(located(std::move(done).error(), about_key ? entry.at : entry.value.at));
      }
    } else if (find_field(key) == nullptr) {  // null leaves a known field unset
      static const std::vector<std::string> k_sections = {
          "traces", "metrics", "logs",       "sizing", "security",    "alerting",
          "host",   "loadgen", "components", "ports",  "calibration", "stack"};
      if (std::ranges::find(k_sections, key) == k_sections.end()) {
        return Failure(located(unknown_key(key).value(), entry.at));
      }
    }
  }
  return {};
}

// A list without entries is not mentioned: an empty one means what an absent one means.
void write_list(const StackSpec& spec, const SpecList& list, std::string& out) {
  if (list.of_const(spec).empty()) {
    return;
  }
  out += fmt::format("  # {}\n  {}:\n", list.doc, list.key.substr(list.key.find('.') + 1));
  for (const auto& entry : list.of_const(spec)) {
    out += fmt::format("    - {}\n", yaml::scalar(entry));
  }
}

// A field after a comment with its doc; commented out unless it was asked for.
void write_field(const StackSpec& spec, const SpecField& field, std::string_view pad,
                 std::string& out) {
  const auto value = field.yaml(spec);
  const bool asked = value && spec.asked.contains(field.key);
  out += fmt::format("{}# {}{}\n", pad, field.doc,
                     field.form == "text" ? "" : fmt::format(" ({})", field.form));
  out += fmt::format("{}{}{}:{}\n", pad, asked ? "" : "# ",
                     field.key.substr(field.key.find('.') + 1), value ? " " + *value : "");
}

// The scalar fields under their sections. The line of a section is never commented out: it means
// nothing by itself, and a line below it is uncommented without a thought for the section.
void write_fields(const StackSpec& spec, std::string& out) {
  std::string section;
  for (const auto& field : spec_fields()) {
    const auto dot = field.key.find('.');
    const std::string head = dot == std::string::npos ? "" : field.key.substr(0, dot);
    if (head != section) {
      out += fmt::format("\n{}:\n", head);
      section = head;
    }
    write_field(spec, field, head.empty() ? "" : "  ", out);
    if (field.key == "security.bind") {
      write_list(spec, *find_list("security.cors_origins"), out);
    }
  }
}

void write_maps(const StackSpec& spec, std::string& out) {
  if (!spec.loadgen.targets.empty()) {
    out += "\nloadgen:\n";
    write_list(spec, *find_list("loadgen.targets"), out);
  }
  if (!spec.extra_components.empty()) {
    out += "\nstack:\n";
    write_list(spec, *find_list("stack.add"), out);
  }
  if (!spec.components.empty()) {
    out += "\n# limits that replace the tier's\ncomponents:\n";
    for (const auto& [name, limits] : spec.components) {
      out += fmt::format("  {}:\n", name);
      if (limits.cpus) {
        out += fmt::format("    cpus: {}\n", print_count(*limits.cpus));
      }
      if (limits.memory) {
        out += fmt::format("    memory: {}\n", print_bytes(*limits.memory));
      }
      if (limits.disk) {
        out += fmt::format("    disk: {}\n", print_bytes(*limits.disk));
      }
    }
  }
  if (!spec.ports.empty()) {
    out += "\n# published ports that replace the defaults; 0: not published\nports:\n";
    for (const auto& [name, port] : spec.ports) {
      out += fmt::format("  {}: {}\n", name, port);
    }
  }
  const Calibration& calibration = spec.calibration;
  if (!calibration.measured_at.empty() || !calibration.values.empty()) {
    out += "\n# measured on the running stack by 'obsctl size --from-prometheus'\ncalibration:\n";
    out += fmt::format("  measured_at: {}\n  source: {}\n", yaml::scalar(calibration.measured_at),
                       yaml::scalar(calibration.source));
    for (const auto& [name, value] : calibration.values) {
      out += fmt::format("  {}: {}\n", name, print_count(value));
    }
  }
}

}  // namespace

std::optional<std::string> SpecField::yaml(const StackSpec& spec) const {
  auto value = get(spec);
  // A number or a quantity stays as it was typed; a word could be a boolean (tls: off).
  const bool is_words = value && (form == "text" || !choices.empty());
  return is_words ? yaml::scalar(*value) : value;
}

Result<void> set_field(StackSpec& spec, std::string_view key, std::string_view value) {
  if (const SpecField* field = find_field(key)) {
    OBS_TRY(field->set(spec, value));
    spec.asked.insert(field->key);
    return {};
  }
  const auto parts = split(key, '.');
  if (parts[0] == "components") {
    return set_component(spec, parts, key, value);
  }
  if (parts[0] == "ports") {
    return set_port(spec, parts, key, value);
  }
  if (parts[0] == "calibration") {
    return set_calibration(spec, parts, key, value);
  }
  if (const SpecList* list = find_list(key)) {
    return set_list(spec, *list, value);
  }
  return unknown_key(key);
}

Result<void> set_field(StackSpec& spec, std::string_view assignment) {
  const auto equals = assignment.find('=');
  if (equals == std::string_view::npos) {
    return fail(Code::usage, fmt::format("'{}' is not of the form key=value", assignment),
                "for example --set traces.keep=20%");
  }
  return set_field(spec, trim(assignment.substr(0, equals)), trim(assignment.substr(equals + 1)));
}

Result<StackSpec> read_spec(std::string_view text, const std::string& file) {
  OBS_TRY_ASSIGN(const yaml::Node root, yaml::parse(text, file));
  if (!root.is_map()) {
    return fail_at({file, 1}, "this is not a stack spec",
                   "a spec starts with 'schema: obsctl.stack/v1'");
  }
  StackSpec spec;
  yaml::Node rest = root;
  if (const yaml::Node* schema = root.find("schema")) {
    if (schema->scalar != k_schema) {
      return fail_at(schema->at, fmt::format("unknown schema '{}'", schema->scalar),
                     fmt::format("this obsctl reads '{}'", k_schema));
    }
    std::erase_if(rest.entries, [](const yaml::Entry& entry) { return entry.key == "schema"; });
  }
  OBS_TRY(read_entries(spec, rest, ""));
  return spec;
}

std::string write_spec(const StackSpec& spec) {
  std::string out = fmt::format(
      "# The stack as it was asked for; every obsctl command in this directory reads it.\n"
      "# Change a value, or uncomment one, and run 'obsctl init' again to apply it.\n"
      "# What is commented out follows the tier, the profile and obsctl's defaults; it is shown as it\n"
      "# was when this file was written.\n"
      "schema: {}\n",
      k_schema);
  write_fields(spec, out);
  write_maps(spec, out);
  return out;
}

bool is_loopback(std::string_view address) {
  return address.starts_with("127.") || address == "::1" || address == "localhost";
}

}  // namespace obsctl

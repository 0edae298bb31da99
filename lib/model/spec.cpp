// SPDX-License-Identifier: Apache-2.0
// Reading, writing and checking a StackSpec through the table of its fields.
#include "lib/model/spec.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lib/base/problems.hpp"
#include "lib/base/text.hpp"
#include "lib/base/utf8.hpp"
#include "lib/yaml/read.hpp"
#include "lib/yaml/write.hpp"

namespace obsctl {
namespace {

constexpr std::string_view k_schema = "obsctl.stack/v1";

// Sections whose keys are names that a person chooses.
constexpr std::string_view k_components = "components";
constexpr std::string_view k_ports = "ports";
constexpr std::string_view k_public_urls = "public_urls";
constexpr std::string_view k_digests = "digests";
constexpr std::string_view k_calibration = "calibration";

// Of obsctl 0.1.0, whose directories are adopted: read, never written.
constexpr std::string_view k_old_webhook = "alerting.webhook_url";

// What may be overridden of a component.
enum class Limit { cpus, memory, disk };

constexpr auto names_of(Limit) {
  return std::to_array<Named<Limit>>(
      {{Limit::cpus, "cpus"}, {Limit::memory, "memory"}, {Limit::disk, "disk"}});
}

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
  std::vector<std::string> names = known_keys();
  for (const auto& known : known_keys()) {
    names.push_back(known.substr(0, known.find('.')));  // its section
  }
  const std::string hint = did_you_mean(key, names);
  return fail_setting(
      key, fmt::format("unknown setting '{}'", key),
      hint.empty() ? "'man obsctl-stack' and 'obsctl help stack' list all settings" : hint);
}

// Names become keys of obsctl.yaml and of generated files.
bool is_plain_name(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  });
}

// Sets one key of a spec from text.
using Setter = std::function<Result<void>(StackSpec&, std::string_view value)>;

// components.<name>.<cpus|memory|disk>
Result<Setter> component_setter(const std::vector<std::string>& parts, const std::string& key) {
  if (parts.size() != 3 || !is_plain_name(parts[1])) {
    return unknown_key(key);
  }
  const auto limit = choice_named<Limit>(parts[2]);
  if (!limit) {
    return fail_setting(key, fmt::format("unknown setting '{}'", key),
                        "a component has " + join(choices_of<Limit>(), ", "));
  }
  return [key, name = parts[1], limit](StackSpec& spec, std::string_view value) -> Result<void> {
    ComponentOverride changed = spec.components[name];
    switch (*limit) {
      case Limit::cpus: {
        OBS_TRY_ASSIGN(changed.cpus, parse_count(value, key));
        break;
      }
      case Limit::memory: {
        OBS_TRY_ASSIGN(changed.memory, parse_bytes(value, key));
        break;
      }
      case Limit::disk: {
        OBS_TRY_ASSIGN(changed.disk, parse_bytes(value, key));
        break;
      }
    }
    spec.components[name] = changed;
    return {};
  };
}

Result<Setter> port_setter(const std::vector<std::string>& parts, const std::string& key) {
  if (parts.size() != 2 || !is_plain_name(parts[1])) {
    return unknown_key(key);
  }
  return [key, name = parts[1]](StackSpec& spec, std::string_view value) -> Result<void> {
    OBS_TRY_ASSIGN(const auto port, parse_integer(value, key, 0, 65535));
    spec.ports[name] = static_cast<int>(port);
    return {};
  };
}

Result<Setter> public_url_setter(const std::vector<std::string>& parts, const std::string& key) {
  if (parts.size() != 2 || parts[1].empty()) {
    return unknown_key(key);
  }
  return [name = parts[1]](StackSpec& spec, std::string_view value) -> Result<void> {
    spec.public_urls[name] = std::string(value);
    return {};
  };
}

// The name is a reference of an image, which may have dots.
Result<Setter> digest_setter(const std::string& key) {
  const std::string reference =
      key.size() > k_digests.size() ? key.substr(k_digests.size() + 1) : "";
  if (reference.empty()) {
    return unknown_key(key);
  }
  return [key, reference](StackSpec& spec, std::string_view value) -> Result<void> {
    constexpr std::string_view k_start = "sha256:";
    constexpr std::size_t k_digits = 64;
    const bool good =
        value.starts_with(k_start) && value.size() == k_start.size() + k_digits &&
        value.find_first_not_of("0123456789abcdef", k_start.size()) == std::string_view::npos;
    if (!good) {
      return fail_setting(key, fmt::format("'{}' is not a digest", value),
                          "it is 'sha256:' and 64 digits or letters from a to f; "
                          "'obsctl init --pin-digests' asks for it");
    }
    spec.digests[reference] = std::string(value);
    return {};
  };
}

Result<std::string> text_value(std::string_view value, const std::string& key) {
  if (!is_text(value)) {
    return fail_setting(key, fmt::format("the value of '{}' is not one line of text", key));
  }
  return std::string(value);
}

Result<Setter> calibration_setter(const std::vector<std::string>& parts, const std::string& key) {
  if (parts.size() != 2 || !is_plain_name(parts[1])) {
    return unknown_key(key);
  }
  return [key, name = parts[1]](StackSpec& spec, std::string_view value) -> Result<void> {
    if (name == "measured_at") {
      OBS_TRY_ASSIGN(spec.calibration.measured_at, text_value(value, key));
    } else if (name == "source") {
      OBS_TRY_ASSIGN(spec.calibration.source, text_value(value, key));
    } else {
      OBS_TRY_ASSIGN(spec.calibration.values[name], parse_count(value, key));
    }
    return {};
  };
}

Result<void> check_entry(const SpecList& list, const std::string& entry) {
  if (!is_text(entry)) {
    return fail_setting(list.key,
                        fmt::format("an entry of '{}' is not one line of text", list.key));
  }
  return list.check(entry);
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
    if (auto good = check_entry(list, entry); !good) {
      Error error = std::move(good).error();
      error.code = Code::usage;
      return Failure(std::move(error));
    }
  }
  list.of(spec) = std::move(entries);
  return {};
}

Result<void> set_scalar(StackSpec& spec, const SpecField& field, std::string_view value) {
  OBS_TRY(field.set(spec, value));
  spec.asked.insert(field.key);
  return {};
}

// How a key is set; an unknown one is an error.
Result<Setter> setter_of(std::string_view name) {
  const std::string key(name);
  const auto parts = split(key, '.');
  if (const SpecField* field = find_field(key)) {
    return [field](StackSpec& spec, std::string_view value) {
      return set_scalar(spec, *field, value);
    };
  }
  if (const SpecList* list = find_list(key)) {
    return [list](StackSpec& spec, std::string_view value) { return set_list(spec, *list, value); };
  }
  if (parts[0] == k_components) {
    return component_setter(parts, key);
  }
  if (parts[0] == k_ports) {
    return port_setter(parts, key);
  }
  if (parts[0] == k_public_urls) {
    return public_url_setter(parts, key);
  }
  if (parts[0] == k_digests) {
    return digest_setter(key);
  }
  if (parts[0] == k_calibration) {
    return calibration_setter(parts, key);
  }
  return unknown_key(key);
}

// Fills a spec from the tree of an obsctl.yaml; remembers every mistake and goes on.
class Reader {
 public:
  Reader(StackSpec& spec, Problems& problems) : spec_(spec), problems_(problems) {}

  void read(const yaml::Node& root) {
    for (const auto& entry : root.entries) {
      if (entry.key != "schema" && !problems_.full()) {
        read_entry(entry, entry.key);
      }
    }
  }

 private:
  void read_entry(const yaml::Entry& entry, const std::string& key) {
    const yaml::Node& value = entry.value;
    if (key == k_old_webhook) {
      spec_.alerting.old_webhook_url = value.scalar;
      return;
    }
    if (const SpecList* list = find_list(key)) {
      read_list(*list, value);
    } else if (is_section(key)) {
      read_section(entry, key);
    } else if (auto set = setter_of(key); !set) {
      add(std::move(set).error(), entry.at);
    } else if (value.is_map() || value.is_sequence()) {
      add(fail_setting(key, fmt::format("'{}' takes a single value", key)).value(), value.at);
    } else if (value.is_scalar()) {  // null leaves a known field unset
      set_at(*set, key, value);
    }
  }

  void read_section(const yaml::Entry& entry, const std::string& key) {
    const bool empty = entry.value.kind == yaml::Node::Kind::null;
    if (!entry.value.is_map() && !empty) {
      add(fail_setting(key, fmt::format("'{}' is a section, not a value", key),
                       "its settings stand below it, indented by two spaces")
              .value(),
          entry.at);
    }
    spec_.places.of[key] = entry.at;
    for (const auto& inner : entry.value.entries) {
      read_entry(inner, key + "." + inner.key);
    }
  }

  void set_at(const Setter& set, const std::string& key, const yaml::Node& value) {
    if (auto done = set(spec_, value.scalar); !done) {
      Error error = std::move(done).error();
      error.subject = key;
      add(std::move(error), value.at);
    } else {
      spec_.places.of[key] = value.at;
    }
  }

  void read_list(const SpecList& list, const yaml::Node& node) {
    std::vector<std::string>& into = list.of(spec_);
    into.clear();
    if (node.kind == yaml::Node::Kind::null) {
      return;
    }
    if (!node.is_sequence()) {
      add(fail_setting(list.key, fmt::format("'{}' must be a list", list.key),
                       "one entry per line, each after '- '")
              .value(),
          node.at);
    }
    spec_.places.of[list.key] = node.at;
    for (const auto& item : node.items) {
      if (!item.is_scalar()) {
        add(fail_setting(list.key, fmt::format("an entry of '{}' must be text", list.key)).value(),
            item.at);
      } else if (auto good = check_entry(list, item.scalar); !good) {
        add(std::move(good).error(), item.at);
      } else {
        into.push_back(item.scalar);
      }
    }
  }

  // True where the keys below are settings or names: "traces", "components", "components.loki".
  static bool is_section(const std::string& key) {
    for (const std::string_view names :
         {k_components, k_ports, k_public_urls, k_digests, k_calibration}) {
      if (key == names) {
        return true;
      }
    }
    const auto parts = split(key, '.');
    return (parts.size() == 2 && parts[0] == k_components) ||
           std::ranges::any_of(known_keys(), [start = key + "."](const std::string& known) {
             return known.starts_with(start);
           });
  }

  void add(Error error, const SourcePos& at) {
    error.code = Code::config;
    if (!error.at) {
      error.at = at;
    }
    problems_.add(std::move(error));
  }

  StackSpec& spec_;
  Problems& problems_;
};

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
    if (field.key == "alerting.smtp_user") {
      write_list(spec, *find_list("alerting.receivers"), out);
    }
    if (field.key == "security.bind") {
      write_list(spec, *find_list("security.tls_names"), out);
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
  if (!spec.public_urls.empty()) {
    out +=
        "\n# where people open a page, by the name of its port; for links in messages\npublic_urls:\n";
    for (const auto& [name, url] : spec.public_urls) {
      out += fmt::format("  {}: {}\n", name, yaml::scalar(url));
    }
  }
  if (!spec.digests.empty()) {
    out += "\n# what exactly these images are, asked by 'obsctl init --pin-digests'\ndigests:\n";
    for (const auto& [reference, digest] : spec.digests) {
      out += fmt::format("  {}: {}\n", reference, digest);
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
  OBS_TRY_ASSIGN(const Setter set, setter_of(key));
  if (auto done = set(spec, value); !done) {
    Error error = std::move(done).error();
    error.subject = key;
    return Failure(std::move(error));
  }
  spec.places.of.erase(std::string(key));
  return {};
}

Result<void> set_field(StackSpec& spec, std::string_view assignment) {
  const auto equals = assignment.find('=');
  if (equals == std::string_view::npos) {
    return fail(Code::usage, fmt::format("'{}' is not of the form key=value", assignment),
                "for example traces.keep=20%");
  }
  return set_field(spec, trim(assignment.substr(0, equals)), trim(assignment.substr(equals + 1)));
}

Result<StackSpec> read_spec(std::string_view text, const std::string& file) {
  Problems problems;
  OBS_TRY_ASSIGN(const yaml::Node root, yaml::parse(text, file, problems));
  if (!root.is_map()) {
    return fail_at({file, 1}, "this is not a stack spec",
                   fmt::format("a spec starts with 'schema: {}'", k_schema));
  }
  if (const yaml::Node* schema = root.find("schema"); schema && schema->scalar != k_schema) {
    return fail_at(schema->at, fmt::format("unknown schema '{}'", schema->scalar),
                   fmt::format("this obsctl reads '{}'", k_schema));
  }
  StackSpec spec;
  Reader(spec, problems).read(root);
  OBS_TRY(problems.done());
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

}  // namespace obsctl

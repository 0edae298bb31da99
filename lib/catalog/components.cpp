// SPDX-License-Identifier: Apache-2.0
// Parses component.yaml strictly: every unknown key, missing value and dangling name is reported at
// once.
#include "lib/catalog/components.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "lib/base/text.hpp"
#include "lib/catalog/component_files.hpp"
#include "lib/catalog/strict_reader.hpp"
#include "lib/yaml/typed.hpp"
#include "templates/embedded.hpp"

namespace obsctl::catalog {
namespace {

const std::map<std::string, Fact> k_facts = {{"num_traces", Fact::num_traces},
                                             {"memory_limit", Fact::memory_limit},
                                             {"size_limit", Fact::size_limit}};
const std::map<std::string, Notation> k_units = {{"MiB", Notation::mib},
                                                 {"powers of 1024", Notation::powers_of_1024}};

const std::map<std::string, Exposure> k_exposures = {{"internal", Exposure::internal},
                                                     {"loopback", Exposure::loopback},
                                                     {"pages", Exposure::pages},
                                                     {"reachable", Exposure::reachable}};
const std::map<std::string, Backup> k_backups = {{"stopped", Backup::stopped},
                                                 {"none", Backup::none}};
// What a component can wait for at its start.
const std::map<std::string, bool> k_starts = {{"healthy", true}};

class Reader : StrictReader {
 public:
  Reader(std::string name, std::string file) {
    out_.name = std::move(name);
    out_.file = std::move(file);
  }

  Result<ComponentDef> read(const yaml::Node& root) {
    if (!root.is_map()) {
      return fail_at(root.at, "a component is a map",
                     "see components/otel-collector/component.yaml");
    }
    known(root,
          {"title",       "image",       "version",    "tag",       "digest",     "uid",
           "purpose",     "notes",       "provides",   "needs",     "scrapes",    "command",
           "environment", "configs",     "volumes",    "secrets",   "tmpfs",      "read_only",
           "host_view",   "ports",       "probe",      "metrics",   "declares",   "keeps",
           "deletes",     "runbook",     "logs",       "role",      "stop_grace", "program",
           "wget",        "reaches_out", "host_paths", "image_uid", "receivers",  "configured"});
    read_image(root);
    out_.purpose = required(root, "purpose");
    out_.notes = texts(root, "notes");
    out_.command = texts(root, "command");
    out_.tmpfs = texts(root, "tmpfs");
    out_.host_paths = texts(root, "host_paths");
    out_.scrapes = flag(root, "scrapes", false);
    out_.read_only = flag(root, "read_only", true);
    out_.host_view = flag(root, "host_view", false);
    out_.role = optional(root, "role", out_.role);
    out_.program = optional(root, "program");
    out_.wget = flag(root, "wget", false);
    out_.reaches_out = optional(root, "reaches_out");
    problems_.check(read_quantity(root, "stop_grace", out_.stop_grace, parse_duration, false));
    out_.keeps = optional(root, "keeps");
    out_.deletes = optional(root, "deletes");
    each_entry(root, "environment", [&](const yaml::Entry& entry) {
      out_.environment.emplace_back(entry.key, single(entry.value, entry.key));
    });
    each_entry(root, "receivers", [&](const yaml::Entry& entry) {
      out_.receivers.emplace_back(entry.key, single(entry.value, entry.key));
    });
    each_item(root, "ports", [&](const yaml::Node& row) { read_port(row); });
    each_item(root, "volumes", [&](const yaml::Node& row) { read_volume(row); });
    each_item(root, "secrets", [&](const yaml::Node& row) { read_secret(row); });
    each_item(root, "needs", [&](const yaml::Node& row) { read_need(row); });
    each_entry(root, "provides", [&](const yaml::Entry& entry) { read_provided(entry); });
    each_entry(root, "runbook",
               [&](const yaml::Entry& entry) { read_runbook(*root.find("runbook"), entry); });
    each_item(root, "logs", [&](const yaml::Node& row) { read_log(row); });
    read_configs(root);
    read_probe(root);
    read_metrics(root);
    each_entry(root, "declares", [&](const yaml::Entry& entry) { read_declared(entry); });
    each_entry(root, "configured", [&](const yaml::Entry& entry) { read_configured(entry); });
    OBS_TRY(problems_.done());
    return std::move(out_);
  }

 private:
  // A port of this component, by name.
  std::string port_name(const yaml::Node& row) {
    std::string name = required(row, "port");
    if (!name.empty() && out_.port(name) == nullptr) {
      std::vector<std::string> names;
      for (const auto& port : out_.ports) {
        names.push_back(port.name);
      }
      unknown(row.find("port")->at, fmt::format("there is no port '{}'", name), name, names,
              "ports");
    }
    return name;
  }

  void read_image(const yaml::Node& root) {
    static constexpr std::array k_moving = {"latest", "main",    "master",
                                            "edge",   "nightly", "stable"};
    out_.title = required(root, "title");
    out_.image = required(root, "image");
    out_.version = required(root, "version");
    out_.tag = optional(root, "tag", out_.version);
    out_.digest = optional(root, "digest");
    double uid = 0;
    problems_.check(read_quantity(root, "uid", uid, parse_count));
    out_.uid = static_cast<int>(uid);
    double image_uid = uid;
    problems_.check(read_quantity(root, "image_uid", image_uid, parse_count, false));
    out_.image_uid = static_cast<int>(image_uid);
    if (std::ranges::find(k_moving, out_.tag) != k_moving.end()) {
      problems_.add(root.at, fmt::format("image tag '{}' moves", out_.tag),
                    "pin a released version");
    }
  }

  void read_port(const yaml::Node& row) {
    known(row, {"name", "number", "exposure", "purpose", "tls"});
    PortDef out;
    out.name = required(row, "name");
    double number = 0;
    problems_.check(read_quantity(row, "number", number, parse_count));
    out.number = static_cast<int>(number);
    if (out.number < 1 || out.number > 65535) {
      problems_.add(row.at, fmt::format("{} is not a port", out.number));
    }
    if (const yaml::Node* exposure = row.find("exposure")) {
      out.exposure =
          choice(exposure->at, "exposure", exposure->scalar, k_exposures).value_or(out.exposure);
    }
    out.purpose = optional(row, "purpose");
    out.tls = optional(row, "tls");
    if (out.exposure != Exposure::internal && out.purpose.empty()) {
      problems_.add(row.at, "an exposed port needs a purpose", "one line for the runbook");
    }
    out_.ports.push_back(std::move(out));
  }

  void read_volume(const yaml::Node& row) {
    known(row, {"name", "mount", "holds", "image_owns", "backup"});
    VolumeDef out;
    out.name = required(row, "name");
    out.mount = required(row, "mount");
    out.holds = required(row, "holds");
    out.image_owns = flag(row, "image_owns", true);
    if (const yaml::Node* backup = row.find("backup")) {
      out.backup = choice(backup->at, "backup", backup->scalar, k_backups).value_or(out.backup);
    }
    out_.volumes.push_back(std::move(out));
  }

  void read_secret(const yaml::Node& row) {
    known(row, {"environment", "keys", "volume", "mount", "files", "holds", "content", "when"});
    SecretDef out;
    out.when = optional(row, "when");
    out.content = optional(row, "content");
    out.environment = optional(row, "environment");
    out.keys = texts(row, "keys");
    if (out.environment.empty() || !out.keys.empty()) {
      out.volume = required(row, "volume");
      out.mount = required(row, "mount");
      out.holds = required(row, "holds");
    }
    if (out.environment.empty()) {
      out.files = texts(row, "files");
      if (!out.content.empty() && out.files.size() != 1) {
        problems_.add(row.at, "'content' is of one file", "give each file an entry of its own");
      }
    }
    out_.secrets.push_back(std::move(out));
  }

  void read_need(const yaml::Node& row) {
    known(row, {"capability", "carries", "optional", "start"});
    Needed out;
    out.capability = required(row, "capability");
    out.carries = optional(row, "carries");
    out.optional = flag(row, "optional", false);
    if (const yaml::Node* start = row.find("start")) {
      out.start_healthy = choice(start->at, "condition", start->scalar, k_starts).has_value();
    }
    out_.needs.push_back(std::move(out));
  }

  void read_provided(const yaml::Entry& entry) {
    const yaml::Node& row = entry.value;
    known(row, {"port", "path", "protocol", "headers", "comment", "plugin"});
    Provided out;
    out.capability = entry.key;
    out.port = port_name(row);
    out.path = optional(row, "path");
    out.protocol = optional(row, "protocol");
    out.comment = optional(row, "comment");
    out.plugin = optional(row, "plugin");
    each_entry(row, "headers", [&](const yaml::Entry& header) {
      out.headers[header.key] = single(header.value, header.key);
    });
    out_.provides.push_back(std::move(out));
  }

  void read_configs(const yaml::Node& root) {
    const yaml::Node* row = root.find("configs");
    if (row == nullptr) {
      return;
    }
    known(*row, {"mount", "files", "folders", "dashboards", "rules", "rule_tests", "own"});
    out_.configs.mount = required(*row, "mount");
    out_.configs.files = texts(*row, "files");
    out_.configs.folders = texts(*row, "folders");
    out_.configs.dashboards = optional(*row, "dashboards");
    out_.configs.rules = optional(*row, "rules");
    out_.configs.rule_tests = optional(*row, "rule_tests");
    out_.configs.own = texts(*row, "own");
  }

  void read_probe(const yaml::Node& root) {
    const yaml::Node* row = root.find("probe");
    if (row == nullptr) {
      return;
    }
    known(*row, {"port", "path", "live", "command", "wget", "start_period"});
    ProbeDef out;
    out.port = port_name(*row);
    out.path = required(*row, "path");
    out.live = optional(*row, "live", out.path);
    out.command = texts(*row, "command");
    out.wget = flag(*row, "wget", false);
    problems_.check(read_quantity(*row, "start_period", out.start_period, parse_duration, false));
    out_.probe = std::move(out);
  }

  void read_runbook(const yaml::Node& runbook, const yaml::Entry& entry) {
    const auto& topics = runbook_topics();
    if (std::ranges::find(topics, entry.key) == topics.end()) {
      unknown(entry.at, fmt::format("the runbook has no topic '{}'", entry.key), entry.key, topics,
              "topics");
      return;
    }
    out_.runbook[entry.key] = texts(runbook, entry.key);
  }

  void read_log(const yaml::Node& row) {
    known(row, {"says", "means", "remedy"});
    out_.logs.push_back({required(row, "says"), required(row, "means"), required(row, "remedy")});
  }

  void read_metrics(const yaml::Node& root) {
    const yaml::Node* row = root.find("metrics");
    if (row == nullptr) {
      return;
    }
    known(*row, {"port", "path"});
    out_.metrics_port = port_name(*row);
    out_.metrics_path = optional(*row, "path", "/metrics");
  }

  void read_declared(const yaml::Entry& entry) {
    const yaml::Node& row = entry.value;
    known(row, {"file", "key", "unit"});
    Declared out;
    const auto fact = choice(entry.at, "fact", entry.key, k_facts);
    out.fact = fact.value_or(Fact::num_traces);
    out.file = required(row, "file");
    const auto& files = out_.configs.files;
    if (!out.file.empty() && std::ranges::find(files, out.file) == files.end()) {
      unknown(row.find("file")->at, fmt::format("there is no configuration file '{}'", out.file),
              out.file, files, "files");
    }
    out.key = split(required(row, "key"), '.');
    const yaml::Node* unit = row.find("unit");
    if (unit != nullptr) {
      out.notation = choice(unit->at, "unit", unit->scalar, k_units).value_or(Notation::count);
    }
    if (fact && (*fact == Fact::num_traces) != (unit == nullptr)) {
      problems_.add(
          entry.at,
          fmt::format("'{}' is a {}", entry.key,
                      unit == nullptr ? "size and needs a unit" : "count and has no unit"),
          "MiB for a number, powers of 1024 for a text such as 10GB");
    }
    out_.declares.push_back(std::move(out));
  }

  void read_configured(const yaml::Entry& entry) {
    known(entry.value, {"key", "otherwise"});
    Configured out{
        .name = entry.key, .key = split(required(entry.value, "key"), '.'), .otherwise = {}};
    problems_.check(read_quantity(entry.value, "otherwise", out.otherwise, parse_duration));
    out_.configured.push_back(std::move(out));
  }

  ComponentDef out_;
};

}  // namespace

const std::vector<std::string>& runbook_topics() {
  static const std::vector<std::string> k_topics = {
      "access", "own", "ask", "stop", "retention", "crash", "change", "upgrade", "secrets"};
  return k_topics;
}

std::string ComponentDef::reference() const {
  return digest.empty() ? fmt::format("{}:{}", image, tag)
                        : fmt::format("{}:{}@{}", image, tag, digest);
}

const PortDef* ComponentDef::port(std::string_view port_name) const {
  const auto found = std::ranges::find(ports, port_name, &PortDef::name);
  return found == ports.end() ? nullptr : &*found;
}

const Provided* ComponentDef::provided(std::string_view capability) const {
  const auto found = std::ranges::find(provides, capability, &Provided::capability);
  return found == provides.end() ? nullptr : &*found;
}

Result<ComponentDef> parse_component(std::string_view text, const std::string& file,
                                     const std::string& name) {
  OBS_TRY_ASSIGN(const yaml::Node root, yaml::parse(text, file));
  return Reader(name, file).read(root);
}

Result<std::vector<StackEntry>> parse_stack(std::string_view text, const std::string& file) {
  OBS_TRY_ASSIGN(const yaml::Node root, yaml::parse(text, file));
  OBS_TRY(root.only({"components"}));
  OBS_TRY_ASSIGN(const yaml::Node* rows, root.require("components"));
  std::vector<StackEntry> out;
  for (const auto& row : rows->items) {
    OBS_TRY(row.only({"name", "chosen_by", "provides", "default"}));
    StackEntry entry{row.text_or("name", ""), row.text_or("chosen_by", ""),
                     row.text_or("provides", ""), row.text_or("default", "")};
    if (entry.name.empty() == entry.chosen_by.empty()) {
      return fail_at(row.at, "an entry has a name or a setting that chooses it");
    }
    out.push_back(std::move(entry));
  }
  return out;
}

Result<Components> components() {
  Components out;
  for (const auto& file : component_files("component.yaml")) {
    OBS_TRY_ASSIGN(out[file.component], parse_component(file.bytes, file.path, file.component));
  }
  return out;
}

Result<std::vector<StackEntry>> single_node_stack() {
  constexpr std::string_view k_path = "stacks/single-node.yaml";
  return parse_stack(embedded_file(k_path), std::string(k_path));
}

}  // namespace obsctl::catalog

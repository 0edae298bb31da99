// SPDX-License-Identifier: Apache-2.0
// What each component is, from templates/components/<name>/component.yaml.
//
// Data for every target: nothing here knows how a component is packaged. Texts may hold [% values
// %]; they are filled in when a stack is put together (lib/topology).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/error.hpp"
#include "lib/base/units.hpp"
#include "lib/model/topology.hpp"

namespace obsctl::catalog {

struct PortDef {
  std::string name;
  int number = 0;
  Exposure exposure = Exposure::internal;
  std::string purpose;  // one line for the runbook; set when it is exposed
  std::string tls;      // the flag that makes it speak TLS; empty: it never does
};

struct VolumeDef {
  std::string name;
  std::string mount;
  std::string holds;
  bool image_owns = true;  // false: a fresh volume must be given to the component's user first
  Backup backup = Backup::stopped;
};

// Secrets as lines of one file, or as files that the component's user must be able to read.
//
// `content` is what a new one holds, a template in which [% token %] is random; without it somebody
// else brings the file.
struct SecretDef {
  std::string environment;        // file of KEY=value lines; empty: files
  std::vector<std::string> keys;  // lines that become files of that name; none: all are environment
  std::string volume;             // that the files are copied into
  std::string mount;              // where the component finds them
  std::vector<std::string> files;  // relative to the generated directory
  std::string holds;
  std::string content;
  std::string when;  // a flag; empty: always
};

struct Provided {
  std::string capability;  // "traces.store"
  std::string port;        // by name
  std::string path;
  std::string protocol;  // "otlp-grpc", "otlp-http"
  std::map<std::string, std::string> headers;
  std::string comment;  // one line where a client is configured
  std::string plugin;   // "id@version" of what a viewer has to fetch to ask it; empty: nothing
};

struct Needed {
  std::string capability;
  std::string carries;  // "traces over OTLP/gRPC"; empty: no link of its own
  bool optional = false;
  bool start_healthy = false;  // wait for it at start
};

struct ConfigsDef {
  std::string mount;                 // empty: none
  std::vector<std::string> files;    // templates beside component.yaml
  std::vector<std::string> folders;  // folders below configs/<name> that are mounted one by one
  // Folders below configs/<name> for what is generated from all components; empty: not wanted.
  std::string dashboards;
  std::string rules;
  std::string rule_tests;
  std::vector<std::string> own;  // templates of files that are written once, then the person's
};

struct ProbeDef {
  std::string port;
  std::string path;                  // ready for work
  std::string live;                  // a restart would help when it does not answer; empty: `path`
  std::vector<std::string> command;  // inside the image
  bool wget = false;                 // the image has wget: the command asks the path
  Duration start_period = {15};
};

// What a generated configuration declares and is held against the load.
enum class Fact {
  num_traces,    // traces that tail sampling holds
  memory_limit,  // above which the component refuses data
  size_limit,    // of the disk that the component keeps its data on
};

enum class Notation { count, mib, powers_of_1024 };

struct Declared {
  Fact fact = Fact::num_traces;
  std::string file;              // of configs
  std::vector<std::string> key;  // path of keys; each also finds one with a suffix: "batch/metrics"
  Notation notation = Notation::count;
};

// A duration in the configuration that health checks read as a sample, because a person may change
// it.
struct Configured {
  std::string name;
  std::vector<std::string> key;  // path of keys; "{exporter}": each one there, and a label
  Duration otherwise;            // what the program takes where it is not said
};

struct ComponentDef {
  std::string name;
  std::string file;  // where it was read from, for errors
  std::string title;
  std::string image;
  std::string version;
  std::string tag;
  std::string digest;  // "sha256:…" or empty
  int uid = 0;         // whom it runs as
  int image_uid = 0;   // the user of the official image
  std::string purpose;
  std::vector<std::string> notes;
  std::vector<Provided> provides;
  std::vector<Needed> needs;
  bool scrapes = false;
  std::vector<std::string> command;
  std::vector<std::pair<std::string, std::string>> environment;
  ConfigsDef configs;
  std::vector<VolumeDef> volumes;
  std::vector<SecretDef> secrets;
  std::vector<std::pair<std::string, std::string>> receivers;  // of alerts: name, title
  std::vector<std::string> tmpfs;
  bool read_only = true;
  bool host_view = false;
  std::vector<std::string> host_paths;
  std::vector<PortDef> ports;
  std::optional<ProbeDef> probe;
  std::string role = "all";
  std::string program;      // its path in the image; empty: not known
  bool wget = false;        // the image has wget, with which it can ask other components
  std::string reaches_out;  // what it asks outside of the stack; empty: nothing
  Duration stop_grace = {30};
  std::string metrics_port;  // by name; empty: none
  std::string metrics_path = "/metrics";
  std::vector<Declared> declares;
  std::vector<Configured> configured;
  std::string keeps;
  std::string deletes;
  // What the runbook says about it, by topic (runbook_topics()), and its log. Templates with the
  // values of configurations and the target's commands: [% cmd.restart.NAME %].
  std::map<std::string, std::vector<std::string>> runbook;
  std::vector<LogSignature> logs;

  // "repository:tag" or "repository:tag@digest".
  [[nodiscard]] std::string reference() const;
  [[nodiscard]] const PortDef* port(std::string_view port_name) const;
  [[nodiscard]] const Provided* provided(std::string_view capability) const;
};

// One entry of a stack: a component by name, or the one that a setting of the spec chooses.
struct StackEntry {
  std::string name;       // empty: chosen
  std::string chosen_by;  // key of the spec
  std::string provides;   // what a chosen component must provide
  std::string fallback;   // chosen where the spec says nothing
};

// access, retention, change, upgrade and secrets.
[[nodiscard]] const std::vector<std::string>& runbook_topics();

// `name` is the folder's. The error holds every mistake of the file, with line and column.
[[nodiscard]] Result<ComponentDef> parse_component(std::string_view text, const std::string& file,
                                                   const std::string& name);
[[nodiscard]] Result<std::vector<StackEntry>> parse_stack(std::string_view text,
                                                          const std::string& file);

using Components = std::map<std::string, ComponentDef>;

// Those of the embedded templates.
[[nodiscard]] Result<Components> components();
[[nodiscard]] Result<std::vector<StackEntry>> single_node_stack();

}  // namespace obsctl::catalog

// SPDX-License-Identifier: Apache-2.0
// Topology: the stack as components, ports, volumes, probes and links. Value types only, no I/O.
//
// A port, an image reference or a volume name exists once, here; renderers package it, health
// probes it, backup walks its volumes, lint holds configs against its limits.
#pragma once

#include <ctime>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lib/base/units.hpp"
#include "lib/model/spec.hpp"

namespace obsctl {

// Who may reach a port: the stack alone, this host, people who log in (security.bind_ui), senders of
// telemetry (security.bind).
enum class Exposure { internal, loopback, pages, reachable };

struct Port {
  std::string name;          // "otlp-grpc", "grafana"; the key of `--port NAME=N`
  int container = 0;         // port inside the container
  int host = 0;              // published port; 0: reachable only inside the stack's network
  std::string bind = {};     // address of the published port
  std::string purpose = {};  // one line for the runbook
  Exposure exposure = Exposure::internal;
  bool tls = false;  // it speaks TLS

  // The two parts of "Grafana, login admin": what it is, and how one gets in (may be empty).
  [[nodiscard]] std::string use() const;
  [[nodiscard]] std::string login() const;
  // Where this host reaches the published port: "localhost:3000". What is bound to loopback or to all
  // addresses is localhost, whichever it is: the name in init's certificates and of a load test's
  // default endpoint.
  [[nodiscard]] std::string reached_at() const;
  // The same as an address: "127.0.0.1:3000", for who connects from elsewhere through this host.
  [[nodiscard]] std::string address() const;
  [[nodiscard]] const char* scheme() const { return tls ? "https" : "http"; }
};

// How a volume is saved: not at all, or as a copy made while nothing writes to it.
enum class Backup { none, stopped };

struct Volume {
  std::string name;         // without the project prefix
  std::string mount;        // path in the container
  bool needs_init = false;  // the image does not own the path: a fresh volume is given to its user
  Bytes size = {0};         // that is meant for it; 0: next to nothing
  Backup backup = Backup::stopped;
  std::string holds = {};  // one line for the runbook
};

// Where a component finds its generated files, which are below configs/<component>.
struct Configs {
  std::string mount = {};                 // empty: it has none
  std::vector<std::string> files = {};    // templates of the component
  std::vector<std::string> folders = {};  // mounted one by one; empty: the whole folder
  // Folders among them for what is generated from all components; empty: not wanted.
  std::string dashboards = {};
  std::string rules = {};
  std::string rule_tests = {};
  std::vector<std::string> own = {};  // templates of files that are written once
};

// Secrets that a component reads: a file of KEY=value lines, or files. Its user finds them as files
// in a folder of their own; lines without `keys` become its environment.
struct SecretUse {
  std::string environment = {};        // path of the file with the lines; empty: files
  std::vector<std::string> keys = {};  // of the lines, each of which becomes a file of that name
  std::string volume = {};
  std::string mount = {};
  std::vector<std::string> files = {};
  std::string holds = {};
  // What a new one holds, by path: a template in which [% token %] is random. Others are brought.
  std::map<std::string, std::string> contents = {};
};

// One question to a component: an HTTP GET that answers 2xx, or a command inside the image.
struct Probe {
  int port = 0;                           // container port of the HTTP endpoint
  std::string path = {};                  // for example "/-/ready"
  std::vector<std::string> command = {};  // empty: the image has no program that could ask
  Duration interval = {10};
  Duration timeout = {5};
  int retries = 5;
};

// How to see from outside whether a component works.
struct Probes {
  Probe startup;    // has it started; until then the others are not asked
  Probe readiness;  // may it be given work
  Probe liveness;   // would a restart help
  Duration start_period = {15};
};

struct Limits {
  double cpus = 0;
  Bytes memory = {0};
};

// A line of its log that an operator will meet; templates.
struct LogSignature {
  std::string says;
  std::string means;
  std::string remedy;
};

enum class Ready { started, healthy };

struct Dependency {
  std::string component;
  Ready condition = Ready::started;
};

// A number of a configuration; a quantity of the sizing says how it came about.
struct Setting {
  double value = 0;
  std::string unit = {};
};

struct Component {
  std::string name;          // service name and host name, for example "otel-collector"
  std::string file = {};     // its component.yaml, for errors in texts that are filled in later
  std::string role = "all";  // which part of the program's work it does
  int instances = 1;
  std::string title;         // "OpenTelemetry Collector"
  std::string purpose = {};  // what it does in this stack, one line
  std::vector<std::string> notes =
      {};             // why something about it is unusual; comments where packaged
  std::string image;  // full reference with tag (and digest when known)
  std::string version;
  int uid = 0;            // whom it runs as, and its volumes and secrets belong to
  std::string user = {};  // "10001:10001"; empty: the image's own
  std::vector<std::string> command = {};
  std::map<std::string, std::string> environment = {};
  std::vector<SecretUse> secrets = {};
  // Whom it can send alerts to: name and title.
  std::vector<std::pair<std::string, std::string>> receivers = {};
  std::vector<Port> ports = {};
  std::vector<Volume> volumes = {};
  Configs configs = {};
  std::optional<Probes> probes = {};
  std::vector<Dependency> depends_on = {};
  Limits requests = {};  // what it always gets: its floor of cores, all of its memory
  Limits limits = {};
  Bytes disk = {0};
  Duration stop_grace = {30};
  std::string program = {};      // its path in the image; empty: not known
  bool wget = false;             // the image has wget
  std::string reaches_out = {};  // what it asks outside of the stack; empty: nothing
  bool host_view = false;        // needs the host's / and /proc read-only (node-exporter)
  std::vector<std::string> host_paths = {};  // of the host, read-only at the same place
  bool read_only = true;                     // the process writes nowhere but its volumes and tmpfs
  std::vector<std::string> tmpfs = {};       // paths that are memory
  std::string keeps = {};                    // what lies on its disk, for the runbook
  std::string deletes = {};                  // and when it goes
  std::map<std::string, std::vector<std::string>> runbook = {};  // by topic; templates
  std::vector<LogSignature> logs = {};
  bool scrapes = false;           // collects the metrics of the others
  std::string metrics_path = {};  // empty: exposes no metrics
  int metrics_port = 0;
  // Numbers of its configuration that follow from load and limits, by name; each is a quantity of
  // the SizingReport ("<component>.<setting>"), which says how it came about.
  std::map<std::string, Setting> settings = {};

  // A setting by name; 0 when the component has none of that name.
  [[nodiscard]] double setting(const std::string& setting_name) const;
  // Where it is asked how it is: the port of its metrics, else of its readiness probe; null: nowhere.
  [[nodiscard]] const Port* checked_port() const;
};

enum class LinkKind { need, scrape };

// Who talks to whom about what.
struct Link {
  std::string from;
  std::string to;
  int port = 0;
  std::string carries;  // "traces over OTLP/gRPC"
  LinkKind kind = LinkKind::need;
  std::string capability = {};  // what `from` needs and `to` provides; empty for a scrape
};

// A capability of the stack with the component that provides it and how a client reaches it.
struct Provider {
  std::string capability;  // "traces.store"
  std::string component;
  std::string title;
  int port = 0;
  std::string path = {};
  std::string protocol = {};
  std::map<std::string, std::string> headers = {};
  std::string comment = {};
  std::string plugin = {};  // what a viewer has to fetch to ask it

  // A client of gRPC takes an address, one of HTTP a URL.
  [[nodiscard]] bool grpc() const { return protocol == "otlp-grpc"; }
};

// The load the stack is made for: what the spec says, the tier's rates where it says nothing.
struct Load {
  Rate spans;   // received, before sampling
  Rate traces;  // new traces
  double series = 0;
  Rate lines;
};

// How long each signal is kept: the spec's, else the tier's.
struct Retention {
  Duration traces;
  Duration metrics;
  Duration logs;
};

// What was asked for besides load and packaging: the choices that configurations carry out.
struct Policy {
  std::string environment;
  Duration scrape_interval;
  Rate keep_all_below;  // spans/s up to which every trace is kept
  Share keep;           // of ordinary traces beyond
  Share always_kept;    // expected share of traces with an error or slow ones
  Duration slow_threshold;
  Duration decision_wait;
  bool drop_debug_logs = false;
  bool print_telemetry = false;
  SecuritySpec security;
  ForwardSpec forward;
  AlertingSpec alerting;
};

struct Topology {
  std::string name;
  std::string tier;
  Policy policy = {};
  Load load = {};
  Retention retention = {};
  std::map<std::string, std::string> digests = {};  // of images, by "repository:tag"
  std::vector<Component> components = {};           // in start order
  std::vector<Link> links = {};
  std::vector<Provider> providers = {};        // one per capability
  std::vector<std::string> capabilities = {};  // all that any component provides, present or not
  // When the receivers' certificate ends, in Unix time; nothing without TLS.
  std::optional<std::time_t> certificate_ends = {};

  // Who provides a capability, or null.
  [[nodiscard]] const Provider* provider(const std::string& capability) const;
  [[nodiscard]] const Component* find(const std::string& component) const;
  // The port behind a capability, or null where nobody provides it.
  [[nodiscard]] const Port* port_of(const std::string& capability) const;
  // The port with that name anywhere in the stack, or null.
  [[nodiscard]] const Port* port(const std::string& port_name) const;
  // The reference with its digest, where that is known.
  [[nodiscard]] std::string pinned(const std::string& reference) const;
  // The name under which the engine knows a volume. It is explicit in every packaging, so that a
  // backup never has to guess a prefix.
  [[nodiscard]] std::string volume_name(const Volume& volume) const;
};

}  // namespace obsctl

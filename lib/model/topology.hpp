// Topology: the stack as components, ports, volumes, probes and links. Value types only, no I/O.
//
// A port, an image reference or a volume name exists once, here; renderers package it, health
// probes it, backup walks its volumes, lint holds configs against its limits.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/units.hpp"
#include "lib/model/spec.hpp"

namespace obsctl {

struct Port {
  std::string name;          // "otlp-grpc", "grafana"; the key of `--port NAME=N`
  int container = 0;         // port inside the container
  int host = 0;              // published port; 0: reachable only inside the stack's network
  std::string bind = {};     // address of the published port
  std::string purpose = {};  // one line for the runbook
};

struct Volume {
  std::string name;         // without the project prefix
  std::string mount;        // path in the container
  int uid = 0;              // owner that the process needs; a fresh named volume belongs to root
  bool needs_init = false;  // the image does not own the path, so a one-shot job must chown it
  bool backup = true;
  std::string holds = {};  // one line for the runbook
};

// A generated file mounted into a container.
struct Mount {
  std::string source;  // relative to the generated directory
  std::string target;
  bool read_only = true;
};

// How to see from outside whether the component works.
struct Probe {
  int port = 0;                           // container port of the HTTP endpoint
  std::string path = {};                  // for example "/-/ready"
  std::vector<std::string> command = {};  // health check inside the container; empty: the image has
                                          // no program that could do it
  Duration interval = {10};  // B05
  Duration timeout = {5};
  int retries = 5;
  Duration start_period = {15};
};

struct Limits {
  double cpus = 0;
  Bytes memory = {0};
};

enum class Ready { started, healthy, completed };

struct Dependency {
  std::string component;
  Ready condition = Ready::started;
};

struct Component {
  std::string name;          // service name and host name, for example "otel-collector"
  std::string title;         // "OpenTelemetry Collector"
  std::string purpose = {};  // what it does in this stack, one line
  std::vector<std::string> notes =
      {};             // why something about it is unusual; comments where packaged
  std::string image;  // full reference with tag (and digest when known)
  std::string version;
  std::string user = {};                     // "10001:10001"; empty: the image's own
  std::vector<std::string> entrypoint = {};  // empty: the image's own
  std::vector<std::string> command = {};
  std::map<std::string, std::string> environment = {};
  std::vector<std::string> env_files = {};
  std::vector<Port> ports = {};
  std::vector<Volume> volumes = {};
  std::vector<Mount> mounts = {};
  std::optional<Probe> probe = {};
  std::vector<Dependency> depends_on = {};
  Limits limits = {};
  Bytes disk = {0};
  Duration stop_grace = {30};             // B08
  bool one_shot = false;                  // an init job that ends
  bool host_view = false;                 // needs the host's / and /proc read-only (node-exporter)
  bool read_only = true;                  // the process writes nowhere but its volumes and tmpfs
  std::vector<std::string> tmpfs = {};    // paths that are memory
  std::vector<std::string> cap_add = {};  // capabilities beyond none
  std::string metrics_path = {};          // empty: exposes no metrics
  int metrics_port = 0;
  // Numbers of its configuration that follow from load and limits, by name; each is a quantity of the
  // SizingReport ("<component>.<setting>"), which says how it came about.
  std::map<std::string, double> settings = {};

  // A setting by name; 0 when the component has none of that name.
  [[nodiscard]] double setting(const std::string& setting_name) const;
};

struct Link {
  std::string from;
  std::string to;
  int port = 0;
  std::string carries;  // "traces over OTLP/gRPC"
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
  Share keep;        // of ordinary traces
  Share always_kept;  // expected share of traces with an error or slow ones
  Duration slow_threshold;
  Duration decision_wait;
  bool remote_metrics = false;  // a store behind Prometheus keeps the metrics
  SecuritySpec security;
  AlertingSpec alerting;
};

struct Topology {
  std::string name;
  std::string tier;
  Policy policy = {};
  Load load = {};
  Retention retention = {};
  std::vector<Component> components = {};  // in start order
  std::vector<Link> links = {};

  [[nodiscard]] const Component* find(const std::string& component) const;
  // The port with that name anywhere in the stack, or null.
  [[nodiscard]] const Port* port(const std::string& port_name) const;
  // The name under which the engine knows a volume. It is explicit in every packaging, so that a
  // backup never has to guess a prefix (CT-36).
  [[nodiscard]] std::string volume_name(const Volume& volume) const;
};

}  // namespace obsctl

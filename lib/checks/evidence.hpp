// SPDX-License-Identifier: Apache-2.0
// Evidence: everything that was observed about a stack at one moment, as samples, so that checks are
// pure functions of it, tests need no stack, and what a check saw can be shown and kept.
//
// Whatever is asked answers in samples: a /metrics page has them, and what has none (a container, a
// volume, a certificate, a rule of Prometheus) is written down the same way by the reader of that
// source, e.g. container_memory_limit_bytes 4294967296. Texts are labels of a sample with value 1.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/choice.hpp"
#include "lib/base/error.hpp"
#include "lib/base/time.hpp"
#include "lib/prom/sample.hpp"

namespace obsctl::health {

using prom::Sample;
using Samples = std::vector<Sample>;

// Where evidence comes from. docs/health.md lists the samples of each.
enum class Source {
  readiness,      // the component's own probe, asked from here
  metrics,        // its /metrics page, read twice
  container,      // what the engine says about it
  logs,           // lines of its log that a signature knows
  volume,         // the file systems below its volumes
  prometheus,     // targets, rules, Alertmanagers and series of what scrapes
  configuration,  // what the component's configuration files say
  certificates,   // the files below tls/
  state,          // what obsctl remembers: backups, open journals
  engine,         // the container engine itself
  host,           // clock
  senders,        // how much arrives, and of whom when that has risen
};

constexpr auto names_of(Source) {
  using enum Source;
  return std::to_array<Named<Source>>({{readiness, "readiness"},
                                       {metrics, "metrics"},
                                       {container, "container"},
                                       {logs, "logs"},
                                       {volume, "volume"},
                                       {prometheus, "prometheus"},
                                       {configuration, "configuration"},
                                       {certificates, "certificates"},
                                       {state, "state"},
                                       {engine, "engine"},
                                       {host, "host"},
                                       {senders, "senders"}});
}

// What one source said about one component, or why it said nothing.
struct Reading {
  std::string component;  // empty: about the stack as a whole
  Source source = Source::metrics;
  std::string from;     // for people: a URL without credentials, "container obs-loki-1", a path
  Samples samples;      // the last time it was read
  Samples before = {};  // the first time; empty where it is read once
  double seconds = 0;   // between the two
  std::optional<Error> error = {};  // why nothing was read; `samples` are empty then
};

struct Evidence {
  Time at;
  std::vector<Reading> readings;

  // The reading of a source about a component, or null.
  [[nodiscard]] const Reading* find(Source source, const std::string& component) const;
};

}  // namespace obsctl::health

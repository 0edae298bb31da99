// SPDX-License-Identifier: Apache-2.0
// StackSpec: what the user asked for. Flags and obsctl.yaml fill it; every command reads it.
//
// A pure value. Rates describe the load, retention and keep share the policy, the rest the
// packaging. Every field is one row of spec_fields() (spec_fields.cpp), from which reading and
// writing obsctl.yaml, `--set key=value` and the reference in obsctl-stack(5) are made.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "lib/base/choice.hpp"
#include "lib/base/units.hpp"

namespace obsctl {

struct TraceSpec {
  std::optional<Rate> spans;             // spans/s received; absent: the tier's rate
  std::optional<Rate> traces;            // new traces/s; absent: spans / spans_per_trace
  double spans_per_trace = 5;            // of a request
  Bytes span_size = {1000};              // bytes per span (500 … 2000)
  std::optional<double> storage_factor;  // stored bytes per raw byte; absent: the sizing model's
  std::optional<Duration> retention;
  Rate keep_all_below = {1000};        // spans/s up to which tail sampling keeps every trace
  Share keep = {0.1};                  // share of ordinary traces that it keeps beyond
  Share errors = {0.005};              // expected share of traces with an error, all kept
  Share slow = {0.02};                 // expected share of slow traces, all kept
  Duration slow_threshold = {0.5};     // a trace at least this long is slow
  Duration decision_wait = {10};       // how long tail sampling collects a trace
  std::optional<std::string> backend;  // component that stores them; absent: the default
  bool operator==(const TraceSpec&) const = default;
};

struct MetricSpec {
  std::optional<double> series;  // active series; absent: the tier's
  Duration scrape_interval = {15};
  std::optional<Bytes> sample_size;  // bytes per stored sample; absent: the sizing model's
  std::optional<Duration> retention;
  std::optional<std::string> backend;  // absent: the stack's default
  bool operator==(const MetricSpec&) const = default;
};

struct LogSpec {
  std::optional<Rate> lines;             // log records/s; absent: the tier's
  Bytes line_size = {300};               // bytes per log record (200 … 500)
  std::optional<double> streams;         // active streams; absent: estimated
  bool drop_debug = false;               // whether debug and trace records are dropped
  std::optional<double> storage_factor;  // stored bytes per raw byte; absent: the sizing model's
  std::optional<std::string> backend;    // absent: the stack's default
  std::optional<Duration> retention;
  bool operator==(const LogSpec&) const = default;
};

// Whose machines and disks are priced.
enum class Vendor { all, vps, aws, gcp, azure, onprem };

constexpr auto names_of(Vendor) {
  return std::to_array<Named<Vendor>>({{Vendor::all, "all"},
                                       {Vendor::vps, "vps"},
                                       {Vendor::aws, "aws"},
                                       {Vendor::gcp, "gcp"},
                                       {Vendor::azure, "azure"},
                                       {Vendor::onprem, "onprem"}});
}

struct SizingSpec {
  double replication = 1;        // copies kept by the storage backends
  double kafka_brokers = 0;      // 0: from the tier
  double kafka_partitions = 12;  // per topic
  double kafka_replication = 3;  // copies of each partition
  Duration kafka_retention = {86400};
  bool ha = false;  // apply the minimum counts for high availability
  Share growth_per_month = {0};
  Vendor provider = Vendor::all;
  bool operator==(const SizingSpec&) const = default;
};

// An address that only its own host reaches.
[[nodiscard]] bool is_loopback(std::string_view address);
// Every address of the machine: 0.0.0.0 or ::.
[[nodiscard]] bool is_everywhere(std::string_view address);

// How the OTLP receivers are encrypted.
enum class Tls { off, self_signed, files };

constexpr auto names_of(Tls) {
  return std::to_array<Named<Tls>>(
      {{Tls::off, "off"}, {Tls::self_signed, "self-signed"}, {Tls::files, "files"}});
}

// Who may send telemetry.
enum class Auth { none, bearer };

constexpr auto names_of(Auth) {
  return std::to_array<Named<Auth>>({{Auth::none, "none"}, {Auth::bearer, "bearer"}});
}

struct SecuritySpec {
  Tls tls = Tls::off;
  std::string tls_cert;  // with files
  std::string tls_key;
  std::vector<std::string> tls_names;  // of the certificate, besides those that obsctl finds
  std::string client_ca;               // file; senders must show a certificate of it
  Auth auth = Auth::none;
  std::vector<std::string> cors_origins;
  std::string bind = "127.0.0.1";     // of the OTLP receivers
  std::string bind_ui = "127.0.0.1";  // of pages with a login; everything else: loopback
  [[nodiscard]] const char* scheme() const { return tls == Tls::off ? "http" : "https"; }
  // A password does not leave this host in clear where there is a certificate for it.
  [[nodiscard]] bool ui_tls() const { return tls != Tls::off && !is_loopback(bind_ui); }
  [[nodiscard]] bool binds_everywhere() const { return is_everywhere(bind); }
  bool operator==(const SecuritySpec&) const = default;
};

// Where a copy of the traces that are kept goes as well: a vendor, or a second collector.
struct ForwardSpec {
  std::string url;     // of its OTLP over HTTP, without /v1/traces; empty: nowhere
  std::string header;  // by which it knows the sender; the value is a secret file. Empty: none
  bool operator==(const ForwardSpec&) const = default;
};

struct AlertingSpec {
  // By name. URLs and tokens are secret files, never here.
  std::vector<std::string> receivers;
  std::string old_webhook_url;  // as obsctl.yaml of 0.1.0 held it; now a secret file
  std::string slack_channel;
  std::string telegram_chat;
  std::string email_to;    // one address, or several with commas between
  std::string email_from;  // empty: the first receiver
  std::string smtp_host;   // host:port
  std::string smtp_user;   // empty: the sender

  // The receivers that were asked for, also by a setting that only one of them has.
  [[nodiscard]] std::vector<std::string> wanted() const;
  // False where nobody but the watchdog's receiver, a machine that waits for silence, is told.
  [[nodiscard]] bool notifies_people() const;
  [[nodiscard]] std::string sender() const;
  // Port 25 is a relay that takes mail from its own network without a login; 465 and 587 ask for
  // one.
  [[nodiscard]] bool is_relay() const { return smtp_host.ends_with(":25"); }
  bool operator==(const AlertingSpec&) const = default;
};

// What the machine offers. The plan stays within it.
struct HostSpec {
  double cpus = 0;  // 0: not declared
  Bytes memory = {0};
  Bytes disk = {0};
  bool operator==(const HostSpec&) const = default;
};

struct LoadgenSpec {
  std::vector<std::string> targets;  // host or host:port that may be loaded above the safe rate
  bool operator==(const LoadgenSpec&) const = default;
};

// Limits of one component that replace the tier's.
struct ComponentOverride {
  std::optional<double> cpus;
  std::optional<Bytes> memory;
  std::optional<Bytes> disk;
  bool operator==(const ComponentOverride&) const = default;
};

// Factors measured on a running stack by `size --from-prometheus`; absent ones are documented
// values.
struct Calibration {
  std::string measured_at;               // RFC 3339; empty: never calibrated
  std::string source;                    // URL
  std::map<std::string, double> values;  // for example "span_size_bytes": 612.5
  bool operator==(const Calibration&) const = default;
};

// Where the settings of a spec stand in its file, by key. It says nothing about the stack, so specs
// that differ in it alone are equal.
struct SpecPlaces {
  std::map<std::string, SourcePos> of;
  bool operator==(const SpecPlaces&) const { return true; }
};

struct StackSpec {
  std::string name = "observability";  // project, network and volume prefix
  std::string tier = "small";
  std::string profile = "recommended";  // minimum, recommended, production
  std::string target = "compose";
  std::string environment = "production";  // deployment.environment.name, external label
  bool print_telemetry = false;            // the collector prints what passes
  TraceSpec traces;
  MetricSpec metrics;
  LogSpec logs;
  SizingSpec sizing;
  SecuritySpec security;
  ForwardSpec forward;
  AlertingSpec alerting;
  HostSpec host;
  LoadgenSpec loadgen;
  std::map<std::string, ComponentOverride> components;
  std::vector<std::string> extra_components;  // beside those of the stack, by name
  std::map<std::string, int> ports;           // published port by name, for example grafana: 3000
  // Where people open a page, by the name of its port: a proxy's URL for grafana.
  std::map<std::string, std::string> public_urls;
  // "sha256:…" by "repository:tag"; one for another tag than the stack's means nothing.
  std::map<std::string, std::string> digests;
  Calibration calibration;
  // Keys of the scalar fields that the user set, in a file or by hand. The others follow the
  // tier, the profile and obsctl's defaults, whatever these become in a later version.
  std::set<std::string> asked;
  // Those that were read from a file and not changed since.
  SpecPlaces places;
  bool operator==(const StackSpec&) const = default;
};

// One settable field.
struct SpecField {
  std::string key;                   // dotted, for example "traces.retention"
  std::string doc;                   // one line
  std::string form;                  // what a value looks like, for example "duration"
  std::vector<std::string> choices;  // the only values, when the field is a choice
  // Parses `text` into the spec. Errors name the key.
  std::function<Result<void>(StackSpec&, std::string_view text)> set;
  // The current value as text that `set` accepts; nothing when the field is unset.
  std::function<std::optional<std::string>(const StackSpec&)> get;

  // The current value as obsctl.yaml has it, quoted where YAML needs that.
  [[nodiscard]] std::optional<std::string> yaml(const StackSpec& spec) const;
};

// One settable list of texts. It is written to obsctl.yaml only when it has entries; `--set` takes
// them with commas between.
struct SpecList {
  std::string key;  // dotted, for example "loadgen.targets"
  std::string doc;  // one line
  std::vector<std::string>& (*of)(StackSpec&);
  // An error when an entry is wrong by itself.
  Result<void> (*check)(const std::string& entry);

  [[nodiscard]] const std::vector<std::string>& of_const(const StackSpec& spec) const;
};

// All scalar fields in the order of obsctl.yaml, and all lists. Maps (components.*, ports.*,
// calibration.*) are handled by read_spec, write_spec and set_field beside them.
[[nodiscard]] const std::vector<SpecField>& spec_fields();
[[nodiscard]] const std::vector<SpecList>& spec_lists();

// Applies "key=value" and remembers that the key was asked for.
[[nodiscard]] Result<void> set_field(StackSpec& spec, std::string_view assignment);
[[nodiscard]] Result<void> set_field(StackSpec& spec, std::string_view key, std::string_view value);

// Reads an obsctl.yaml. Unknown keys, duplicate keys and bad values are errors with file:line:col
// and the key as their subject; all of them (Error::more).
[[nodiscard]] Result<StackSpec> read_spec(std::string_view text, const std::string& file);

// Writes an obsctl.yaml that read_spec reads back to the same value, as long as what was not asked
// for has its default. Such fields are written as comments: the file shows everything that can be
// changed, and a better default of a later version still arrives.
[[nodiscard]] std::string write_spec(const StackSpec& spec);

// The error with the place of its subject, where that stands in the file that `spec` was read from.
[[nodiscard]] Error placed(Error error, const StackSpec& spec);

// Contradictions that no single field can see (tls files without a certificate, retention of 0 …);
// all of them (Error::more), with their place for what stands in a file.
[[nodiscard]] Result<void> validate_spec(const StackSpec& spec);

}  // namespace obsctl

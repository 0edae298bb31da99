// SPDX-License-Identifier: Apache-2.0
// The table of spec fields: every key of obsctl.yaml, what it means and how it is parsed and
// printed.
#include <fmt/format.h>

#include <algorithm>

#include "lib/base/text.hpp"
#include "lib/base/utf8.hpp"
#include "lib/model/load_target.hpp"
#include "lib/model/spec.hpp"

namespace obsctl {
namespace {

// A line break could smuggle further lines into a generated file, and what is not text is refused
// by the program that reads the file.
Result<void> check_text(std::string_view text, std::string_view key) {
  if (!is_utf8(text)) {
    return fail(Code::usage, fmt::format("the value of '{}' is not UTF-8", key));
  }
  if (!is_text(text)) {
    return fail(Code::usage, fmt::format("the value of '{}' contains a control character", key),
                "text is one line of printable characters");
  }
  return {};
}

// How one type of value is parsed and printed.
template <class T>
struct Form;

template <>
struct Form<Rate> {
  static constexpr std::string_view name = "rate";
  static Result<Rate> parse(std::string_view t, std::string_view k) { return parse_rate(t, k); }
  static std::string print(Rate v) { return print_rate(v); }
};
template <>
struct Form<Bytes> {
  static constexpr std::string_view name = "size";
  static Result<Bytes> parse(std::string_view t, std::string_view k) { return parse_bytes(t, k); }
  static std::string print(Bytes v) { return print_bytes(v); }
};
template <>
struct Form<Duration> {
  static constexpr std::string_view name = "duration";
  static Result<Duration> parse(std::string_view t, std::string_view k) {
    return parse_duration(t, k);
  }
  static std::string print(Duration v) { return print_duration(v); }
};
template <>
struct Form<Share> {
  static constexpr std::string_view name = "share";
  static Result<Share> parse(std::string_view t, std::string_view k) { return parse_share(t, k); }
  static std::string print(Share v) { return print_share(v); }
};
template <>
struct Form<double> {
  static constexpr std::string_view name = "count";
  static Result<double> parse(std::string_view t, std::string_view k) { return parse_count(t, k); }
  static std::string print(double v) { return print_count(v); }
};
template <>
struct Form<bool> {
  static constexpr std::string_view name = "true or false";
  static Result<bool> parse(std::string_view t, std::string_view k) { return parse_bool(t, k); }
  static std::string print(bool v) { return v ? "true" : "false"; }
};
template <>
struct Form<std::string> {
  static constexpr std::string_view name = "text";
  static Result<std::string> parse(std::string_view t, std::string_view k) {
    OBS_TRY(check_text(t, k));
    return std::string(t);
  }
  static std::string print(const std::string& v) { return v; }
};

template <ClosedChoice E>
struct Form<E> {
  static constexpr std::string_view name = "choice";
  static Result<E> parse(std::string_view t, std::string_view k) { return parse_choice<E>(t, k); }
  static std::string print(E v) { return std::string(name_of(v)); }
};

template <class T>
struct Unwrap {
  using type = T;
};
template <class T>
struct Unwrap<std::optional<T>> {
  using type = T;
};

// A row for the field that `member` reaches; `member` is a lambda from StackSpec& to the field.
template <class Member>
SpecField field(std::string key, std::string doc, Member member,
                std::vector<std::string> choices = {}) {
  using Stored = std::remove_reference_t<decltype(member(std::declval<StackSpec&>()))>;
  using Value = typename Unwrap<Stored>::type;
  if constexpr (ClosedChoice<Value>) {
    choices = choices_of<Value>();
  }
  SpecField out;
  out.key = key;
  out.doc = std::move(doc);
  out.form = choices.empty() ? std::string(Form<Value>::name) : join(choices, ", ");
  out.choices = choices;
  out.set = [key, member, choices](StackSpec& spec, std::string_view text) -> Result<void> {
    OBS_TRY_ASSIGN(Value value, Form<Value>::parse(text, key));
    if constexpr (std::is_same_v<Value, std::string>) {
      const auto choice = std::ranges::find_if(
          choices, [&value](const std::string& one) { return lower(one) == lower(value); });
      if (!choices.empty() && choice == choices.end()) {
        return unknown_choice(value, key, choices);
      }
      value = choices.empty() ? value : *choice;
    }
    member(spec) = std::move(value);
    return {};
  };
  out.get = [member](const StackSpec& spec) -> std::optional<std::string> {
    const Stored& stored =
        member(const_cast<StackSpec&>(spec));  // NOLINT: `member` only names a field
    if constexpr (std::is_same_v<Stored, Value>) {
      return Form<Value>::print(stored);
    } else {
      return stored ? std::optional(Form<Value>::print(*stored)) : std::nullopt;
    }
  };
  return out;
}

#define FIELD(path)            \
  [](StackSpec & s) -> auto& { \
    return s.path;             \
  }

std::vector<SpecField> make_fields() {
  return {
      field("name",
            "the name of the stack, its project or namespace and prefix of what it makes; a new "
            "stack is called after its directory",
            FIELD(name)),
      field("tier", "the scale tier", FIELD(tier), {"small", "medium", "large", "xlarge"}),
      field("profile", "the host that the stack is made for", FIELD(profile),
            {"minimum", "recommended", "production"}),
      field("target", "what the stack is generated for", FIELD(target)),
      field("environment", "deployment.environment.name of the stack's own telemetry",
            FIELD(environment)),

      field("print_telemetry",
            "print what passes through the collector into its log, to find a fault",
            FIELD(print_telemetry)),

      field("traces.spans", "the spans received per second", FIELD(traces.spans)),
      field("traces.traces", "the new traces per second", FIELD(traces.traces)),
      field("traces.spans_per_trace", "spans in a trace, when traces.traces is not given",
            FIELD(traces.spans_per_trace)),
      field("traces.span_size", "the bytes of a span", FIELD(traces.span_size)),
      field("traces.storage_factor", "stored bytes per raw byte of trace",
            FIELD(traces.storage_factor)),
      field("traces.backend", "the component that stores the traces", FIELD(traces.backend)),
      field("traces.retention", "how long traces are kept", FIELD(traces.retention)),
      field("traces.keep_all_below", "the spans per second up to which every trace is kept",
            FIELD(traces.keep_all_below)),
      field("traces.keep",
            "the share of ordinary traces kept beyond; errors and slow ones are always kept",
            FIELD(traces.keep)),
      field("traces.errors", "expected share of traces with an error", FIELD(traces.errors)),
      field("traces.slow", "expected share of slow traces", FIELD(traces.slow)),
      field("traces.slow_threshold", "how long a trace has to take to be slow",
            FIELD(traces.slow_threshold)),
      field("traces.decision_wait", "how long tail sampling collects a trace",
            FIELD(traces.decision_wait)),

      field("metrics.series", "the number of active series", FIELD(metrics.series)),
      field("metrics.scrape_interval", "the time between two samples of a series",
            FIELD(metrics.scrape_interval)),
      field("metrics.sample_size", "the stored bytes of a sample", FIELD(metrics.sample_size)),
      field("metrics.retention", "how long metrics are kept", FIELD(metrics.retention)),
      field("metrics.backend", "the component that stores the metrics", FIELD(metrics.backend)),

      field("logs.lines", "the log records received per second", FIELD(logs.lines)),
      field("logs.line_size", "the bytes of a log record", FIELD(logs.line_size)),
      field("logs.streams", "the number of active log streams", FIELD(logs.streams)),
      field("logs.storage_factor", "stored bytes per raw byte of log", FIELD(logs.storage_factor)),
      field("logs.backend", "the component that stores the logs", FIELD(logs.backend)),
      field("logs.retention", "how long logs are kept", FIELD(logs.retention)),
      field("logs.drop_debug", "drop the records below level info", FIELD(logs.drop_debug)),

      field("sizing.replication", "how many copies the stores keep", FIELD(sizing.replication)),
      field("sizing.kafka_brokers", "the number of Kafka brokers; 0: from the tier",
            FIELD(sizing.kafka_brokers)),
      field("sizing.kafka_partitions", "partitions of each Kafka topic",
            FIELD(sizing.kafka_partitions)),
      field("sizing.kafka_replication", "replication factor of the Kafka topics",
            FIELD(sizing.kafka_replication)),
      field("sizing.kafka_retention", "how long Kafka keeps a message",
            FIELD(sizing.kafka_retention)),
      field("sizing.ha", "at least the instances that high availability needs", FIELD(sizing.ha)),
      field("sizing.growth_per_month", "the expected growth of the load",
            FIELD(sizing.growth_per_month)),
      field("sizing.provider", "whose prices are shown", FIELD(sizing.provider)),

      field("security.tls", "TLS on the OTLP receivers", FIELD(security.tls)),
      field("security.tls_cert", "the certificate chain (PEM) for tls: files",
            FIELD(security.tls_cert)),
      field("security.tls_key", "the private key (PEM) for tls: files", FIELD(security.tls_key)),
      field("security.client_ca",
            "the authority (PEM) whose certificates senders must show (empty: none is asked for)",
            FIELD(security.client_ca)),
      field("security.auth", "who may send telemetry", FIELD(security.auth)),
      field("security.bind",
            "the address on which OTLP is published; everything else stays on 127.0.0.1",
            FIELD(security.bind)),
      field(
          "security.bind_ui",
          "the address on which Grafana is published; it speaks TLS there when security.tls is on",
          FIELD(security.bind_ui)),

      field("forward.url",
            "where a copy of the kept traces is sent, by OTLP over HTTP (empty: nowhere)",
            FIELD(forward.url)),
      field("forward.header",
            "the header by which the receiver of the copy knows the sender (empty: none)",
            FIELD(forward.header)),

      field("alerting.slack_channel", "the Slack channel (empty: that of the webhook)",
            FIELD(alerting.slack_channel)),
      field("alerting.telegram_chat", "the number of the Telegram chat",
            FIELD(alerting.telegram_chat)),
      field("alerting.email_to", "who gets alert e-mail; several addresses with commas between",
            FIELD(alerting.email_to)),
      field("alerting.email_from", "the sender of alert e-mail (empty: the first receiver)",
            FIELD(alerting.email_from)),
      field("alerting.smtp_host", "the mail server as host:port", FIELD(alerting.smtp_host)),
      field("alerting.smtp_user", "who logs in to the mail server (empty: the sender)",
            FIELD(alerting.smtp_user)),

      field("host.cpus", "the CPU cores of the host; the plan stays within them", FIELD(host.cpus)),
      field("host.memory", "the memory of the host; the plan stays within it", FIELD(host.memory)),
      field("host.disk", "the disk of the host; the plan stays within it", FIELD(host.disk)),
  };
}

}  // namespace

const std::vector<SpecField>& spec_fields() {
  static const std::vector<SpecField> fields = make_fields();
  return fields;
}

// clang-format off
const std::vector<SpecList>& spec_lists() {
  static const std::vector<SpecList> lists = {
      {"security.cors_origins", "browser origins that may send telemetry",
       FIELD(security.cors_origins),
       [](const std::string&) -> Result<void> { return {}; }},  // validate_spec knows what is safe
      {"security.tls_names",
       "names and addresses under which senders reach the receivers, for the certificate",
       FIELD(security.tls_names),
       [](const std::string&) -> Result<void> { return {}; }},  // validate_spec knows what is one
      {"alerting.receivers",
       "who alerts are sent to, by name; their URLs and tokens are secret files",
       FIELD(alerting.receivers),
       [](const std::string&) -> Result<void> { return {}; }},  // the router of alerts knows them
      {"loadgen.targets",
       "host or host:port that 'obsctl loadgen' may load with more than 1000 items/s",
       FIELD(loadgen.targets),
       [](const std::string& entry) -> Result<void> {
         OBS_TRY(parse_load_target(entry));
         return {};
       }},
      {"stack.add", "components besides the stack's own, by name", FIELD(extra_components),
       [](const std::string&) -> Result<void> { return {}; }},  // known when the stack is put together
  };
  return lists;
}
// clang-format on

#undef FIELD

const std::vector<std::string>& SpecList::of_const(const StackSpec& spec) const {
  return of(const_cast<StackSpec&>(spec));  // NOLINT: `of` only names a member
}

}  // namespace obsctl

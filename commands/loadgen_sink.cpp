// SPDX-License-Identifier: Apache-2.0
// `obsctl loadgen sink`: an OTLP receiver that counts until it is told to stop.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <limits>
#include <memory>

#include "commands/loadgen.hpp"
#include "commands/typed_flags.hpp"
#include "lib/base/text.hpp"
#include "lib/io/signals.hpp"
#include "lib/sink/sink.hpp"

namespace obsctl {
namespace {

struct SinkFlags {
  otlp::SinkOptions options = {.depth = otlp::Depth::full};
  std::optional<Duration> duration;
  bool print = false;
};

Result<int> serve(Context& context, const SinkFlags& flags) {
  otlp::SinkOptions options = flags.options;
  if (flags.print) {
    options.depth = otlp::Depth::full;
    options.print = [&context](std::string_view lines) {
      context.terminal.out(lines);
      // A reader follows along; a closed pipe is its choice.
      static_cast<void>(context.terminal.flush());
    };
    options.note = [&context](std::string_view line) { context.note(line); };
  }
  const StopSignals signals(context.stop);
  OBS_TRY_ASSIGN(otlp::Sink sink, otlp::Sink::start(std::move(options)));
  context.note(fmt::format(
      "obsctl: listening on {}: gRPC port {}, HTTP port {}; Ctrl-C stops and prints the counts",
      flags.options.host, sink.grpc_port(), sink.http_port()));
  constexpr Duration k_forever{std::numeric_limits<double>::infinity()};
  context.clock.sleep(flags.duration.value_or(k_forever), context.stop);
  sink.stop();
  context.terminal.out(otlp::to_json(sink.counts(), true) + "\n");
  // To be stopped is how a server ends, not a failure.
  return exit_code::ok;
}

std::vector<Flag> listen_flags(SinkFlags& flags) {
  const std::string group = "Listening";
  std::vector<Flag> out = {
      {.name = "listen",
       .value = "ADDRESS",
       .into = &flags.options.host,
       .fallback = flags.options.host,
       .group = group,
       .doc = "listen on this address"},
      {.name = "grpc-port",
       .value = "PORT",
       .into = into_integer(&flags.options.grpc_port, -1, 65535),
       .group = group,
       .doc = "listen for gRPC on this port (0: any free port, -1: none)"},
      {.name = "http-port",
       .value = "PORT",
       .into = into_integer(&flags.options.http_port, -1, 65535),
       .group = group,
       .doc = "listen for HTTP on this port (0: any free port, -1: none); /counts has the counts"},
      file_flag("cert-file", &flags.options.tls_cert, group,
                "present this server certificate (PEM)"),
      file_flag("key-file", &flags.options.tls_key, group,
                "read the server certificate's key here (PEM)"),
      file_flag("ca-file", &flags.options.client_ca, group,
                "require client certificates of this CA (PEM)"),
      {.name = "duration",
       .short_name = 'd',
       .value = "DURATION",
       .into = into_duration(&flags.duration),
       .fallback = "until Ctrl-C",
       .group = group,
       .doc = "stop after this time"}};
  out[3].needs = {"key-file"};
  out[4].needs = {"cert-file"};
  out[5].needs = {"cert-file"};
  return out;
}

std::vector<Flag> answer_flags(SinkFlags& flags) {
  const std::string group = "Counting and answering";
  return {{.name = "fault",
           .value = "KIND[,KEY=VALUE]",
           .into = typed_flags::into(&flags.options.faults, otlp::parse_fault, nullptr),
           .suggestions = otlp::fault_names(),
           .group = group,
           .doc = "inject a fault, for example unavailable,share=10%,retry=2s; may be repeated"},
          {.name = "depth",
           .value = "DEPTH",
           .into = into_enum(&flags.options.depth),
           .group = group,
           .doc = "count requests, count items, or identify every item (full)"},
          {.name = "group",
           .value = "KEY",
           .into = &flags.options.group_attribute,
           .group = group,
           .doc = "count traces per value of this span attribute"},
          {.name = "print",
           .into = &flags.print,
           .excludes = {"depth"},
           .group = group,
           .doc = "print each request as a line of OTLP/JSON, its headers and response on stderr"}};
}

}  // namespace

Command loadgen_sink_command() {
  auto flags = std::make_shared<SinkFlags>();
  Command out;
  out.name = "sink";
  out.summary = "receive OTLP, count it, find duplicates and inject faults";
  out.description =
      "Receives OTLP over gRPC and HTTP and counts requests, items, duplicates and distinct "
      "traces. The counts are served at /counts of the HTTP port while it runs and printed as JSON "
      "when it stops.\n\n"
      "Faults are spread evenly: a share of 10% is every tenth request. Kinds: " +
      join(otlp::fault_names(), ", ") + ".";
  out.flags = listen_flags(*flags);
  std::ranges::move(answer_flags(*flags), std::back_inserter(out.flags));
  out.examples = {
      {"obsctl loadgen sink --grpc-port 5317 --http-port 5318 --print", "see what an SDK sends"},
      {"obsctl loadgen sink --fault unavailable,share=10%,retry=2s",
       "reject every tenth request and ask for a retry after two seconds"},
  };
  out.see_also = {"loadgen run"};
  out.run = [flags](Context& context) { return serve(context, *flags); };
  return out;
}

}  // namespace obsctl

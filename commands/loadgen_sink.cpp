// `obsctl loadgen sink`: an OTLP receiver that counts until it is told to stop.
#include <fmt/format.h>

#include <limits>

#include "commands/loadgen_options.hpp"
#include "lib/sink/sink.hpp"

namespace obsctl {
namespace {

Result<otlp::SinkOptions> sink_options(Context& context, const LoadgenOptions& options) {
  otlp::SinkOptions out;
  out.host = options.listen;
  OBS_TRY_ASSIGN(const auto grpc, parse_integer(options.grpc_port, "--grpc-port", -1, 65535));
  OBS_TRY_ASSIGN(const auto http, parse_integer(options.http_port, "--http-port", -1, 65535));
  out.grpc_port = static_cast<int>(grpc);
  out.http_port = static_cast<int>(http);
  out.tls_cert = options.cert_file;
  out.tls_key = options.key_file;
  out.client_ca = options.ca_file;
  out.depth = options.depth == "requests" ? otlp::Depth::requests
              : options.depth == "items"  ? otlp::Depth::items
                                          : otlp::Depth::full;
  out.group_attribute = options.group;
  for (const std::string& text : options.faults) {
    OBS_TRY_ASSIGN(otlp::Fault fault, otlp::parse_fault(text, "--fault"));
    out.faults.push_back(fault);
  }
  if (options.print) {
    out.depth = otlp::Depth::full;
    out.print = [&context](std::string_view lines) {
      context.terminal.out(lines);
      static_cast<void>(
          context.terminal.flush());  // a reader follows along; a closed pipe is its choice
    };
    out.note = [&context](std::string_view line) { context.note(std::string(line)); };
  }
  return out;
}

}  // namespace

Result<int> run_sink(Context& context, const LoadgenOptions& options) {
  Duration limit{std::numeric_limits<double>::infinity()};
  if (options.duration) {
    OBS_TRY_ASSIGN(limit, parse_duration(*options.duration, "--duration"));
  }
  OBS_TRY_ASSIGN(otlp::SinkOptions sink_with, sink_options(context, options));
  const StopSignals signals(context.stop);
  OBS_TRY_ASSIGN(otlp::Sink sink, otlp::Sink::start(std::move(sink_with)));
  context.note(fmt::format(
      "obsctl: listening on {}: gRPC port {}, HTTP port {}; Ctrl-C ends and prints the counts",
      options.listen, sink.grpc_port(), sink.http_port()));
  context.clock.sleep(limit, context.stop);
  sink.stop();
  context.terminal.out(otlp::to_json(sink.counts(), true) + "\n");
  // To be stopped is how a server ends, not a failure.
  return exit_code::ok;
}

}  // namespace obsctl

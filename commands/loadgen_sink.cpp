// SPDX-License-Identifier: Apache-2.0
// `obsctl loadgen sink`: an OTLP receiver that counts until it is told to stop.
#include <fmt/format.h>
#include <malloc.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <iterator>
#include <limits>
#include <memory>
#include <optional>

#include "commands/loadgen.hpp"
#include "commands/typed_flags.hpp"
#include "lib/base/text.hpp"
#include "lib/io/line_writer.hpp"
#include "lib/io/signals.hpp"
#include "lib/sink/sink.hpp"

namespace obsctl {
namespace {

struct SinkFlags {
  otlp::SinkOptions options = {.depth = otlp::Depth::full};
  std::optional<Duration> duration;
  Bytes memory{static_cast<double>(otlp::SinkOptions{}.memory)};
  bool print = false;
};

std::string unbracketed(std::string host) {
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  return bracketed ? host.substr(1, host.size() - 2) : host;
}

// The C1 controls, which a terminal may obey (U+009B begins an escape sequence), and DEL: JSON may
// hold them as they are, in strings only.
std::string json_for_terminal(std::string_view json) {
  std::string out;
  out.reserve(json.size());
  for (std::size_t i = 0; i < json.size(); ++i) {
    const auto byte = static_cast<unsigned char>(json[i]);
    const auto next = static_cast<unsigned char>(i + 1 < json.size() ? json[i + 1] : 0);
    if (byte == 0xc2 && next >= 0x80 && next < 0xa0) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(next));
      ++i;
    } else if (byte == 0x7f) {
      out += "\\u007f";
    } else {
      out += json[i];
    }
  }
  return out;
}

constexpr std::size_t k_least_memory = 1U << 20;
constexpr std::size_t k_waiting_output = 64U << 20;  // bytes for a reader of --print to catch up

// Whether both descriptors lead to the same terminal, pipe or file.
bool same_stream(int one, int other) {
  struct stat a = {};
  struct stat b = {};
  return ::fstat(one, &a) == 0 && ::fstat(other, &b) == 0 && a.st_dev == b.st_dev &&
         a.st_ino == b.st_ino;
}

// Where a sink that must never wait for a reader writes to: stdout and stderr, each at its own
// pace, unless they are the same stream, whose lines must not run into each other.
class Output {
 public:
  explicit Output(bool quiet) : quiet_(quiet), out_(STDOUT_FILENO, k_waiting_output) {
    if (!same_stream(STDOUT_FILENO, STDERR_FILENO)) {
      own_err_.emplace(STDERR_FILENO, k_waiting_output);
    }
  }

  // JSON is printed as it came; what a terminal would obey is escaped.
  void print(std::string_view lines) { out_.offer_counted(json_for_terminal(lines)); }
  void say(std::string_view line) {
    if (!quiet_) {
      err().offer(printable(line) + "\n");
    }
  }

  // Writes the counts, and on stderr what the reader has missed. A reader that has stopped is not
  // waited for, nor is any when the user asks twice.
  Result<void> finish(const std::string& counts, const StopFlag& stop) {
    const auto hurry = [&stop] { return stop.level() == StopLevel::now; };
    constexpr std::chrono::seconds k_patience{1};
    out_.insist(counts);
    const bool told = out_.drain(k_patience, hurry);
    const int error = out_.error();
    const std::string cause = error != 0 ? lower(std::strerror(error)) : "";
    if (const std::uint64_t missing = out_.missing(); missing > 0) {
      say(fmt::format("obsctl: {} {} not printed: {}", missing,
                      missing == 1 ? "request was" : "requests were",
                      error == 0       ? "the reader was too slow"
                      : error == EPIPE ? "the reader has closed standard output"
                                       : cause));
    }
    if (own_err_) {
      if (!told) {
        own_err_->insist(counts);
      }
      own_err_->drain(k_patience, hurry);
    }
    if (error != 0 && error != EPIPE) {  // a closed pipe is the reader's choice
      return fail(Code::io, fmt::format("cannot write the counts: {}", cause));
    }
    return {};
  }

 private:
  LineWriter& err() { return own_err_ ? *own_err_ : out_; }

  bool quiet_;
  LineWriter out_;
  std::optional<LineWriter> own_err_;
};

// Large bodies come and go as whole pages, and memory that a burst needed does not stay with the
// program. glibc would otherwise raise this threshold to the largest body it has seen.
void return_large_blocks() {
#ifdef __GLIBC__
  mallopt(M_MMAP_THRESHOLD, 1 << 20);
#endif
}

Result<int> serve(Context& context, const SinkFlags& flags) {
  return_large_blocks();
  otlp::SinkOptions options = flags.options;
  options.host = unbracketed(options.host);
  options.memory = static_cast<std::size_t>(std::min(flags.memory.value, 1e15));
  if (options.memory < k_least_memory) {
    return fail(Code::usage, "--memory is less than 1MiB", "leave it out for the default");
  }
  Output output(context.global.quiet);
  options.warn = [&output](std::string_view line) { output.say(fmt::format("obsctl: {}", line)); };
  if (flags.print) {
    options.depth = otlp::Depth::full;
    options.print = [&output](std::string_view lines) { output.print(lines); };
    options.note = [&output](std::string_view line) { output.say(line); };
  }
  std::optional<StopSignals> signals(std::in_place, context.stop);
  OBS_TRY_ASSIGN(otlp::Sink sink, otlp::Sink::start(std::move(options)));
  const auto port = [](std::string_view name, std::uint16_t number) {
    return number == 0 ? fmt::format("no {} port", name) : fmt::format("{} port {}", name, number);
  };
  output.say(fmt::format("obsctl: listening on {}: {}, {}; Ctrl-C stops and prints the counts",
                         flags.options.host, port("gRPC", sink.grpc_port()),
                         port("HTTP", sink.http_port())));
  constexpr Duration k_forever{std::numeric_limits<double>::infinity()};
  context.clock.sleep(flags.duration.value_or(k_forever), context.stop);
  signals.reset();  // a second signal ends the program even in the middle of a large request
  sink.stop();
  signals.emplace(context.stop);
  OBS_TRY(output.finish(otlp::to_json(sink.counts(), true) + "\n", context.stop));
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
      {.name = "memory",
       .value = "SIZE",
       .into = into_bytes(&flags.memory),
       .group = group,
       .doc = "refuse requests, to be retried, when unfinished ones hold this much memory"},
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
      "It does not wait for anybody. A reader of --print that is too slow misses requests, and the "
      "end says how many. Handshakes and heads have 10 s, bodies 60 s. When unfinished requests "
      "have used up --memory, further ones are refused with RESOURCE_EXHAUSTED or 429, to be sent "
      "again. A second Ctrl-C ends it at once. Pages in a browser may send to the HTTP port.\n\n"
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

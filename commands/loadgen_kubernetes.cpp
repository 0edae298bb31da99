// The options of a run as the words that every pod of a Kubernetes job gets.
#include <fmt/format.h>

#include "commands/loadgen_options.hpp"

namespace obsctl {

std::vector<std::string> job_arguments(const LoadgenOptions& o, std::uint64_t seed) {
  const LoadgenOptions fresh;
  std::vector<std::string> out;
  const auto add = [&out](const char* flag, const std::string& value, const std::string& usual) {
    if (value != usual) {
      out.push_back(fmt::format("--{}={}", flag, value));
    }
  };
  for (const auto& [flag, values] : {std::pair{"endpoint", &o.endpoints},
                                     {"header", &o.headers},
                                     {"signals", &o.signals},
                                     {"threshold", &o.thresholds}}) {
    for (const std::string& value : *values) {
      add(flag, value, "");
    }
  }
  for (const auto& [flag, value] : {std::pair{"scenario", &o.scenario},
                                    {"tier", &o.tier},
                                    {"rate", &o.rate},
                                    {"profile", &o.profile},
                                    {"duration", &o.duration},
                                    {"count", &o.count},
                                    {"span-size", &o.span_size},
                                    {"log-size", &o.log_size},
                                    {"series", &o.series},
                                    {"bearer-file", &o.bearer_file}}) {
    add(flag, value->value_or(""), "");
  }
  add("protocol", o.protocol, fresh.protocol);
  add("compression", o.compression, fresh.compression);
  add("ca-file", o.ca_file, "");
  add("cert-file", o.cert_file, "");
  add("key-file", o.key_file, "");
  add("server-name", o.server_name, "");
  add("connections", o.connections, fresh.connections);
  add("streams", o.streams, fresh.streams);
  add("timeout", o.timeout, fresh.timeout);
  add("unit", o.unit, fresh.unit);
  add("warmup", o.warmup, fresh.warmup);
  add("batch", o.batch, fresh.batch);
  add("workers", o.workers, fresh.workers);
  out.push_back(fmt::format("--seed={}", seed));
  add("retry", o.retry, fresh.retry);
  for (const auto& [flag, on] : {std::pair{"max", o.max},
                                 {"sequence", o.sequence},
                                 {"insecure-skip-verify", o.insecure},
                                 {"yes", true}}) {
    if (on) {
      out.push_back(fmt::format("--{}", flag));
    }
  }
  out.emplace_back("--output=json");
  return out;
}

}  // namespace obsctl

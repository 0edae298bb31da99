// SPDX-License-Identifier: Apache-2.0
// What health reads of strangers: lines of logs and their frames, answers of Prometheus' API, queries of
// rules, tables of the kernel. Whatever comes, samples are finite in number, their labels fit to be shown,
// and a text that is printed has no control characters of the stranger's.
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string_view>

#include "lib/checks/expression.hpp"
#include "lib/checks/samples.hpp"
#include "lib/engine/logs.hpp"
#include "lib/explain/explain.hpp"
#include "lib/io/filesystem.hpp"
#include "lib/sources/logs.hpp"
#include "lib/sources/loopback.hpp"
#include "lib/sources/prometheus_answers.hpp"

namespace {

using namespace obsctl;

const catalog::Signatures& signatures() {
  static const catalog::Signatures k_all = [] {
    static const OsFileSystem files;
    auto read = health::read_signatures(TemplateStore(files, {}));
    if (!read) {
      std::abort();
    }
    return std::move(*read);
  }();
  return k_all;
}

void check(const health::Samples& samples, std::size_t most) {
  if (samples.size() > most) {
    std::abort();
  }
  for (const auto& sample : health::with_shown_labels(samples)) {
    for (const auto& [name, value] : sample.labels) {
      for (const char c : value) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
          std::abort();
        }
      }
    }
  }
}

void read_log(std::string_view bytes) {
  LogDecoder decoder(1 << 16);
  const std::size_t half = bytes.size() / 2;
  decoder.take(bytes.substr(0, half));
  decoder.take(bytes.substr(half));
  check(health::log_samples(decoder.lines(), signatures(), Time{}), 1000);
}

void read_json(std::string_view text) {
  const auto data = nlohmann::json::parse(text, nullptr, false);
  const std::size_t most = text.size() + 100;
  check(health::target_samples(data), most);
  check(health::alert_samples(data, Time{}), most);
  check(health::alertmanager_samples(data), most);
  check(health::runtime_samples(data), most);
  check(health::tsdb_samples(data), most);
  check(health::replay_samples(data), most);
  const health::RulesSeen seen{.now = Time{}, .started = {}, .names = health::KnownNames({"up"})};
  check(health::rule_samples(data, seen), 10 * most);
}

void read_expression(std::string_view text) {
  const auto parsed = health::Expression::parse(text, {"fuzz", 1, 1});
  if (!parsed) {
    return;
  }
  health::Reading reading;
  for (const auto& name : parsed->names()) {
    reading.samples.push_back({.name = name, .labels = {{"a", "1"}}, .time = 0, .value = 2});
    reading.before.push_back({.name = name, .labels = {{"a", "1"}}, .time = 0, .value = 1});
  }
  reading.seconds = 1;
  std::set<std::string> missing;
  for (const auto& point : parsed->evaluate({&reading}, {"a"}, missing).points) {
    if (!std::isfinite(point.value)) {
      std::abort();
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) {
    return 0;
  }
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 6) {
    case 0: read_log(text); break;
    case 1: read_json(text); break;
    case 2: read_expression(text); break;
    case 3: static_cast<void>(health::selected_names(text)); break;
    case 4: {
      health::ListeningPorts ports;
      health::read_listening(text, ports);
      break;
    }
    default: static_cast<void>(health::explanation_text(health::explain(text, signatures())));
  }
  return 0;
}

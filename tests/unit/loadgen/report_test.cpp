// SPDX-License-Identifier: Apache-2.0
// Reports of other machines: whatever is in them is merged as it stands or refused by its name.
#include "lib/loadgen/report.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "lib/loadgen/load_test.hpp"

using namespace obsctl;
using namespace obsctl::loadgen;

namespace {

using Json = nlohmann::ordered_json;

Report good_report() {
  Report out;
  out.scenario = "shop";
  out.fingerprint = "abc";
  out.endpoints = {"http://collector:4317"};
  out.protocol = "grpc";
  out.compression = "none";
  out.profile = "constant";
  out.asked_rate = out.expected = 100;
  out.duration = out.result.seconds = out.result.load_seconds = 1;
  SignalTally& spans = out.result.signals[0];
  spans.sent = 100;
  spans.accepted = 97;
  spans.refused = 3;
  spans.requests = 4;
  for (const int millis : {2, 3, 5, 40}) {
    out.result.latency.record(millis * 1'000'000);
    out.result.service.record(millis * 900'000);
    out.result.lateness.record(millis * 1'000);
  }
  out.result.causes["UNAVAILABLE"] = 1;
  out.result.warnings["old conventions"] = 2;
  out.verdicts.push_back({"p99<1s", "40 ms", true});
  out.tier.emplace().tier = "small";
  return out;
}

// Calls `with` for every value in the report that holds no others.
void each_leaf(Json& root, const std::function<void(Json& leaf, const std::string& path)>& with) {
  const std::function<void(Json&, const std::string&)> walk = [&](Json& at,
                                                                  const std::string& path) {
    if (!at.is_structured()) {
      with(at, path);
      return;
    }
    std::size_t number = 0;
    for (auto it = at.begin(); it != at.end(); ++it) {
      walk(*it, path + "/" + (at.is_object() ? it.key() : std::to_string(number++)));
    }
  };
  walk(root, "");
}

// Everything that a report that was read is used for.
void use(const Report& report) {
  for (const Format format : {Format::text, Format::json, Format::markdown, Format::junit}) {
    static_cast<void>(print_report(report, format, false));
  }
  static_cast<void>(compare_reports(good_report(), report, "a", "b", false));
  const auto merged = merge_reports({report});
  if (merged) {
    static_cast<void>(print_report(*merged, Format::text, false));
    static_cast<void>(check_accepted(*merged, true));
  }
  CHECK(read_report(report_json(report), "again.json"));
}

}  // namespace

TEST_CASE("any one value of a report can be another: it merges, or is refused by file and field") {
  const std::vector<Json> values = {0,
                                    -1,
                                    1,
                                    1ULL << 32U,
                                    1ULL << 53U,
                                    INT64_MAX,
                                    UINT64_MAX,
                                    1e308,
                                    -1e308,
                                    1e-320,
                                    "x",
                                    "",
                                    nullptr,
                                    true,
                                    false,
                                    Json::array(),
                                    Json::object(),
                                    Json::array({Json::array()}),
                                    "\x1b[31m"};
  Json root = Json::parse(report_json(good_report()));
  int refused = 0;
  each_leaf(root, [&](Json& leaf, const std::string& path) {
    const Json before = leaf;
    for (const Json& value : values) {
      CAPTURE(path);
      CAPTURE(value.dump());
      leaf = value;
      const auto read = read_report(root.dump(), "x.json");
      if (read) {
        use(*read);
      } else if (path != "/schema") {
        ++refused;
        CHECK(read.error().message.starts_with("'x.json' is not a readable report: '"));
      }
      leaf = before;
    }
  });
  CHECK(refused > 500);
}

TEST_CASE("a report that contradicts itself is refused") {
  const auto refused_for = [](const char* pointer, const Json& value) {
    Json root = Json::parse(report_json(good_report()));
    root[Json::json_pointer(pointer)] = value;
    const auto read = read_report(root.dump(), "x.json");
    return read ? "nothing" : read.error().message;
  };
  const auto names = [](const std::string& message, const std::string& field) {
    return message.starts_with("'x.json' is not a readable report: '" + field + "' ");
  };
  CHECK(names(refused_for("/latency/min_ns", 40'000'001), "latency.min_ns"));
  CHECK(names(refused_for("/latency/max_ns", 1), "latency.max_ns"));
  CHECK(names(refused_for("/latency/sum_ns", 1), "latency.sum_ns"));
  CHECK(names(refused_for("/latency/count", 5), "latency.count"));
  CHECK(names(refused_for("/latency/buckets", Json::array()), "latency.buckets"));
  CHECK(names(refused_for("/latency/buckets/0", Json::array({9'999'999, 1})), "latency.buckets"));
  CHECK(names(refused_for("/signals/traces/accepted", 98), "signals.traces.sent"));
  CHECK(names(refused_for("/shard", 1), "shard"));
  CHECK(names(refused_for("/unit", "bytes"), "unit"));
  CHECK(names(refused_for("/thresholds/0/met", 1), "thresholds[0].met"));
  CHECK(refused_for("/thresholds/0/threshold", "p99<2s") == "nothing");
}

TEST_CASE("a threshold that cannot be read is refused with the name of its file") {
  Report report = good_report();
  report.name = "x.json";
  report.verdicts.front().text = "p42<1s";
  const auto merged = merge_reports({report});
  REQUIRE_FALSE(merged);
  CHECK(merged.error().context == std::vector<std::string>{"reading 'thresholds' of 'x.json'"});
}

TEST_CASE("texts of a foreign report reach no terminal as they are") {
  Json root = Json::parse(report_json(good_report()));
  each_leaf(root, [&](Json& leaf, const std::string& path) {
    if (leaf.is_string() && path != "/schema" && path != "/unit") {
      leaf = leaf.get<std::string>() + "\x1b[31m\n";
    }
  });
  root["causes"]["\x1b]0;x\x07"] = 1;
  const auto read = read_report(root.dump(), "x.json");
  REQUIRE(read);
  for (const Format format : {Format::text, Format::json, Format::markdown, Format::junit}) {
    CHECK(print_report(*read, format, false).find('\x1b') == std::string::npos);
  }
}

TEST_CASE("a report of an earlier version is read, and its time computed") {
  Json root = Json::parse(report_json(good_report()));
  for (const char* newer : {"load_seconds", "stalled_seconds", "stalled_requests", "warnings",
                            "unauthorized_requests"}) {
    root.erase(newer);
  }
  const auto read = read_report(root.dump(), "old.json");
  REQUIRE(read);
  CHECK(read->run_seconds() == 1);
}

TEST_CASE("times of nothing but zero have a histogram") {
  Report report;
  report.result.latency.record(0);
  CHECK(report_text(report, false).find("1 █") != std::string::npos);
}

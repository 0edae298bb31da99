// SPDX-License-Identifier: Apache-2.0
// Sends instant queries and parses their answers.
#include "lib/prom/query.hpp"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "lib/base/text.hpp"

namespace obsctl::prom {
namespace {

using Json = nlohmann::json;

Failure not_prometheus(std::string_view what) {
  return fail(Code::failed,
              fmt::format("this is not the answer of a Prometheus query API: {}", what),
              "give the base URL of Prometheus, for example http://127.0.0.1:9090");
}

// A [time, "value"] pair.
bool read_point(const Json& point, Sample& out) {
  if (!point.is_array() || point.size() != 2 || !point[0].is_number() || !point[1].is_string()) {
    return false;
  }
  const auto value = parse_value(point[1].get_ref<const std::string&>());
  out.time = point[0].get<double>();
  out.value = value.value_or(0);
  return value.has_value();
}

bool read_labels(const Json& metric, Sample& out) {
  for (const auto& [name, value] : metric.items()) {
    if (!value.is_string()) {
      return false;
    }
    (name == "__name__" ? out.name : out.labels[name]) = value.get<std::string>();
  }
  return true;
}

Result<std::vector<Sample>> read_vector(const Json& result) {
  std::vector<Sample> out;
  for (const auto& row : result) {
    Sample sample;
    if (!row.is_object() || !row.contains("metric") || !row.contains("value") ||
        !row["metric"].is_object() || !read_labels(row["metric"], sample) ||
        !read_point(row["value"], sample)) {
      return not_prometheus("a sample has no value");
    }
    out.push_back(std::move(sample));
  }
  return out;
}

}  // namespace

Result<std::vector<Sample>> parse_query_answer(std::string_view body) {
  const Json root = Json::parse(body, nullptr, false);
  if (root.is_discarded() || !root.is_object()) {
    return not_prometheus("no JSON object");
  }
  const auto text = [&root](const char* key) {
    const auto found = root.find(key);
    return found != root.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  if (text("status") == "error") {
    return fail(Code::failed, fmt::format("prometheus refused the query: {}", text("error")));
  }
  const auto data = root.find("data");
  if (text("status") != "success" || data == root.end() || !data->is_object() ||
      !data->contains("resultType") || !data->contains("result")) {
    return not_prometheus("no status or data");
  }
  const Json& type = (*data)["resultType"];
  const Json& result = (*data)["result"];
  if (type == "vector" && result.is_array()) {
    return read_vector(result);
  }
  if (type == "scalar") {
    Sample sample;
    if (read_point(result, sample)) {
      return std::vector<Sample>{sample};
    }
  }
  return not_prometheus("the result is neither a vector nor a scalar");
}

QueryClient::QueryClient(HttpClient& http, std::string url) : http_(http), url_(std::move(url)) {
  while (url_.ends_with('/')) {
    url_.pop_back();
  }
}

Result<std::vector<Sample>> QueryClient::query(std::string_view promql, Duration timeout) const {
  HttpRequest request;
  request.method = "POST";  // long queries do not fit every proxy's limit on URLs
  request.url = url_ + "/api/v1/query";
  request.headers = {"Content-Type: application/x-www-form-urlencoded"};
  request.body = "query=" + percent_encoded(promql);
  request.timeout = timeout;
  request.max_body = std::size_t{4} << 20;  // a tree of it takes some hundred MiB at the most
  OBS_TRY_ASSIGN(const HttpResponse response, http_.send(request));
  if (response.status == 401 || response.status == 403) {
    return fail(Code::failed,
                fmt::format("'{}' asks for a login (HTTP {})", shown_url(url_), response.status),
                "use the address behind the proxy, or user:password@ in the URL");
  }
  auto samples = parse_query_answer(response.body);
  if (!samples) {
    return Failure(std::move(samples).error().in(
        fmt::format("querying '{}' (HTTP {})", shown_url(url_), response.status)));
  }
  return samples;
}

Result<std::optional<double>> QueryClient::value(std::string_view promql, Duration timeout) const {
  OBS_TRY_ASSIGN(const auto samples, query(promql, timeout));
  if (samples.size() != 1 || !std::isfinite(samples.front().value)) {
    return std::optional<double>();
  }
  return std::optional(samples.front().value);
}

}  // namespace obsctl::prom

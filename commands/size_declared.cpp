// Finds num_traces, limit_mib and the size limit of Prometheus in generated configs.
#include "commands/size_declared.hpp"

#include <charconv>

#include "lib/yaml/read.hpp"

namespace obsctl {
namespace {

namespace fs = std::filesystem;

constexpr const char* k_collector = "configs/otel-collector/config.yaml";
constexpr const char* k_metrics = "configs/prometheus/prometheus.yml";

// The node at a path of keys, or null.
const yaml::Node* at(const yaml::Node& root, const std::vector<std::string_view>& path) {
  const yaml::Node* node = &root;
  for (const auto key : path) {
    node = node == nullptr ? nullptr : node->find(key);
  }
  return node;
}

// The settings of the processor of that type, whatever name it has behind the slash.
const yaml::Node* processor(const yaml::Node& root, const std::string& type, std::string_view key) {
  const yaml::Node* processors = root.find("processors");
  if (processors == nullptr) {
    return nullptr;
  }
  for (const auto& entry : processors->entries) {
    if (entry.key == type || entry.key.starts_with(type + "/")) {
      return entry.value.find(key);
    }
  }
  return nullptr;
}

std::optional<double> number(const yaml::Node* node) {
  double value = 0;
  if (node == nullptr) {
    return std::nullopt;
  }
  const char* end = node->scalar.data() + node->scalar.size();
  const auto [rest, error] = std::from_chars(node->scalar.data(), end, value);
  return error == std::errc() && rest == end ? std::optional(value) : std::nullopt;
}

// Prometheus reads KB, MB, GB as powers of 1024.
std::optional<Bytes> prometheus_size(const yaml::Node* node) {
  if (node == nullptr) {
    return std::nullopt;
  }
  std::string text = node->scalar;
  if (text.size() > 2 && text.back() == 'B' && text[text.size() - 2] != 'i') {
    text.insert(text.size() - 1, "i");
  }
  const auto size = parse_bytes(text, "retention.size");
  return size ? std::optional(*size) : std::nullopt;
}

}  // namespace

Result<sizing::DeclaredLimits> declared_limits(const Context& context, const SizeSpec& source) {
  sizing::DeclaredLimits out;
  if (source.file.empty()) {
    return out;
  }
  const fs::path dir = source.file.parent_path();
  if (context.files.exists(dir / k_collector)) {
    OBS_TRY_ASSIGN(const std::string text, context.files.read(dir / k_collector));
    OBS_TRY_ASSIGN(const yaml::Node root, yaml::parse(text, k_collector));
    out.collector_file = k_collector;
    out.num_traces = number(processor(root, "tail_sampling", "num_traces"));
    if (const auto limit = number(processor(root, "memory_limiter", "limit_mib"))) {
      out.memory_limiter = Bytes::from_mib(*limit);
    }
  }
  if (context.files.exists(dir / k_metrics)) {
    OBS_TRY_ASSIGN(const std::string text, context.files.read(dir / k_metrics));
    OBS_TRY_ASSIGN(const yaml::Node root, yaml::parse(text, k_metrics));
    out.metrics_file = k_metrics;
    out.metrics_size_limit = prometheus_size(at(root, {"storage", "tsdb", "retention", "size"}));
  }
  return out;
}

}  // namespace obsctl

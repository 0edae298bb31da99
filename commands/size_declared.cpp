// Finds num_traces, limit_mib, the size limit of Prometheus and the containers' limits in generated
// files.
#include "commands/size_declared.hpp"

#include <charconv>

#include "lib/yaml/read.hpp"

namespace obsctl {
namespace {

namespace fs = std::filesystem;

constexpr const char* k_collector = "configs/otel-collector/config.yaml";
constexpr const char* k_compose = "docker-compose.yml";
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

// "2560M", as Compose reads it: powers of 1024.
std::optional<Bytes> compose_size(const yaml::Node* node) {
  if (node == nullptr || !node->scalar.ends_with('M')) {
    return std::nullopt;
  }
  yaml::Node digits = *node;
  digits.scalar.pop_back();
  const auto mib = number(&digits);
  return mib ? std::optional(Bytes::from_mib(*mib)) : std::nullopt;
}

// deploy.resources.limits of every service.
std::map<std::string, ComponentOverride> container_limits(const yaml::Node& compose) {
  std::map<std::string, ComponentOverride> out;
  const yaml::Node* services = compose.find("services");
  if (services == nullptr) {
    return out;
  }
  for (const auto& service : services->entries) {
    if (const yaml::Node* limits = at(service.value, {"deploy", "resources", "limits"})) {
      ComponentOverride& into = out[service.key];
      into.cpus = number(limits->find("cpus"));
      into.memory = compose_size(limits->find("memory"));
    }
  }
  return out;
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
  if (context.files.exists(dir / k_compose)) {
    OBS_TRY_ASSIGN(const std::string text, context.files.read(dir / k_compose));
    OBS_TRY_ASSIGN(const yaml::Node root, yaml::parse(text, k_compose));
    out.components_file = k_compose;
    out.components = container_limits(root);
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

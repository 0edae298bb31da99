// SPDX-License-Identifier: Apache-2.0
// The files of a component's folder, which anybody may write: whatever is read must be an error
// with a position in that file or a value that its user can work with.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "lib/catalog/alerts.hpp"
#include "lib/catalog/component_sizing.hpp"
#include "lib/catalog/components.hpp"
#include "lib/catalog/dashboards.hpp"
#include "lib/catalog/data_sources.hpp"

namespace {

using namespace obsctl;

constexpr auto k_file = "fuzz.yaml";

bool has_place(const Error& error) {
  for (const auto& other : error.more) {
    if (!has_place(other)) {
      return false;
    }
  }
  return error.at && error.at->file == k_file;
}

template <class T>
void judge(const Result<T>& result) {
  if (!result && !has_place(result.error())) {
    std::abort();
  }
}

// Every name in a definition leads somewhere, because wiring follows it without asking again.
void follow(const Result<catalog::ComponentDef>& component) {
  judge(component);
  if (!component) {
    return;
  }
  for (const auto& provided : component->provides) {
    if (component->port(provided.port) == nullptr) {
      std::abort();
    }
  }
  const bool blind = component->probe && component->port(component->probe->port) == nullptr;
  if (blind ||
      (!component->metrics_port.empty() && component->port(component->metrics_port) == nullptr)) {
    std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  follow(catalog::parse_component(text, k_file, "fuzz"));
  judge(catalog::parse_component_sizing(text, k_file, "fuzz"));
  judge(catalog::parse_data_source(text, k_file, "fuzz"));
  judge(catalog::parse_dashboard(text, k_file, "fuzz"));
  judge(catalog::parse_recording_rules({text, k_file}, {"fuzz", "fuzz"}));
  judge(catalog::parse_alerts({text, k_file}, {"", k_file}, {"fuzz", "fuzz"}));
  return 0;
}

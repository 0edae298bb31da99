// Images and versions of the components, from templates/catalog/components.yaml.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lib/base/error.hpp"

namespace obsctl::catalog {

struct ComponentImage {
  std::string name;     // "otel-collector"
  std::string title;    // "OpenTelemetry Collector"
  std::string image;    // repository
  std::string version;  // released version
  std::string tag;      // image tag
  std::string digest;   // "sha256:…" or empty
  int uid = 0;          // user of the official image
  bool shell = false;   // the image has /bin/sh and wget

  // "repository:tag" or "repository:tag@digest".
  [[nodiscard]] std::string reference() const;
};

// All rows of the catalog, in its order. `text` and `file` are for tests; the product reads the
// embedded file.
[[nodiscard]] Result<std::vector<ComponentImage>> parse_components(std::string_view text,
                                                                   const std::string& file);
[[nodiscard]] Result<std::vector<ComponentImage>> components();

}  // namespace obsctl::catalog

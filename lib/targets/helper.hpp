// The small image that packagings use for jobs and probes beside the components.
#pragma once

#include <string>

#include "lib/base/error.hpp"
#include "lib/template/template.hpp"

namespace obsctl {

struct Helper {
  std::string image;  // "repository:version"
  std::string version;
};

// From shared/helpers.yaml.
[[nodiscard]] Result<Helper> find_helper(const TemplateStore& store);

}  // namespace obsctl

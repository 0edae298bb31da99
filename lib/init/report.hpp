// SPDX-License-Identifier: Apache-2.0
// What `init` tells about a change: the plan, the diff, the summary, as text or as JSON.
#pragma once

#include <functional>
#include <string>

#include "lib/init/init.hpp"

namespace obsctl::init {

// Settings of the spec as the user of this program types them.
using SettingsText = std::function<std::string(const Settings&)>;

enum class View { summary, plan, diff };

struct ReportOptions {
  View view = View::summary;
  bool everything = false;  // also the files that stay as they are
  bool color = false;
  SettingsText typed = nullptr;
};

// View::summary of a change that was not written is its plan.
[[nodiscard]] std::string report_text(const Prepared& prepared, const ReportOptions& options);

// Schema obsctl.init/v1; with View::diff it holds the diff.
[[nodiscard]] std::string report_json(const Prepared& prepared, const ReportOptions& options);

// Which files a person has to look after, and how.
[[nodiscard]] std::string partial_text(const Prepared& prepared);

}  // namespace obsctl::init

// SPDX-License-Identifier: Apache-2.0
// Precedence of the sources of the spec, and the rewriting of obsctl.yaml.
#include "lib/init/spec.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lib/model/spec_edit.hpp"
#include "lib/stack/paths.hpp"

namespace obsctl::init {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view k_tls = "security.tls=";
constexpr std::string_view k_tier = "tier=";

// The value that the settings give last; nothing when they do not name the key.
std::optional<std::string_view> given(const Options& options, std::string_view key_equals) {
  std::optional<std::string_view> out;
  for (const std::string_view setting : options.settings) {
    if (setting.starts_with(key_equals)) {
      out = setting.substr(key_equals.size());
    }
  }
  return out;
}

Result<void> apply_settings(const Options& options, StackSpec& spec) {
  if (const auto tls = given(options, k_tls); tls && choice_named<Tls>(*tls) != Tls::files) {
    // The certificate belonged to the old setting.
    spec.security.tls_cert.clear();
    spec.security.tls_key.clear();
    spec.asked.erase("security.tls_cert");
    spec.asked.erase("security.tls_key");
  }
  for (const auto& setting : options.settings) {
    OBS_TRY(set_field(spec, setting));
  }
  std::vector<std::string>& receivers = spec.alerting.receivers;
  for (const auto& receiver : options.receivers) {
    if (std::ranges::find(receivers, receiver) == receivers.end()) {
      receivers.push_back(receiver);
    }
  }
  return {};
}

Failure no_spec(const std::string& directory) {
  return fail(Code::usage,
              fmt::format("there is no obsctl.yaml in '{}' and no tier is given", directory),
              "for example: obsctl init --tier small --dir my-stack");
}

Result<void> check_generated(const StackSpec& spec) {
  if (spec.tier != "small") {
    return fail(Code::usage,
                fmt::format("this version generates the small tier only, not '{}'", spec.tier),
                fmt::format("'obsctl size --tier {}' shows what that tier needs", spec.tier));
  }
  OBS_TRY(find_target(spec.target));
  return validate_spec(spec);
}

}  // namespace

Place choose_place(const Services& services, const Options& options) {
  const fs::path& current = services.environment.directory;
  if (options.directory) {
    return {current / *options.directory, *options.directory};
  }
  if (!options.spec && !given(options, k_tier)) {
    if (const auto found = stack::find(services.files, current)) {
      return {*found, found->lexically_relative(current).string()};
    }
  }
  return {current, "."};
}

Result<SpecSource> resolve_spec(const Services& services, const Options& options,
                                const Place& place) {
  SpecSource out;
  const fs::path saved = place.directory / stack_paths::spec;
  if (services.files.exists(saved)) {
    OBS_TRY_ASSIGN(out.on_disk, services.files.read(saved));
    auto read =
        read_spec(*out.on_disk, (fs::path(place.shown) / stack_paths::spec).lexically_normal());
    if (read) {
      out.spec_on_disk = std::move(*read);
    } else if (!options.spec) {
      return Failure(std::move(read).error());
    }
  }
  if (options.spec) {
    OBS_TRY_ASSIGN(out.spec, read_spec(options.spec->text, options.spec->shown));
  } else if (out.spec_on_disk) {
    out.spec = *out.spec_on_disk;
  } else if (!given(options, k_tier)) {
    return no_spec(place.shown);
  }
  OBS_TRY(apply_settings(options, out.spec));
  out.spec.asked.insert("tier");  // a later version with another default must not move the stack
  OBS_TRY(check_generated(out.spec));
  return out;
}

SpecFile spec_file(const SpecSource& source) {
  const std::string canonical = write_spec(source.spec);
  SpecFile out{.file = {.bytes = canonical, .origin = "spec", .replaces = true}};
  if (!source.on_disk || !source.spec_on_disk) {
    out.file.replaces = false;
    return out;
  }
  if (*source.spec_on_disk == source.spec) {
    out.file.bytes = *source.on_disk;
  } else if (write_spec(*source.spec_on_disk) == *source.on_disk) {
    // nothing of the user's is in it
  } else if (auto edited = edit_spec(*source.on_disk, *source.spec_on_disk, source.spec)) {
    out.file.bytes = std::move(*edited);
  } else {
    out.file.replaces = false;
    out.conflict = true;
  }
  return out;
}

}  // namespace obsctl::init

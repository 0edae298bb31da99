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

// A valid name that is as close to the directory's as that allows.
std::string name_after(const fs::path& directory) {
  constexpr std::size_t k_longest = 40;
  const fs::path normal = directory.lexically_normal();
  std::string out;
  for (const char c : (normal.has_filename() ? normal : normal.parent_path()).filename().string()) {
    const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    const bool kept = (lower >= 'a' && lower <= 'z') || (lower >= '0' && lower <= '9');
    if (kept || (!out.empty() && out.back() != '-')) {
      out += kept ? lower : '-';
    }
  }
  if (!out.empty() && out.front() <= '9') {
    out.insert(0, "stack-");
  }
  out.resize(std::min(out.size(), k_longest));
  out.resize(out.find_last_not_of('-') + 1);
  return out.empty() ? StackSpec().name : out;
}

// What the last obsctl.yaml that init wrote says, if that is known.
std::optional<StackSpec> generated_before(const std::optional<apply::Manifest>& last,
                                          const std::optional<StackSpec>& on_disk) {
  if (!last) {
    return std::nullopt;
  }
  const auto entry = last->files.find(stack_paths::spec);
  if (entry == last->files.end() || !entry->second.base.text) {
    return on_disk;
  }
  auto spec = read_spec(*entry->second.base.text, stack_paths::spec);
  return spec ? std::optional(std::move(*spec)) : on_disk;
}

// A stack that is there keeps its name, also without an obsctl.yaml; a new one is called after its
// directory.
void choose_name(const Place& place, bool generated, SpecSource& source) {
  StackSpec& spec = source.spec;
  if (spec.asked.contains("name") || (generated && source.on_disk)) {
    return;
  }
  spec.name = !generated      ? name_after(place.directory)
              : source.before ? source.before->name
                              : StackSpec().name;
  spec.asked.insert("name");
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
                                const Place& place, const std::optional<apply::Manifest>& last) {
  SpecSource out;
  OBS_TRY_ASSIGN(out.on_disk, read_beneath(services.files, place.directory, stack_paths::spec));
  const FileMode made = out.mode & ~services.files.umask();
  out.mode &= services.files.mode(place.directory / stack_paths::spec).value_or(made);
  if (out.on_disk) {
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
  out.before = generated_before(last, out.spec_on_disk);
  choose_name(place, last.has_value(), out);
  out.spec.asked.insert("tier");  // a later version with another default must not move the stack
  OBS_TRY(check_generated(out.spec));
  return out;
}

Result<GeneratedFile> spec_file(const SpecSource& source, bool force) {
  GeneratedFile out{
      .bytes = write_spec(source.spec), .mode = source.mode, .origin = "spec", .replaces = true};
  if (!source.on_disk) {
    return out;
  }
  const auto& before = source.spec_on_disk;
  if (before && *before == source.spec) {
    out.bytes = *source.on_disk;
  } else if (force || (before && write_spec(*before) == *source.on_disk)) {
    // nothing of the user's is in it, or it may go
  } else if (auto edited =
                 before ? edit_spec(*source.on_disk, *before, source.spec) : std::nullopt) {
    out.bytes = std::move(*edited);
  } else {
    return fail(Code::config,
                before ? "the new values cannot be edited into obsctl.yaml without losing what you "
                         "wrote there; nothing has been written"
                       : "the obsctl.yaml in the directory is not valid and would be replaced; "
                         "nothing has been written",
                before ? "change the values in obsctl.yaml, or write it anew with --force"
                       : "correct it or remove it, or replace it with --force");
  }
  return out;
}

}  // namespace obsctl::init

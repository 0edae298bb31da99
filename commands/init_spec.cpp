// Precedence of the sources of the spec, and the rewriting of obsctl.yaml.
#include "commands/init_spec.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lib/base/text.hpp"
#include "lib/model/spec_edit.hpp"
#include "lib/render/stack.hpp"
#include "lib/targets/target.hpp"

namespace obsctl {
namespace {

namespace fs = std::filesystem;

// Paths are stored absolute, so that the next init may be run from anywhere.
std::string absolute(const Context& context, const std::string& path) {
  return path.empty() ? path : (context.environment.directory / path).lexically_normal().string();
}

// The stack names a port alone, a field of the spec with its key.
Error in_terms_of_port(Error error, const std::string& name) {
  error.message = replace_all(std::move(error.message), fmt::format("'ports.{}'", name),
                              fmt::format("'--port {}'", name));
  error.message = replace_all(std::move(error.message), fmt::format("no port '{}'", name),
                              fmt::format("no port '{}' for '--port'", name));
  return error;
}

Result<void> apply_flags(Context& context, const InitOptions& options, StackSpec& spec) {
  const auto& tls = options.field("security.tls");
  if (tls &&
      choice_named<Tls>(*tls) != Tls::files) {  // the certificate belonged to the old setting
    spec.security.tls_cert.clear();
    spec.security.tls_key.clear();
    spec.asked.erase("security.tls_cert");
    spec.asked.erase("security.tls_key");
  }
  for (std::size_t i = 0; i < k_spec_flags.size(); ++i) {
    const auto& value = options.fields.at(i);
    if (!value) {
      continue;
    }
    const SpecFlag& flag = k_spec_flags.at(i);
    const std::string key = flag.key;
    const bool is_path = key == "security.tls_cert" || key == "security.tls_key";
    auto set = set_field(spec, key, is_path ? absolute(context, *value) : *value);
    if (!set) {
      return Failure(in_terms_of_flag(std::move(set).error(), flag));
    }
  }
  if (!options.cors_origins.empty()) {
    spec.security.cors_origins = options.cors_origins;
  }
  for (const auto& port : options.ports) {
    const auto equals = port.find('=');
    if (equals == std::string::npos || equals == 0) {
      return fail(Code::usage, fmt::format("'{}' is not of the form NAME=N for '--port'", port),
                  "for example --port grafana=3001");
    }
    const std::string key = "ports." + port.substr(0, equals);
    if (auto set = set_field(spec, key, port.substr(equals + 1)); !set) {
      return Failure(in_terms_of_port(std::move(set).error(), port.substr(0, equals)));
    }
  }
  return {};
}

Result<StackSpec> read_given(Context& context, const InitOptions& options) {
  if (options.spec_file == "-") {
    OBS_TRY_ASSIGN(const std::string text, context.terminal.read_stdin());
    return read_spec(text, "standard input");
  }
  OBS_TRY_ASSIGN(const std::string text,
                 context.files.read(context.environment.directory / options.spec_file));
  return read_spec(text, options.spec_file);
}

Failure no_spec(const std::string& dir) {
  return fail(Code::usage,
              fmt::format("there is no obsctl.yaml in '{}' and no --tier is given", dir),
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

Result<SpecSource> resolve_spec(Context& context, const InitOptions& options, const fs::path& dir) {
  SpecSource out;
  const fs::path saved = dir / stack_paths::spec;
  if (context.files.exists(saved)) {
    OBS_TRY_ASSIGN(out.on_disk, context.files.read(saved));
    auto read =
        read_spec(*out.on_disk, (fs::path(options.dir) / stack_paths::spec).lexically_normal());
    if (read) {
      out.spec_on_disk = std::move(*read);
    } else if (options.spec_file.empty()) {
      return Failure(std::move(read).error());
    }
  }
  if (!options.spec_file.empty()) {
    OBS_TRY_ASSIGN(out.spec, read_given(context, options));
  } else if (out.spec_on_disk) {
    out.spec = *out.spec_on_disk;
  } else if (!options.field("tier")) {
    return no_spec(options.dir);
  }
  for (const auto& setting : options.settings) {
    OBS_TRY(set_field(out.spec, setting));
  }
  OBS_TRY(apply_flags(context, options, out.spec));
  out.spec.asked.insert("tier");  // a later version with another default must not move the stack
  OBS_TRY(check_generated(out.spec).map_error(
      [&](Error error) { return in_terms_of_flags(std::move(error), options); }));
  return out;
}

Error in_terms_of_flags(Error error, const InitOptions& options) {
  error = in_terms_of_flags(std::move(error), k_spec_flags, options.fields);
  for (const auto& port : options.ports) {
    error = in_terms_of_port(std::move(error), port.substr(0, port.find('=')));
  }
  return error;
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

}  // namespace obsctl

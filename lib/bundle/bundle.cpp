// SPDX-License-Identifier: Apache-2.0
// Collects what belongs into a support archive. What cannot be had is named in it: an archive of a
// stack in trouble is wanted most.
#include "lib/bundle/bundle.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <span>

#include "lib/apply/manifest.hpp"
#include "lib/base/text.hpp"
#include "lib/base/utf8.hpp"
#include "lib/bundle/recording.hpp"
#include "lib/bundle/redact.hpp"
#include "lib/bundle/tar.hpp"
#include "lib/engine/host.hpp"
#include "lib/engine/inspect.hpp"
#include "lib/engine/logs.hpp"
#include "lib/io/directory.hpp"
#include "lib/io/http.hpp"
#include "lib/otlp/compress.hpp"
#include "lib/stack/paths.hpp"

namespace obsctl::bundle {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr std::size_t k_most = std::size_t{15} << 20;        // of the archive
constexpr std::size_t k_most_file = std::size_t{512} << 10;  // of a file or a log
constexpr int k_log_lines = 2000;
constexpr std::string_view k_secrets = "secrets";
constexpr std::string_view k_tls = "tls";
constexpr auto k_configs = "configs";
constexpr auto k_environment = ".env";
constexpr FileMode k_everybody_reads = 0044;

std::string json_bytes(const Json& json) {
  return json.dump(2, ' ', true, Json::error_handler_t::replace) + "\n";
}

// The archive in the making.
class Archive {
 public:
  explicit Archive(Time at) : tar_(at) {}

  [[nodiscard]] Result<void> add(const std::string& path, std::string_view bytes) {
    if (tar_.size() + bytes.size() > k_most) {
      return fail(Code::failed, fmt::format("'{}' is too large for a support archive", path));
    }
    return tar_.add("obsctl-health/" + path, bytes);
  }
  // Leaves room for what has to be in it.
  void try_add(const std::string& path, std::string_view bytes) {
    constexpr std::size_t k_reserved = std::size_t{1} << 20;
    if (tar_.size() + bytes.size() + k_reserved > k_most) {
      leave_out(path, "the archive is full");
    } else if (auto added = add(path, bytes); !added) {
      leave_out(path, added.error().message);
    }
  }
  void leave_out(const std::string& path, const std::string& why) {
    left_out_.push_back({{"path", path}, {"why", why}});
  }
  [[nodiscard]] const Json& left_out() const { return left_out_; }

  [[nodiscard]] Result<std::string> packed() && {
    const std::string tar = std::move(tar_).finish();
    std::string out;
    OBS_TRY(otlp::Compressor(otlp::Compression::gzip).pack(std::as_bytes(std::span(tar)), out));
    return out;
  }

 private:
  TarWriter tar_;
  Json left_out_ = Json::array();
};

// Regular files below a folder, as paths of the stack; none where there is no such folder.
Result<std::vector<fs::path>> files_below(const Directory& directory, const fs::path& folder) {
  std::vector<fs::path> out;
  OBS_TRY_ASSIGN(const auto info, directory.info(folder));
  if (info && info->kind == FileKind::directory) {
    OBS_TRY_ASSIGN(const auto paths, directory.list(folder));
    for (const fs::path& path : paths) {
      out.push_back(folder / path);
    }
  }
  return out;
}

void append(std::vector<std::string>& to, const std::vector<std::string>& more) {
  to.insert(to.end(), more.begin(), more.end());
}

// Everything that is known to be a secret of the stack.
Result<std::vector<std::string>> known_secrets(const Directory& directory) {
  std::vector<std::string> out;
  for (const std::string_view folder : {k_secrets, k_tls}) {
    OBS_TRY_ASSIGN(const auto paths, files_below(directory, folder));
    for (const fs::path& path : paths) {
      if (folder == k_secrets || path.extension() == ".key") {
        const auto text = directory.read(path);
        if (!text) {
          return Failure(Error(text.error()).in("reading a secret, to take it out of the archive"));
        }
        append(out, secrets_in(*text));
      }
    }
  }
  OBS_TRY_ASSIGN(const auto environment, read_if_there(directory, k_environment));
  append(out, secret_settings_in(environment.value_or("")));
  return out;
}

// The logins in addresses.
std::vector<std::string> known_secrets(const std::vector<health::GivenEndpoint>& given) {
  std::vector<std::string> out;
  for (const health::GivenEndpoint& one : given) {
    if (shown_url(one.url) != one.url) {
      append(out, secrets_in(one.url));
    }
  }
  return out;
}

// What describes the stack, and nothing else that lies in its directory.
std::set<fs::path> described_by(Archive& archive, const Directory& directory,
                                const fs::path& shown) {
  std::set<fs::path> out = {stack_paths::spec, k_environment};
  for (const char* folder : {k_configs, stack_paths::templates}) {
    if (const auto paths = files_below(directory, folder)) {
      out.insert(paths->begin(), paths->end());
    } else {
      archive.leave_out(fmt::format("stack/{}", folder), paths.error().message);
    }
  }
  const auto manifest = apply::read_manifest(directory, shown);
  if (!manifest) {
    archive.leave_out("stack", manifest.error().message);
  } else if (*manifest) {
    for (const auto& [path, entry] : (*manifest)->files) {
      if (!entry.secret) {
        out.insert(path);
      }
    }
  }
  std::erase_if(out, [](const fs::path& path) {
    return *path.begin() == k_secrets || *path.begin() == k_tls;
  });
  return out;
}

void add_file(Archive& archive, const Directory& directory, const fs::path& path,
              const Redactor& redactor) {
  const std::string place = "stack/" + path.generic_string();
  const auto info = directory.info(path);
  if (!info) {
    return archive.leave_out(place, info.error().message);
  }
  if (!*info) {
    return;
  }
  if ((*info)->kind != FileKind::regular) {
    return archive.leave_out(place, "it is no regular file");
  }
  if (((*info)->mode & k_everybody_reads) == 0) {
    return archive.leave_out(place, "only its owner may read it");
  }
  const auto text = directory.read(path);
  if (!text) {
    return archive.leave_out(place, text.error().message);
  }
  if (text->size() > k_most_file || !is_utf8(*text)) {
    return archive.leave_out(place,
                             text->size() > k_most_file ? "it is too large" : "it is no text");
  }
  archive.try_add(place,
                  path == k_environment ? redactor.environment(*text) : redactor.text(*text));
}

void add_stack(Archive& archive, const Directory& directory, const fs::path& shown,
               const Redactor& redactor) {
  for (const fs::path& path : described_by(archive, directory, shown)) {
    add_file(archive, directory, path, redactor);
  }
}

void add_logs(Archive& archive, const health::Services& services,
              const std::vector<ComposeContainer>& containers, const Redactor& redactor) {
  for (const ComposeContainer& one : containers) {
    // A name is the engine's; a path it must not be.
    const std::string place = fmt::format("logs/{}.log", replace_all(one.name, "/", "_"));
    const auto lines = container_log(services.http, services.environment, one.id,
                                     {.since = Time{}, .lines = k_log_lines, .bytes = k_most_file});
    if (!lines) {
      archive.leave_out(place, lines.error().message);
      continue;
    }
    std::string text;
    for (const LogLine& line : *lines) {
      text += fmt::format("{} {}\n", print_time(line.at), line.text);
    }
    archive.try_add(place, redactor.text(text));
  }
}

Json components_json(const Topology& topology) {
  Json out = Json::array();
  for (const Component& component : topology.components) {
    out.push_back({{"component", component.name},
                   {"version", component.version},
                   {"image", topology.pinned(component.image)}});
  }
  return out;
}

Json containers_json(const std::vector<ComposeContainer>& containers) {
  Json out = Json::array();
  for (const ComposeContainer& one : containers) {
    out.push_back({{"container", one.name},
                   {"component", one.service},
                   {"state", one.state},
                   {"status", one.status},
                   {"image", one.image},
                   {"image_id", one.image_id}});
  }
  return out;
}

// What the engine of this host says; its containers, whose logs are added.
void add_engine(Archive& archive, Json& about, const health::Services& services,
                const health::Subject& subject, const Redactor& redactor) {
  const auto host = engine_host(services.http, services.environment);
  if (!host) {
    return archive.leave_out("logs", host.error().message);
  }
  about["engine"] = {{"version", host->version},
                     {"api_version", host->api_version},
                     {"cpus", host->cpus},
                     {"memory_bytes", host->memory.value}};
  const auto containers =
      compose_containers(services.http, services.environment, subject.stack.topology.name);
  if (!containers) {
    return archive.leave_out("logs", containers.error().message);
  }
  about["containers"] = containers_json(*containers);
  add_logs(archive, services, *containers, redactor);
}

Result<Json> recorded(const health::Subject& subject, const health::Report& report,
                      const std::string& version, const Directory* directory) {
  Recording out{.version = version,
                .subject = subject.name(),
                .spec = {},
                .given = subject.given,
                .took = report.took,
                .evidence = report.evidence};
  if (directory != nullptr) {
    OBS_TRY_ASSIGN(out.spec, directory->read(stack_paths::spec));
  }
  return recording_json(out);
}

// Before its text is broken into lines, which would hide a secret with blanks.
health::Report redacted(health::Report report, const Redactor& redactor) {
  const auto redact = [&redactor](std::string& text) { text = redactor.text(text); };
  for (health::CheckResult& result : report.results) {
    redact(result.why);
    std::ranges::for_each(result.from, redact);
    for (health::Problem& problem : result.problems) {
      redact(problem.message);
      redact(problem.cause);
      redact(problem.fix);
      for (auto& [name, value] : problem.labels) {
        redact(value);
      }
    }
  }
  return report;
}

Result<void> add_report(Archive& archive, const health::Report& report) {
  OBS_TRY(archive.add("report.json", json_bytes(health::report_json(report))));
  return archive.add("report.txt", health::report_text(report, {.all = true}));
}

}  // namespace

Result<std::string> support_archive(const health::Services& services,
                                    const health::Subject& subject, const health::Report& report,
                                    const std::string& version) {
  std::unique_ptr<Directory> directory;  // none of programs that were given
  std::vector<std::string> secrets = known_secrets(subject.given);
  if (subject.own()) {
    OBS_TRY_ASSIGN(directory, services.files.open_directory(subject.stack.directory));
    OBS_TRY_ASSIGN(secrets, known_secrets(*directory));
  }
  const Redactor redactor(secrets);
  Archive archive(report.at);
  OBS_TRY_ASSIGN(const Json evidence, recorded(subject, report, version, directory.get()));
  OBS_TRY(archive.add(k_evidence_file, json_bytes(redactor.json(evidence))));
  OBS_TRY(add_report(archive, redacted(report, redactor)));
  Json about = {{"schema", "obsctl.health.bundle/v1"},
                {"obsctl", version},
                {"at", print_time(report.at)},
                {"components", components_json(subject.stack.topology)}};
  if (directory) {
    add_stack(archive, *directory, subject.stack.directory, redactor);
  }
  if (subject.own() && subject.stack.target->on_this_host) {
    add_engine(archive, about, services, subject, redactor);
  }
  about["left_out"] = archive.left_out();
  OBS_TRY(archive.add("bundle.json", json_bytes(redactor.json(about))));
  return std::move(archive).packed();
}

}  // namespace obsctl::bundle

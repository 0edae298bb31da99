// SPDX-License-Identifier: Apache-2.0
// Drives the archives of lib/archive on the command line, for the benchmark and for a look at what an
// archive holds. Not a test, and not what a person uses: `obsctl backup` is.
#include <fcntl.h>
#include <sys/resource.h>

#include <cstdio>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "lib/archive/directory_sink.hpp"
#include "lib/archive/directory_source.hpp"
#include "lib/archive/policy.hpp"
#include "lib/archive/read.hpp"
#include "lib/archive/tar_reader.hpp"
#include "lib/archive/write.hpp"
#include "lib/io/filesystem.hpp"

namespace {

using namespace obsctl;
using namespace obsctl::archive;
using nlohmann::json;

constexpr const char* k_usage =
    "usage: backup_archive pack DIRECTORY OUT      makes OUT.tar.zst, OUT.idx.zst and OUT.json\n"
    "       backup_archive verify OUT quick|full\n"
    "       backup_archive unpack OUT DIRECTORY [PATH…]\n"
    "       backup_archive cat OUT PATH            to standard output\n"
    "       backup_archive check TAR               judges a foreign tar stream\n"
    "       backup_archive force TAR DIRECTORY     unpacks one entry by entry, unverified\n";

ByteSink to(FileWriter& file) {
  return [&file](std::string_view bytes) { return file.write(bytes); };
}

ByteSource from(FileReader& file) {
  return [&file](std::span<char> into) { return file.read(into); };
}

Result<json> pack(const std::string& directory, const std::string& out) {
  OsFileSystem files;
  OBS_TRY_ASSIGN(const auto blob, files.open_writer(out + ".tar.zst", 0600));
  OBS_TRY_ASSIGN(const auto index, files.open_writer(out + ".idx.zst", 0600));
  OBS_TRY_ASSIGN(Fd root, open_root(directory));
  DirectorySource source(std::move(root));
  OBS_TRY_ASSIGN(const Written written, write_archive(source, to(*blob), to(*index)));
  OBS_TRY(blob->finish());
  OBS_TRY(index->finish());
  for (const Problem& problem : written.problems) {
    std::fprintf(stderr, "%s\n", problem.str().c_str());
  }
  const Summary& s = written.summary;
  json summary = {{"raw_bytes", s.raw_bytes},      {"entries", s.entries},
                  {"blob_bytes", s.blob_bytes},    {"index_bytes", s.index_bytes},
                  {"tar_sha256", s.tar_sha256},    {"blob_sha256", s.blob_sha256},
                  {"index_sha256", s.index_sha256}};
  OBS_TRY(files.write_atomic(out + ".json", summary.dump(), 0600));
  return summary;
}

struct Set {
  std::unique_ptr<Blob> blob;
  std::unique_ptr<Blob> index;
  Summary summary;
  [[nodiscard]] Stored stored() const { return {*blob, *index, summary}; }
};

Result<Set> open_set(const std::string& out) {
  Set set;
  const auto open = [](const std::string& path) {
    return file_blob(Fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC)), path);
  };
  OBS_TRY_ASSIGN(set.blob, open(out + ".tar.zst"));
  OBS_TRY_ASSIGN(set.index, open(out + ".idx.zst"));
  OBS_TRY_ASSIGN(const std::string text, OsFileSystem().read(out + ".json"));
  const json s = json::parse(text);
  set.summary = {.raw_bytes = s.at("raw_bytes"),
                 .entries = s.at("entries"),
                 .blob_bytes = s.at("blob_bytes"),
                 .index_bytes = s.at("index_bytes"),
                 .tar_sha256 = s.at("tar_sha256"),
                 .blob_sha256 = s.at("blob_sha256"),
                 .index_sha256 = s.at("index_sha256")};
  return set;
}

Result<json> verify(const std::string& out, const std::string& level) {
  OBS_TRY_ASSIGN(const Set set, open_set(out));
  OBS_TRY_ASSIGN(const Level wanted, parse_choice<Level>(level, "level"));
  OBS_TRY_ASSIGN(const Verified done, verify_archive(set.stored(), wanted));
  return json{{"entries", done.entries}, {"files", done.files}, {"bytes", done.bytes}};
}

Result<json> unpack(const std::string& out, const std::string& directory,
                    std::vector<std::string> paths) {
  OBS_TRY_ASSIGN(const Set set, open_set(out));
  OBS_TRY_ASSIGN(Fd root, open_root(directory));
  DirectorySink sink(std::move(root));
  OBS_TRY_ASSIGN(const Extracted done, extract(set.stored(), sink, {.paths = std::move(paths)}));
  return json{{"entries", done.entries}, {"bytes", done.bytes}};
}

Result<json> cat(const std::string& out, const std::string& path) {
  OBS_TRY_ASSIGN(const Set set, open_set(out));
  const ByteSink print = [](std::string_view bytes) -> Result<void> {
    std::fwrite(bytes.data(), 1, bytes.size(), stdout);
    return {};
  };
  OBS_TRY(read_file(set.stored(), path, print));
  return json();
}

Result<json> check(const std::string& tar) {
  OBS_TRY_ASSIGN(const auto file, OsFileSystem().open_reader(tar));
  OBS_TRY_ASSIGN(const ForeignTar found, check_foreign_tar(from(*file)));
  json problems = json::array();
  for (const Problem& problem : found.problems) {
    problems.push_back(std::string(name_of(problem.gravity)) + ": " + problem.str());
  }
  return json{{"entries", found.entries},
              {"refused", any(found.problems, Gravity::refused)},
              {"problems", problems}};
}

Result<json> force(const std::string& tar, const std::string& directory) {
  OBS_TRY_ASSIGN(const auto file, OsFileSystem().open_reader(tar));
  OBS_TRY_ASSIGN(Fd root, open_root(directory));
  DirectorySink sink(std::move(root));
  TarReader reader(from(*file));
  std::string chunk(k_chunk, '\0');
  std::uint64_t entries = 0;
  for (;; ++entries) {
    OBS_TRY_ASSIGN(const auto member, reader.next());
    if (!member) {
      OBS_TRY(sink.finish());
      return json{{"entries", entries}};
    }
    OBS_TRY(sink.begin(*member));
    for (;;) {
      OBS_TRY_ASSIGN(const std::size_t n, reader.read(chunk));
      if (n == 0) {
        break;
      }
      OBS_TRY(sink.write(std::string_view(chunk).substr(0, n)));
    }
    OBS_TRY(sink.end());
  }
}

Result<json> run(const std::vector<std::string>& words) {
  const std::string verb = words.empty() ? "" : words[0];
  const std::size_t count = words.size();
  if (verb == "pack" && count == 3) {
    return pack(words[1], words[2]);
  }
  if (verb == "verify" && count == 3) {
    return verify(words[1], words[2]);
  }
  if (verb == "unpack" && count >= 3) {
    return unpack(words[1], words[2], {words.begin() + 3, words.end()});
  }
  if (verb == "cat" && count == 3) {
    return cat(words[1], words[2]);
  }
  if (verb == "check" && count == 2) {
    return check(words[1]);
  }
  if (verb == "force" && count == 3) {
    return force(words[1], words[2]);
  }
  return fail(Code::usage, "no such call", k_usage);
}

}  // namespace

int main(int argc, char** argv) {
  const auto result = run({argv + 1, argv + argc});
  if (!result) {
    std::cerr << result.error().message << '\n' << result.error().hint << '\n';
    return exit_code_of(result.error().code);
  }
  if (!result->is_null()) {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    json out = *result;
    out["peak_rss_bytes"] = static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
    std::cout << out.dump(-1, ' ', false, json::error_handler_t::replace) << '\n';
  }
  return 0;
}

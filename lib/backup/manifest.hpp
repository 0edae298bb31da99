// SPDX-License-Identifier: Apache-2.0
// What a set says about itself: manifest.json, written last and never changed, so that a set without
// a whole one is no set. docs/backup-format.md describes it for people who restore by hand.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/choice.hpp"
#include "lib/base/error.hpp"
#include "lib/base/time.hpp"

namespace obsctl::backup {

inline constexpr int k_format = 1;

// partial: something could not be read and is missing.
enum class Status { complete, partial };
constexpr auto names_of(Status) {
  return std::to_array<Named<Status>>(
      {{Status::complete, "complete"}, {Status::partial, "partial"}});
}

// In what state a volume was copied: while it was written to, after its program had ended, from a
// snapshot that the program made, or stopped at one moment as if the power had failed.
enum class Consistency { live, clean, snapshot, crash };
constexpr auto names_of(Consistency) {
  return std::to_array<Named<Consistency>>({{Consistency::live, "live"},
                                            {Consistency::clean, "clean"},
                                            {Consistency::snapshot, "snapshot"},
                                            {Consistency::crash, "crash"}});
}

// Bytes that are recognised again.
struct Digest {
  std::uint64_t bytes = 0;
  std::string sha256;  // 64 hexadecimal digits
  bool operator==(const Digest&) const = default;
};

// The owner of the volume's top directory, which programs without rights need.
struct RootEntry {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::uint32_t mode = 0;
  bool operator==(const RootEntry&) const = default;
};

// How a container engine's volume was made, and who wrote what is in it.
struct EngineRecord {
  std::string driver;
  std::map<std::string, std::string> options = {};
  std::map<std::string, std::string> labels = {};
  std::string component;  // of the stack: "loki"
  std::string version;    // of the component: what is older may not understand the data
  std::string image;      // as the stack names it, with its digest where that is known
  bool operator==(const EngineRecord&) const = default;
};

struct VolumeRecord {
  std::string name;
  std::string source;  // what kind of volume it was: "directory"
  std::string path;    // where it was
  RootEntry root;
  Consistency consistency = Consistency::live;
  std::uint64_t bytes = 0;  // of the files, without their holes
  std::uint64_t entries = 0;
  Digest tar;                               // of the archive before it was compressed
  Digest blob;                              // of volumes/NAME.tar.zst
  Digest index;                             // of volumes/NAME.idx.zst
  std::optional<EngineRecord> engine = {};  // absent: it is none of an engine
  std::vector<std::string> warnings = {};
  bool operator==(const VolumeRecord&) const = default;
};

struct Manifest {
  std::string id = {};
  std::string group = {};      // sets of the same group are versions of the same thing
  std::uint64_t sequence = 0;  // orders the sets of a repository, whatever the clock says
  std::string version = {};    // of the obsctl that wrote it
  std::string host = {};
  Time started = {};
  Time finished = {};
  Status status = Status::complete;
  std::vector<VolumeRecord> volumes = {};
  std::vector<std::string> warnings = {};  // volumes that are missing, and why
  bool operator==(const Manifest&) const = default;

  [[nodiscard]] std::uint64_t bytes() const;
  [[nodiscard]] std::uint64_t stored_bytes() const;
  [[nodiscard]] const VolumeRecord* find(std::string_view volume) const;
};

[[nodiscard]] std::string print_manifest(const Manifest& manifest);

// May come from anybody. Errors (Code::integrity) name `file` and the first field that is wrong; one
// of a newer format is Code::config.
[[nodiscard]] Result<Manifest> parse_manifest(std::string_view text, const std::string& file);

// manifest.sha256: the lines that sha256sum(1) checks, of the manifest and of every file it names.
[[nodiscard]] std::string print_checksums(std::string_view manifest_text, const Manifest& manifest);

}  // namespace obsctl::backup

// SPDX-License-Identifier: Apache-2.0
// Reads a set back and holds it against its manifest.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lib/archive/policy.hpp"
#include "lib/archive/read.hpp"
#include "lib/backup/repository.hpp"
#include "lib/backup/services.hpp"

namespace obsctl::backup {

// A volume's files, open for reading.
struct OpenVolume {
  std::unique_ptr<archive::Blob> blob;
  std::unique_ptr<archive::Blob> index;
  archive::Summary expected;

  [[nodiscard]] archive::Stored stored() const { return {*blob, *index, expected}; }
};
// Errors (Code::integrity): one of them is missing.
[[nodiscard]] Result<OpenVolume> open_volume(const Repository& repository, const std::string& id,
                                             const VolumeRecord& volume);

struct VolumeProof {
  std::string name;
  std::optional<Error> error = {};
  std::uint64_t files = 0;  // compared with the index
};

struct SetProof {
  std::string id;
  Level level = Level::full;
  Time at;
  Duration took;
  std::vector<VolumeProof> volumes = {};
  std::optional<Error> error = {};  // of the set itself

  [[nodiscard]] bool passed() const;
  // The first error, of the set or of a volume, as the error of a command.
  [[nodiscard]] Error failure() const;
};

// Reads what `level` says of every volume, or of those that are named. Errors: a stop was asked for;
// what is wrong with the set is in the proof.
[[nodiscard]] Result<SetProof> prove(Services& services, const Repository& repository,
                                     const StoredSet& set, Level level,
                                     const std::vector<std::string>& only = {});

// The same for the whole set, and remembers the result beside it.
[[nodiscard]] Result<SetProof> verify(Services& services, Repository& repository,
                                      const StoredSet& set, Level level);

// A volume of one's own may have device nodes; only root can make them.
inline constexpr archive::PolicyOptions k_entry_policy = {.devices = true};

// Names that lead out of a volume and the like, judged before anything is unpacked. Errors
// (Code::integrity): such a name in one of these volumes; a volume that the set has not.
[[nodiscard]] Result<void> check_entries(const Repository& repository, const StoredSet& set,
                                         const std::vector<std::string>& volumes);

// Whether the files of a set are there with their sizes: what can be known without reading them.
[[nodiscard]] Result<void> check_sizes(const Repository& repository, const StoredSet& set);

}  // namespace obsctl::backup

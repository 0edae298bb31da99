// SPDX-License-Identifier: Apache-2.0
// One volume of the engine: how it was made, who uses it, and its content as a tar stream, without
// an image from a registry and without a process of ours inside the engine.
//
// The content goes through a container that is created and never started: the engine mounts its
// volumes for GET and PUT of /containers/{id}/archive. The volume lies at /obsctl/data there and the
// stream is of /obsctl, so that owner, mode and time of the volume's root are in it.
// What the engine loses on the way: extended attributes but security.capability, holes of sparse
// files, fractions of a second in times, sockets. What it does not tell: a file that vanished or
// shrank while it was read; so the volume has to be still, and the stream has to be counted.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/error.hpp"
#include "lib/io/environment.hpp"
#include "lib/io/http.hpp"
#include "lib/io/stream.hpp"

namespace obsctl::engine {

struct VolumeFacts {
  std::string name;
  std::string driver;
  std::string scope;
  std::map<std::string, std::string> options = {};  // of the driver
  std::map<std::string, std::string> labels = {};
  bool operator==(const VolumeFacts&) const = default;

  // Memory that is given back when nothing uses it: there is nothing to keep.
  [[nodiscard]] bool in_memory() const;
};

// Nothing where there is no such volume. Errors: as engine_host().
[[nodiscard]] Result<std::optional<VolumeFacts>> volume_facts(HttpClient& http,
                                                              const Environment& environment,
                                                              const std::string& name);

// The volumes that carry a label ("com.docker.compose.project=shop"). Errors: as engine_host().
[[nodiscard]] Result<std::vector<VolumeFacts>> labelled_volumes(HttpClient& http,
                                                                const Environment& environment,
                                                                const std::string& label);

// Makes it as it was. Errors: the engine refuses; a volume of this name is there already.
[[nodiscard]] Result<void> create_volume(HttpClient& http, const Environment& environment,
                                         const VolumeFacts& facts);

// Errors: Code::missing; a container uses it.
[[nodiscard]] Result<void> remove_volume(HttpClient& http, const Environment& environment,
                                         const std::string& name);

struct VolumeUser {
  std::string id;
  std::string name;
  std::string project;  // of Compose; empty: of none
  std::string service;
  std::string image_id;
  bool running = false;
  bool writes = true;   // it is not mounted read-only
  bool helper = false;  // a container of this file
  bool operator==(const VolumeUser&) const = default;
};

// Every container that mounts it, also those that are stopped. Errors: as engine_host().
[[nodiscard]] Result<std::vector<VolumeUser>> volume_users(HttpClient& http,
                                                           const Environment& environment,
                                                           const std::string& name);

// Creates the container through which a volume is read or written and returns its id. There is one
// per volume by its name, which keeps two of us apart. `image` is the id of an image that the engine
// has; nothing of it is used. `owner` is a text by which remove_helpers_of() finds it. Errors:
// Code::missing for image or volume; Code::unreachable when another helper holds the volume.
struct HelperRequest {
  std::string volume;
  std::string image;
  std::string owner = {};
};
[[nodiscard]] Result<std::string> create_helper(HttpClient& http, const Environment& environment,
                                                const HelperRequest& request);

// Removes it and keeps the volume; one that is gone already is no error.
[[nodiscard]] Result<void> remove_helper(HttpClient& http, const Environment& environment,
                                         const std::string& id);

// Removes helpers that were left behind by a run that was killed. Only for who holds the lock.
[[nodiscard]] Result<void> remove_helpers(HttpClient& http, const Environment& environment,
                                          const std::string& volume);

// All of one owner, and the image of remove_empty_image(), after it has died.
[[nodiscard]] Result<void> remove_helpers_of(HttpClient& http, const Environment& environment,
                                             const std::string& owner);

// An image without content that exists at this engine only, for a volume that no container uses.
// Returns its id.
[[nodiscard]] Result<std::string> empty_image(HttpClient& http, const Environment& environment);
// Removes it, unless a helper uses it.
[[nodiscard]] Result<void> remove_empty_image(HttpClient& http, const Environment& environment);

// The volume as a plain tar stream with names below "data/", for as long as bytes come. The caller
// has to find the stream's two zero blocks: the engine ends an answer well that it cut short.
[[nodiscard]] Result<void> read_volume(HttpClient& http, const Environment& environment,
                                       const std::string& helper, const ByteSink& sink,
                                       const StopFlag* stop);

// Unpacks a plain tar stream with names below "data/" over what is there; removes nothing.
// Errors: also when the disk is full, with part of the files written.
[[nodiscard]] Result<void> write_volume(HttpClient& http, const Environment& environment,
                                        const std::string& helper, const ByteSource& source,
                                        const StopFlag* stop);

}  // namespace obsctl::engine

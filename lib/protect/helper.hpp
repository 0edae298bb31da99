// SPDX-License-Identifier: Apache-2.0
// The container that opens a volume for us, removed with its owner.
#pragma once

#include <memory>
#include <string>

#include "lib/base/error.hpp"
#include "lib/protect/still_volume.hpp"

namespace obsctl::protect {

class Helper {
 public:
  // Of the image of a container that mounts the volume, or of an empty one. Errors: those of
  // engine::create_helper().
  [[nodiscard]] static Result<std::unique_ptr<Helper>> open(Engine& engine,
                                                            const std::string& volume);
  // What stays behind when the engine does not answer is removed by the next run, by its label.
  ~Helper();
  Helper(const Helper&) = delete;
  Helper& operator=(const Helper&) = delete;

  [[nodiscard]] const std::string& id() const { return id_; }

 private:
  Helper(Engine& engine, std::string id, bool own_image)
      : engine_(engine), id_(std::move(id)), own_image_(own_image) {}

  Engine& engine_;
  std::string id_;
  bool own_image_;
};

}  // namespace obsctl::protect

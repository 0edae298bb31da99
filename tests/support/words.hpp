// SPDX-License-Identifier: Apache-2.0
// The words of the Compose target for tests of what is written with them.
#pragma once

#include <doctest/doctest.h>

#include <utility>

#include "lib/targets/target.hpp"

namespace obsctl::test {

inline Words compose_words(const Topology& topology) {
  const OsFileSystem files;
  auto words = words_of(**find_target("compose"), topology, TemplateStore(files, {}));
  REQUIRE(words);
  return std::move(*words);
}

}  // namespace obsctl::test

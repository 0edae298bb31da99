// SPDX-License-Identifier: Apache-2.0
// Names of sets and volumes: made from times and paths, and refused where they could lead elsewhere.
#include "lib/backup/names.hpp"

#include <doctest/doctest.h>

using namespace obsctl;
using namespace obsctl::backup;

TEST_CASE("the name of a set says when, and is recognised") {
  OsRandom random;
  const auto id = new_set_id(parse_time("2026-11-20T02:00:00Z").value(), random).value();
  CHECK(id.starts_with("20261120T020000Z-"));
  CHECK(is_set_id(id));
  CHECK(id != new_set_id(parse_time("2026-11-20T02:00:00Z").value(), random).value());
  CHECK(is_set_id("20261120T020000Z-6f3a1c"));
}

TEST_CASE("other names are no sets") {
  for (const char* name :
       {"", "20261120T020000Z", "20261120T020000Z-6f3a1", "20261120T020000Z-6f3a1C",
        "20261120T020000Z-6f3a1cc", "20261120t020000Z-6f3a1c", "lost+found",
        "20261120T020000Z-../..", ".tmp-20261120T020000Z-6f3a1c", "latest"}) {
    CHECK_MESSAGE(!is_set_id(name), name);
  }
}

TEST_CASE("volumes are named by the last part of their path, each by its own name") {
  CHECK(volume_names({"/srv/prometheus", "/var/lib/grafana/", "/data"}) ==
        std::vector<std::string>{"prometheus", "grafana", "data"});
  CHECK(volume_names({"/a/data", "/b/data", "/c/data"}) ==
        std::vector<std::string>{"data", "data-2", "data-3"});
  CHECK(volume_names({"/a/data-2", "/b/data", "/c/data"}) ==
        std::vector<std::string>{"data-2", "data", "data-3"});
  CHECK(volume_names(
            {"/", "/srv/.hidden", "/srv/with space\n", "/srv/\xc3\xa4", "/srv/...", "/srv/-x"}) ==
        std::vector<std::string>{"root", "hidden", "with-space-", "root-2", "root-3", "x"});
}

TEST_CASE("every name that is made is one that is accepted") {
  for (const std::string& name : volume_names({"/", "/..", "/srv/" + std::string(300, 'x'),
                                               "/a/" + std::string(300, 'x'), "/s/\x01"})) {
    CHECK_MESSAGE(is_volume_name(name), name);
  }
  for (const char* name : {"", ".", "..", "a/b", "/a", "-x", ".x", "a b", "a\n", "\xc3\xa4"}) {
    CHECK_MESSAGE(!is_volume_name(name), name);
  }
  CHECK_FALSE(is_volume_name(std::string(101, 'a')));
}

// SPDX-License-Identifier: Apache-2.0
// The words that rows get from a target.
#include "lib/render/words.hpp"

#include <doctest/doctest.h>

#include "tests/support/sized.hpp"
#include "tests/support/words.hpp"

using namespace obsctl;

TEST_CASE("rows name series and commands of a Compose stack") {
  const Values values =
      word_values(test::compose_words(test::sized().topology), test::sized().topology,
                  {"loki", "jaeger"}, {{"both", {"loki", "jaeger"}}});
  const auto text = [&values](const std::string& tag) {
    const auto out = render_template({"a", "embedded", "[% " + tag + " %]"}, values);
    REQUIRE_MESSAGE(out, tag);
    return *out;
  };
  CHECK(text("sel.loki") == R"(job="loki")");
  CHECK(text("any_of.both") == R"(job=~"loki|jaeger")");
  CHECK(text("none_of.both") == R"(job!~"loki|jaeger")");
  CHECK(text("cmd.apply") == "docker compose up -d");
  CHECK(text("cmd.start.loki") == "docker compose up -d loki");
  CHECK(text("cmd.status") == "docker compose ps");
  CHECK(text("cmd.state.loki") == "docker compose ps -a loki");
  CHECK(text("cmd.state.labelled") == "docker compose ps -a {{ $labels.job }}");
  CHECK(text("cmd.logs.jaeger") == "docker compose logs jaeger");
  CHECK(text("cmd.logs_50.both") == "docker compose logs --tail 50 loki jaeger");
  CHECK(text("cmd.stop.loki") == "docker compose stop loki");
  CHECK(text("cmd.restart.loki") == "docker compose restart loki");
  CHECK(text("cmd.reload.loki") == "docker compose kill -s HUP loki");
  CHECK(text("cmd.exec.loki") == "docker compose exec loki");
  CHECK(text("cmd.beside.loki") == "docker compose run --rm --no-deps --entrypoint env loki");
}

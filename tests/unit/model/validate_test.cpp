// SPDX-License-Identifier: Apache-2.0
// Every contradiction is found; every sensible combination passes.
#include <doctest/doctest.h>

#include "lib/model/spec.hpp"

using namespace obsctl;

namespace {

Result<void> with(const std::vector<std::string>& assignments) {
  StackSpec spec;
  for (const auto& assignment : assignments) {
    const auto set = set_field(spec, assignment);
    REQUIRE_MESSAGE(set, (set ? "" : set.error().message));
  }
  return validate_spec(spec);
}

}  // namespace

TEST_CASE("sensible specs pass") {
  CHECK(with({}));
  CHECK(with({"security.tls=self-signed", "security.auth=bearer", "security.bind=0.0.0.0"}));
  CHECK(
      with({"security.bind=::1", "security.cors_origins=https://a.example,http://b.example:8080"}));
  CHECK(with({"security.tls=files", "security.tls_cert=/a.crt", "security.tls_key=/a.key"}));
  CHECK(with({"alerting.receivers=slack,watchdog", "alerting.slack_channel=#ops"}));
  CHECK(with({"alerting.telegram_chat=-1001234567890"}));
  CHECK(with({"alerting.email_to=a@b.example, c+d@b.example", "alerting.smtp_host=[::1]:587",
              "alerting.smtp_user=apikey"}));
  CHECK(with({"security.tls=self-signed", "security.client_ca=/ca.crt",
              "security.tls_names=otel.example.com,*.example.com,192.0.2.7,2001:db8::7"}));
  CHECK(with({"forward.url=http://10.0.0.7:4318"}));
  CHECK(with({"forward.url=https://api.example.com/otlp", "forward.header=x-api-key"}));
  CHECK(with({"traces.slow_threshold=20s", "traces.decision_wait=30s", "logs.retention=24h"}));
}

TEST_CASE("contradictions are errors with a hint") {
  for (const std::vector<std::string>& bad : std::vector<std::vector<std::string>>{
           {"name=Shop"},
           {"name=9lives"},
           {"environment="},
           {"security.tls=files"},
           {"security.tls=files", "security.tls_cert=/a.crt"},
           {"security.tls_key=/a.key"},
           {"security.tls=self-signed", "security.tls_cert=/a.crt", "security.tls_key=/a.key"},
           {"security.bind=everywhere"},
           {"security.bind=256.0.0.1"},
           {"security.bind_ui=localhost"},
           {"public_urls.grafana=obs.example.com"},
           {"security.cors_origins=*"},
           {"security.cors_origins=https://*.example"},
           {"security.cors_origins=app.example"},
           {"security.cors_origins=https://app.example/path"},
           {"security.cors_origins=https://a{b}"},
           {"security.cors_origins=https://%zz"},
           {"security.cors_origins=https://app.example:99999"},
           {"security.cors_origins=https://user@app.example"},
           {"security.tls_names=a b"},
           {"security.tls_names=https://app.example"},
           {"security.tls_names=-a.example"},
           {"security.client_ca=/ca.crt"},
           {"forward.url=otlp.example.com:4318"},
           {"forward.url=https://otlp.example.com/?key=value"},
           {"forward.url=https://user:word@otlp.example.com"},
           {"forward.header=x-api-key"},
           {"forward.url=https://otlp.example.com", "forward.header=x api key"},
           {"forward.url=http://otlp.example.com", "forward.header=x-api-key"},
           {"alerting.receivers=telegram"},
           {"alerting.receivers=email"},
           {"alerting.telegram_chat=@ops"},
           {"alerting.smtp_user=apikey"},
           {"alerting.email_to=a@b.example,", "alerting.smtp_host=mail.example:587"},
           {"alerting.email_to=a@b_c", "alerting.smtp_host=mail.example:587"},
           {"alerting.email_to=A <a@b.example>", "alerting.smtp_host=mail.example:587"},
           {"alerting.email_to=a@b.example"},
           {"alerting.smtp_host=mail.example:25"},
           {"alerting.email_from=a@b.example"},
           {"alerting.email_to=nobody", "alerting.smtp_host=mail.example:25"},
           {"alerting.email_to=a@b.example", "alerting.smtp_host=mail.example"},
           {"alerting.email_to=a@b.example", "alerting.smtp_host=mail.example:0"},
           {"traces.spans_per_trace=0"},
           {"traces.decision_wait=500ms", "traces.slow_threshold=100ms"},
           {"traces.slow_threshold=0"},
           {"traces.slow_threshold=10s"},
           {"traces.retention=10m"},
           {"logs.retention=12h"},
           {"metrics.scrape_interval=100ms"}}) {
    CAPTURE(bad.front());
    const auto result = with(bad);
    REQUIRE_FALSE(result);
    CHECK(result.error().code == Code::usage);
  }
}

TEST_CASE("a number that no stack has is refused, whichever setting it is") {
  for (const char* bad :
       {"traces.spans=1e300/s", "traces.retention=1000000d", "logs.retention=8.64e+304ms",
        "metrics.scrape_interval=2d", "traces.span_size=0", "sizing.replication=0",
        "host.cpus=1e300", "host.memory=1kB", "components.loki.memory=0", "components.loki.cpus=0",
        "components.loki.disk=0"}) {
    CAPTURE(bad);
    const auto result = with({bad});
    REQUIRE_FALSE(result);
    CHECK(std::string(bad).starts_with(result.error().subject + "="));
    CHECK_FALSE(result.error().hint.empty());
  }
}

TEST_CASE("texts are one line that every parser takes") {
  StackSpec spec;
  for (const std::string bad :
       {"a\nb", "a\x7f", "a\xC2\x85", "a\xE2\x80\xA8", "a\xEF\xBF\xBE", "a\xFF"}) {
    CAPTURE(bad);
    CHECK_FALSE(set_field(spec, "environment", bad));
    CHECK_FALSE(set_field(spec, "stack.add", bad));
    CHECK_FALSE(set_field(spec, "calibration.source", bad));
    CHECK_FALSE(set_field(spec, "components." + bad + ".cpus", "1"));
    CHECK_FALSE(set_field(spec, "calibration." + bad, "1"));
  }
  CHECK(set_field(spec, "environment", "Überprüfung"));
}

TEST_CASE("what YAML calls off and people indent with is explained") {
  StackSpec spec;
  CHECK(set_field(spec, "security.tls", "false").error().hint == "did you mean 'off'?");
  CHECK(set_field(spec, "security.auth", "no").error().hint == "did you mean 'none'?");
  const auto tab = read_spec("tier: small\nlogs:\n\tretention: 5d\n", "obsctl.yaml");
  REQUIRE_FALSE(tab);
  CHECK(tab.error().hint == "the line is indented with a tab; YAML takes spaces only");
}

TEST_CASE("a choice is taken in any case") {
  StackSpec spec;
  REQUIRE(set_field(spec, "tier=SMALL"));
  REQUIRE(set_field(spec, "sizing.provider=AWS"));
  CHECK(spec.tier == "small");
  CHECK(spec.sizing.provider == Vendor::aws);
}

TEST_CASE("all contradictions are named, with the place of what stands in a file") {
  auto spec = read_spec(
      "name: Shop\nsecurity:\n  tls: files\n  tls_cert: /a.crt\nlogs:\n  retention: 12h\n",
      "obsctl.yaml");
  REQUIRE(spec);
  REQUIRE(set_field(*spec, "traces.slow_threshold=20s"));
  const auto result = validate_spec(*spec);
  REQUIRE_FALSE(result);
  const Error& first = result.error();
  CHECK(first.subject == "name");
  CHECK(first.at->str() == "obsctl.yaml:1:7");
  REQUIRE(first.more.size() == 3);
  CHECK(first.more[0].subject == "security.tls");
  CHECK(first.more[0].at->str() == "obsctl.yaml:3:8");
  CHECK(first.more[0].settings == Settings{{"security.tls_key", "FILE"}});
  // Set by hand: no place, and the setting that would mend it.
  CHECK(first.more[1].subject == "traces.slow_threshold");
  CHECK(first.more[1].code == Code::usage);
  CHECK_FALSE(first.more[1].at);
  CHECK(first.more[1].settings == Settings{{"traces.decision_wait", "40s"}});
  CHECK(first.more[2].message == "'logs.retention' must be at least 1d");
}

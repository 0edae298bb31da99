// SPDX-License-Identifier: Apache-2.0
// What leaves the machine holds no secret, and still says what a reader needs.
#include "lib/bundle/redact.hpp"

#include <doctest/doctest.h>

#include "lib/base/secret_forms.hpp"
#include "lib/base/text.hpp"
#include "lib/otlp/response.hpp"

using namespace obsctl;
using namespace obsctl::bundle;
using namespace obsctl::secret_forms;

namespace {

std::string redacted(std::string_view text) {
  return Redactor({}).text(text);
}

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

}  // namespace

TEST_CASE("secrets of a file") {
  using List = std::vector<std::string>;
  const auto all = [](std::string_view text) {
    List out = secrets_in(text);
    std::erase(out, "");
    return out;
  };
  CHECK(all("hunter2hunter2\n") == List{"hunter2hunter2"});
  CHECK(all("https://hooks.example.com/a/b?c=d\n") == List{"https://hooks.example.com/a/b?c=d"});
  CHECK(all("# A password.\nKEY=one\nOTHER='two three'\n") == List{"one", "two three"});
  CHECK(all("secrets:\n  grafana:\n    PASSWORD: \"four\"\n") == List{"four"});
  CHECK(all("A=b\nHEADERS=Authorization=Bearer%20token12\n") ==
        List{"b", "Authorization=Bearer%20token12", "token12"});
  CHECK(all("https://someone:pass@host/\n") == List{"https://someone:pass@host/", "pass"});
  CHECK(all("abcdEFGH\nijkl+/==\n") == List{"abcdEFGH", "ijkl+/=="});
  CHECK(all("{\"id\": \"one\", \"more\": [12345]}") == List{"one", "12345"});
  CHECK(all("- first\n- second\n") == List{"first", "second"});
  CHECK(all("-----BEGIN PRIVATE KEY-----\nMHcC\n-----END PRIVATE KEY-----\n") == List{"MHcC"});
  CHECK(secret_settings_in("SMTP_PASSWORD=one\nPROJECT=two\n") == List{"one"});
}

TEST_CASE("a known secret goes in every form and place") {
  const std::string secret = "k/n0w+n \"secret\" of 2026";
  const Redactor redactor({secret, "abc"});
  for (const std::string& form :
       {secret, percent_encoded(secret), obsctl::quoted(secret), otlp::base64_encode(secret)}) {
    const std::string out = redactor.text("x" + form + "y abc");
    CHECK(out.starts_with("x"));
    CHECK(has(out, "REDACTED"));
    CHECK_FALSE(has(out, form));
    CHECK(out.ends_with("y abc"));  // too short to be looked for
  }
}

TEST_CASE("a known secret goes inside of Base64, wherever it begins") {
  const std::string secret = "0123456789abcdef";
  const Redactor redactor({secret});
  for (const char* before : {"", "a", "ab", "admin:", "long user name:"}) {
    for (const char* after : {"", "b", "bc", "\n"}) {
      const std::string whole = otlp::base64_encode(before + secret + after);
      const std::string out = redactor.text(whole);
      CAPTURE(whole);
      CHECK(has(out, "REDACTED"));
      // Too little is left of it to find out the rest.
      CHECK(out.size() <= whole.size() - 20 + k_redacted.size());
    }
  }
}

TEST_CASE("what looks like a secret goes") {
  CHECK(redacted("password: hunter two") == "password: REDACTED");
  CHECK(redacted("  - smtp_auth_password: 'a b'  # c") ==
        "  - smtp_auth_password: 'REDACTED'  # c");
  CHECK(redacted("export API_TOKEN=abc def") == "export API_TOKEN=REDACTED");
  CHECK(redacted("level=info password=hunter2 user=x") == "level=info password=REDACTED user=x");
  CHECK(redacted("a client-secret=x, token=y; z") == "a client-secret=REDACTED, token=REDACTED; z");
  CHECK(redacted(R"({"user":"a","password":"b\"c","d":1})") ==
        R"({"user":"a","password":"REDACTED","d":1})");
  CHECK(redacted(R"(msg="{\"api_key\":\"b c\",\"d\":1}")") ==
        R"(msg="{\"api_key\":\"REDACTED\",\"d\":1}")");
  CHECK(redacted("GET /?token=abc&x=1") == "GET /?token=REDACTED&x=1");
  CHECK(redacted("run --admin-password abc --x") == "run --admin-password REDACTED --x");
  CHECK(redacted("Authorization: Token abc def") == "Authorization: REDACTED");
  CHECK(redacted("sent authorization: Basic YWJjOmRlZg==\" to") ==
        "sent authorization: REDACTED\" to");
  CHECK(redacted("header Bearer abc.def-123 and basic YWJjOg== end") ==
        "header Bearer REDACTED and basic REDACTED end");
  CHECK(redacted("Bearer%20abcdef1") == "Bearer%20REDACTED");
  CHECK(redacted("url: https://u:p%40x@host:1/a and amqp://u:p@h") ==
        "url: https://REDACTED@host:1/a and amqp://REDACTED@h");
  CHECK(redacted("password: |\n  one\n\n  two\nnext: 1\n") == "password: REDACTED\nnext: 1\n");
  const std::string key =
      "-----BEGIN EC PRIVATE KEY-----\nMHcC\nAQEE\n-----END EC PRIVATE KEY-----\n";
  CHECK(redacted("a\n" + key + "b\n") ==
        "a\n-----BEGIN EC PRIVATE KEY-----REDACTED-----END EC PRIVATE KEY-----\nb\n");
  CHECK(redacted("x -----BEGIN PRIVATE KEY-----\\nMHcC") ==
        "x -----BEGIN PRIVATE KEY-----REDACTED");
  CHECK(redacted("-----BEGIN PRIVATE KEY-----END x") == "-----BEGIN PRIVATE KEY-----REDACTED");
}

TEST_CASE("what is no secret stays") {
  for (const char* text : {"password: ${env:SMTP_PASSWORD}", "token: \"${OTLP_TOKEN}\"", "",
                           "password_file: /etc/secrets/smtp", "https://host/a@b", "auth: bearer\n",
                           "  # who may send telemetry (none, bearer)", "tls: self-signed\n\n",
                           "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
                           "token:\n  file: x\n", "key: value"}) {
    CHECK(redacted(text) == text);
  }
  CHECK(redacted("password: ${SMTP_PASSWORD:-hunter2}") == "password: REDACTED");
}

TEST_CASE("a document keeps its shape") {
  const nlohmann::ordered_json before = {{"a", {{"password", "x"}, {"n", 1}, {"b", nullptr}}},
                                         {"list", {"Bearer abcdefg", true}}};
  const nlohmann::ordered_json after = {{"a", {{"password", "REDACTED"}, {"n", 1}, {"b", nullptr}}},
                                        {"list", {"Bearer REDACTED", true}}};
  CHECK(Redactor({}).json(before) == after);
}

TEST_CASE("an environment file keeps its keys") {
  CHECK(Redactor({}).environment("# a\nX=1\nEMPTY=\n\nY= 2\n") ==
        "# a\nX=REDACTED\nEMPTY=\n\nY=REDACTED\n");
  CHECK(Redactor({}).environment("KEY=\"-----BEGIN\nMHcCAQEE\nabc+/==\n-----END\"") ==
        "KEY=REDACTED\nREDACTED\nREDACTED\nREDACTED");
}

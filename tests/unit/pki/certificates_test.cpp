// SPDX-License-Identifier: Apache-2.0
// Certificates are what clients check: names, dates, issuer, purpose; `openssl verify` is the
// judge.
#include "lib/pki/certificates.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

using namespace obsctl;
using namespace obsctl::pki;
using namespace std::chrono_literals;

namespace {

const std::vector<std::string> k_names = {"localhost", "127.0.0.1", "::1", "otel-collector"};

}  // namespace

TEST_CASE("a server certificate names every host and is issued by its authority") {
  const Time now = std::chrono::system_clock::now();
  const auto authority = make_authority("obsctl test CA", now);
  REQUIRE(authority);
  const auto server = make_server(*authority, k_names, now);
  REQUIRE(server);
  const auto info = read_certificate(server->certificate, "server.crt");
  REQUIRE(info);
  CHECK(info->names == std::vector<std::string>{"127.0.0.1", "::1", "localhost", "otel-collector"});
  CHECK_FALSE(info->authority);
  CHECK(info->not_after - now <= k_server_validity);
  CHECK(info->not_after - now > k_server_validity - 2s);
  CHECK(info->not_before < now);
  CHECK(read_certificate(authority->certificate, "ca.crt")->authority);
  CHECK(issued_by(server->certificate, authority->certificate));
  CHECK(check_pair(*server, "a", "b"));
  CHECK_FALSE(check_pair({server->certificate, authority->key}, "a", "b"));
  const auto other = make_authority("obsctl test CA", now);
  REQUIRE(other);
  CHECK_FALSE(issued_by(server->certificate, other->certificate));
}

TEST_CASE("what clients would refuse is not made") {
  const Time now = std::chrono::system_clock::now();
  const auto authority = make_authority("CA", now);
  const auto other = make_authority("CA", now);
  REQUIRE(authority);
  REQUIRE(other);
  const auto foreign = make_server({authority->certificate, other->key}, k_names, now);
  REQUIRE_FALSE(foreign);
  CHECK(foreign.error().message == "the key 'ca.key' does not belong to 'ca.crt'");
  const auto late = make_server(*authority, k_names, now + k_ca_validity + 1h);
  REQUIRE_FALSE(late);
  CHECK(late.error().message.find("expired") != std::string::npos);
  const auto server = make_server(*authority, k_names, now);
  REQUIRE(server);
  CHECK_FALSE(make_server(*server, k_names, now));  // not an authority
}

TEST_CASE("a server certificate does not outlive its authority") {
  const Time now = std::chrono::system_clock::now();
  const auto authority = make_authority("CA", now - k_ca_validity + 24h);
  REQUIRE(authority);
  const auto server = make_server(*authority, k_names, now);
  REQUIRE(server);
  CHECK(read_certificate(server->certificate, "s")->not_after ==
        read_certificate(authority->certificate, "c")->not_after);
}

TEST_CASE("a host name cannot smuggle in another name") {
  const Time now = std::chrono::system_clock::now();
  const auto authority = make_authority("CA", now);
  REQUIRE(authority);
  const auto server = make_server(*authority, {"a,DNS:evil.example"}, now);
  REQUIRE(server);
  CHECK(read_certificate(server->certificate, "x")->names ==
        std::vector<std::string>{"a,DNS:evil.example"});
}

TEST_CASE("openssl verifies the chain for each name and refuses another") {
  const Time now = std::chrono::system_clock::now();
  const auto authority = make_authority("CA", now);
  REQUIRE(authority);
  const auto server = make_server(*authority, k_names, now);
  REQUIRE(server);
  const auto dir =
      std::filesystem::temp_directory_path() / fmt::format("obsctl-pki-{}", ::getpid());
  std::filesystem::create_directories(dir);
  std::ofstream(dir / "ca.crt") << authority->certificate;
  std::ofstream(dir / "server.crt") << server->certificate;
  const auto verify = [&dir](const std::string& options) {
    return std::system(
        fmt::format("openssl verify -x509_strict -purpose sslserver -CAfile {0}/ca.crt "
                    "{1} {0}/server.crt >/dev/null 2>&1",
                    dir.string(), options)
            .c_str());
  };
  CHECK(verify("-verify_hostname localhost") == 0);
  CHECK(verify("-verify_hostname otel-collector") == 0);
  CHECK(verify("-verify_ip 127.0.0.1") == 0);
  CHECK(verify("-verify_ip ::1") == 0);
  CHECK(verify("-verify_hostname example.com") != 0);
  std::filesystem::remove_all(dir);
}

TEST_CASE("damaged input is an error that names the file") {
  CHECK(read_certificate("nonsense", "my.crt").error().message ==
        "'my.crt' is not a PEM certificate");
  const auto authority = make_authority("CA", std::chrono::system_clock::now());
  REQUIRE(authority);
  CHECK(check_pair({authority->certificate, "x"}, "c", "my.key").error().message ==
        "'my.key' is not a PEM private key without password");
  CHECK_FALSE(
      make_server({authority->certificate, "x"}, k_names, std::chrono::system_clock::now()));
}

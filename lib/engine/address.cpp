// SPDX-License-Identifier: Apache-2.0
// From DOCKER_HOST to a request.
#include "lib/engine/address.hpp"

#include <fmt/format.h>

namespace obsctl {
namespace {

constexpr std::string_view k_default = "unix:///var/run/docker.sock";

HttpTls certificates(const Environment& environment) {
  const std::filesystem::path home = environment.get("HOME").value_or("");
  const std::filesystem::path dir =
      environment.get("DOCKER_CERT_PATH").value_or((home / ".docker").string());
  return {.ca_file = (dir / "ca.pem").string(),
          .cert_file = (dir / "cert.pem").string(),
          .key_file = (dir / "key.pem").string()};
}

}  // namespace

std::string engine_address(const Environment& environment) {
  return environment.get("DOCKER_HOST").value_or(std::string(k_default));
}

Result<HttpRequest> engine_request(const Environment& environment, std::string_view path) {
  constexpr std::string_view k_unix = "unix://";
  constexpr std::string_view k_tcp = "tcp://";
  const std::string address = engine_address(environment);
  HttpRequest out;
  if (address.starts_with(k_unix) && address.substr(k_unix.size()).starts_with('/')) {
    out.url = fmt::format("http://localhost{}", path);
    out.unix_socket = address.substr(k_unix.size());
    return out;
  }
  if (!address.starts_with(k_tcp)) {
    return fail(Code::unreachable,
                fmt::format("the container engine at '{}' cannot be asked: this is neither "
                            "unix:///PATH nor tcp://HOST:PORT",
                            address),
                "set DOCKER_HOST to such an address");
  }
  const bool tls = environment.get("DOCKER_TLS_VERIFY").has_value();
  std::string_view host = std::string_view(address).substr(k_tcp.size());
  host = host.substr(0, host.find_last_not_of('/') + 1);
  const bool has_port = host.find(':', host.starts_with('[') ? host.find(']') : 0) != host.npos;
  const char* port = has_port ? "" : tls ? ":2376" : ":2375";
  out.url = fmt::format("{}://{}{}{}", tls ? "https" : "http", host, port, path);
  if (tls) {
    out.tls = certificates(environment);
  }
  return out;
}

}  // namespace obsctl

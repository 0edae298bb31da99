// SPDX-License-Identifier: Apache-2.0
// Recognises the causes of failed connections by the texts of OpenSSL and libcurl, the only form in
// which both libraries tell them.
#include "lib/otlp/connect_error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "lib/base/text.hpp"
#include "lib/otlp/response.hpp"

namespace obsctl::otlp {
namespace {

struct Advice {
  std::string_view cause;  // part of the text, lower case
  std::string_view hint;
};

constexpr std::string_view k_name =
    "the certificate is for another name; use that name, or set it as the server name";
constexpr std::string_view k_client =
    "the server requires a client certificate and its key, signed by a CA that it trusts";
constexpr std::string_view k_trust = "set the CA that signed it as the CA file";

// The first that fits counts.
constexpr std::array<Advice, 19> k_advice = {{
    {"too many open files", "raise the limit of open files (ulimit -n), or use fewer connections"},
    {"assign requested address", "no local port is free: use fewer connections, or wait a minute"},
    {"network is unreachable", "check the network and the routes of this machine"},
    {"no route to host", "check the network and the routes of this machine"},
    {"hostname mismatch", k_name},
    {"address mismatch", k_name},
    {"target host name", k_name},
    {"has expired", "renew the server's certificate, or correct this machine's clock"},
    {"not yet valid", "correct this machine's clock, or replace the server's certificate"},
    {"certificate required", k_client},
    {"alert unknown ca", k_client},
    {"alert bad certificate", k_client},
    {"alert handshake failure", k_client},
    {"issuer certificate", k_trust},
    {"self-signed", k_trust},
    {"self signed", k_trust},
    {"does not speak tls", "if the port does not use TLS, use http:// instead of https://"},
    {"does not resolve", "check the name, or give the address"},
    {"could not resolve", "check the name, or give the address"},
}};

}  // namespace

std::string plain_cause(std::string_view libcurl) {
  constexpr std::string_view k_problem = "SSL certificate problem: ";
  constexpr std::string_view k_other_name = "SSL: ";
  constexpr std::string_view k_receive = "Recv failure: ";
  constexpr std::string_view k_send = "Send failure: ";
  if (libcurl.find("wrong version number") != std::string_view::npos) {
    return "the peer does not speak TLS";
  }
  if (libcurl.find("timed out after") != std::string_view::npos) {
    return "no answer in time";
  }
  if (libcurl.find("getpeername") != std::string_view::npos ||
      libcurl.find("Empty reply") != std::string_view::npos) {
    return "closed by the server without an answer";
  }
  if (libcurl.find("HTTP/0.9") != std::string_view::npos) {
    return "the server does not speak HTTP/1.1";
  }
  for (const std::string_view before : {k_problem, k_other_name}) {
    if (libcurl.starts_with(before)) {
      return fmt::format("certificate refused: {}", printable(libcurl.substr(before.size())));
    }
  }
  for (const std::string_view before : {k_receive, k_send}) {
    if (libcurl.starts_with(before)) {
      return lower(printable(libcurl.substr(before.size())));
    }
  }
  // "OpenSSL SSL_read: error:0A00045C:SSL routines::tlsv13 alert certificate required, errno 0"
  if (const auto reason = libcurl.rfind("::");
      reason != std::string_view::npos && libcurl.find("error:") != std::string_view::npos) {
    const std::string_view text = libcurl.substr(reason + 2);
    return fmt::format("TLS: {}", printable(text.substr(0, text.find(", errno"))));
  }
  return printable(libcurl);
}

std::string connect_hint(std::string_view cause, const Endpoint& endpoint, std::string_view port) {
  const std::string text = lower(cause);
  const auto* const fits = std::ranges::find_if(k_advice, [&text](const Advice& advice) {
    return text.find(advice.cause) != std::string::npos;
  });
  if (fits != k_advice.end()) {
    return std::string(fits->hint);
  }
  const bool dropped = text.find("closed the connection") != std::string::npos ||
                       text.find("closed by the server") != std::string::npos ||
                       text.find("reset by peer") != std::string::npos;
  if (endpoint.tls && dropped) {  // what some servers do without a certificate, instead of an alert
    return "check whether the server requires a client certificate and its key";
  }
  // A TLS server closes on whoever does not greet it, without a word.
  return fmt::format("check that the receiver is running and that this is its {} port{}", port,
                     endpoint.tls ? "" : " (https:// if it uses TLS)");
}

}  // namespace obsctl::otlp

// SPDX-License-Identifier: Apache-2.0
// HTTP requests to the services of a stack and to the engine, behind an interface so that tests can
// break the network.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/base/error.hpp"
#include "lib/base/units.hpp"
#include "lib/io/signals.hpp"
#include "lib/io/stream.hpp"

namespace obsctl {

// Certificates of an https:// request; all files are PEM.
struct HttpTls {
  std::string ca_file = {};    // who may have signed the server's; empty: whom the system trusts
  std::string cert_file = {};  // this client's, with its key
  std::string key_file = {};
  std::string server_name = {};  // that the server's must have; empty: the URL's host
  bool verify = true;
};

struct HttpRequest {
  std::string method = "GET";
  std::string url;
  std::vector<std::string> headers = {};  // "Name: value"
  std::string body = {};
  Duration timeout = {10};                       // of the whole exchange; 0: none
  std::optional<Duration> connect_timeout = {};  // absent: as long as `timeout`
  std::string unix_socket = {};  // path of a socket to ask in place of the URL's host
  HttpTls tls = {};
  ByteSource upload = {};  // in place of `body`, when it is long
  ByteSink download = {};  // gets the body of a 2xx answer as it comes
  std::size_t max_body = std::size_t{256} * 1024 * 1024;  // kept in memory; more is an error
  std::optional<Duration> stall_timeout = {};             // whole seconds in which nothing moves
  const StopFlag* stop = nullptr;                         // ends the exchange when it is raised
};

struct HttpResponse {
  int status = 0;
  std::string body = {};                                          // unless it went to `download`
  std::vector<std::pair<std::string, std::string>> headers = {};  // names in lower case

  // The value of a header by its name in lower case; nothing when there is none.
  [[nodiscard]] std::optional<std::string> header(std::string_view name) const;
};

class HttpClient {
 public:
  virtual ~HttpClient() = default;

  // Any whole HTTP answer is a response, also a redirect, which is not followed. Errors:
  // Code::unreachable when there is no answer or it breaks off, failed when it is too long, the
  // error of a source or sink, interrupted or terminated when stopped.
  [[nodiscard]] virtual Result<HttpResponse> send(const HttpRequest& request) = 0;
};

// libcurl over HTTP/1.1. (HTTP/2 with prior knowledge fails on reused connections in libcurl 7.88.)
class CurlHttpClient final : public HttpClient {
 public:
  [[nodiscard]] Result<HttpResponse> send(const HttpRequest& request) override;
};

// The URL as it may be shown: without user and password.
[[nodiscard]] std::string shown_url(std::string_view url);

}  // namespace obsctl

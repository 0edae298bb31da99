// HTTP requests to the services of a stack, behind an interface so that tests can break the
// network.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lib/base/error.hpp"
#include "lib/base/units.hpp"

namespace obsctl {

struct HttpRequest {
  std::string method = "GET";
  std::string url;
  std::vector<std::string> headers = {};  // "Name: value"
  std::string body = {};
  Duration timeout = {10};
  std::optional<Duration> connect_timeout = {};  // absent: as long as `timeout`
  std::string unix_socket = {};  // path of a socket to ask in place of the URL's host
};

struct HttpResponse {
  int status = 0;
  std::string body;
};

class HttpClient {
 public:
  virtual ~HttpClient() = default;

  // Any HTTP answer is a response; not reaching the server is an error with Code::unreachable.
  [[nodiscard]] virtual Result<HttpResponse> send(const HttpRequest& request) = 0;
};

// libcurl over HTTP/1.1. (HTTP/2 with prior knowledge fails on reused connections in libcurl 7.88.)
class CurlHttpClient final : public HttpClient {
 public:
  [[nodiscard]] Result<HttpResponse> send(const HttpRequest& request) override;
};

}  // namespace obsctl

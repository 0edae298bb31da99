// One blocking request per call through libcurl's easy interface.
#include "lib/io/http.hpp"

#include <curl/curl.h>
#include <fmt/format.h>

#include <cstring>
#include <memory>

namespace obsctl {
namespace {

constexpr std::size_t k_max_body = std::size_t{256} * 1024 * 1024;

std::size_t append_body(char* data, std::size_t size, std::size_t count, void* target) {
  auto& body = *static_cast<std::string*>(target);
  const std::size_t bytes = size * count;
  if (body.size() + bytes > k_max_body) {
    return 0;  // makes curl fail instead of filling the memory
  }
  body.append(data, bytes);
  return bytes;
}

struct CurlDeleter {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

void set_unix_socket(CURL* curl, const std::string& path) {
  curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, path.c_str());
  curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
}

Failure no_answer(const HttpRequest& request, CURL* curl, CURLcode code) {
  if (request.unix_socket.empty()) {
    return fail(Code::unreachable,
                fmt::format("no answer from '{}': {}", request.url, curl_easy_strerror(code)),
                "check that the service runs and that the address is right");
  }
  // Of a socket on this machine the system knows why: it is not there, or not for this user.
  long error = 0;
  curl_easy_getinfo(curl, CURLINFO_OS_ERRNO, &error);
  const bool known = code == CURLE_COULDNT_CONNECT && error != 0;
  return fail(
      Code::unreachable,
      fmt::format("no answer from 'unix://{}': {}", request.unix_socket,
                  known ? std::strerror(static_cast<int>(error)) : curl_easy_strerror(code)),
      "check that the service runs and that you may use its socket");
}

}  // namespace

Result<HttpResponse> CurlHttpClient::send(const HttpRequest& request) {
  const std::unique_ptr<CURL, CurlDeleter> handle(curl_easy_init());
  if (!handle) {
    return fail(Code::failed, "cannot start the HTTP client");
  }
  std::unique_ptr<curl_slist, CurlDeleter> headers;
  for (const auto& header : request.headers) {
    headers.reset(curl_slist_append(headers.release(), header.c_str()));
  }
  HttpResponse response;
  CURL* curl = handle.get();
  curl_easy_setopt(curl, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout.seconds * 1000));
  if (request.connect_timeout) {
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS,
                     static_cast<long>(request.connect_timeout->seconds * 1000));
  }
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  if (!request.unix_socket.empty()) {
    set_unix_socket(curl, request.unix_socket);
  }
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, append_body);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &response.body);
  if (!request.body.empty()) {
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(request.body.size()));
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request.body.c_str());
  }
  if (const CURLcode code = curl_easy_perform(curl); code != CURLE_OK) {
    return no_answer(request, curl, code);
  }
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  response.status = static_cast<int>(status);
  return response;
}

}  // namespace obsctl

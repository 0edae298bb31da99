// SPDX-License-Identifier: Apache-2.0
// One request per call through libcurl, looking at the stop flag while it waits.
#include "lib/io/http.hpp"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "lib/base/handle.hpp"
#include "lib/base/text.hpp"

namespace obsctl {
namespace {

using Easy = Handle<CURL, curl_easy_cleanup>;
using Multi = Handle<CURLM, curl_multi_cleanup>;
using Url = Handle<CURLU, curl_url_cleanup>;
using List = Handle<curl_slist, curl_slist_free_all>;
using Text = Handle<char, curl_free>;

// Milliseconds as libcurl wants them; what is not 0 must not become it, which means "no limit".
long milliseconds(Duration duration) {
  const long out = static_cast<long>(duration.seconds * 1000);
  return duration.seconds > 0 ? std::max(out, 1L) : 0;
}

class Exchange {
 public:
  explicit Exchange(const HttpRequest& request) : request_(request) {}

  Result<HttpResponse> run() {
    if (!curl_ || !multi_) {
      return fail(Code::failed, "cannot start the HTTP client");
    }
    set_address();
    set_limits();
    set_tls();
    set_content();
    const CURLcode code = perform();
    if (failure_) {
      return Failure(std::move(*failure_));
    }
    if (code != CURLE_OK) {
      return no_answer(code);
    }
    response_.status = status();
    return std::move(response_);
  }

 private:
  template <class T>
  void set(CURLoption option, T value) {
    curl_easy_setopt(curl_.get(), option, value);
  }

  void set_address() {
    set(CURLOPT_URL, request_.url.c_str());
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    if (request_.method == "HEAD") {
      set(CURLOPT_NOBODY, 1L);
    } else {
      set(CURLOPT_CUSTOMREQUEST, request_.method.c_str());
    }
    if (!request_.unix_socket.empty()) {
      set(CURLOPT_UNIX_SOCKET_PATH, request_.unix_socket.c_str());
      set(CURLOPT_NOPROXY, "*");
    } else if (!request_.tls.server_name.empty()) {
      connect_elsewhere();
    }
  }

  // Asks for the server's name, at the address that the URL has.
  void connect_elsewhere() {
    const Url url(curl_url());
    char* host = nullptr;
    char* port = nullptr;
    if (curl_url_set(url.get(), CURLUPART_URL, request_.url.c_str(), 0) != CURLUE_OK ||
        curl_url_get(url.get(), CURLUPART_HOST, &host, 0) != CURLUE_OK) {
      return;  // libcurl says so again when it sends
    }
    const Text host_owner(host);
    curl_url_get(url.get(), CURLUPART_PORT, &port, CURLU_DEFAULT_PORT);
    const Text port_owner(port);
    add(connect_to_, fmt::format("::{}:{}", host, port != nullptr ? port : ""));
    set(CURLOPT_CONNECT_TO, connect_to_.get());
    curl_url_set(url.get(), CURLUPART_HOST, request_.tls.server_name.c_str(), 0);
    char* named = nullptr;
    curl_url_get(url.get(), CURLUPART_URL, &named, 0);
    const Text named_owner(named);
    set(CURLOPT_URL, named);
  }

  void set_limits() {
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_TIMEOUT_MS, milliseconds(request_.timeout));
    if (request_.connect_timeout) {
      set(CURLOPT_CONNECTTIMEOUT_MS, milliseconds(*request_.connect_timeout));
    }
    if (request_.stall_timeout) {
      set(CURLOPT_LOW_SPEED_LIMIT, 1L);
      set(CURLOPT_LOW_SPEED_TIME, std::max(1L, static_cast<long>(request_.stall_timeout->seconds)));
    }
  }

  void set_tls() {
    const HttpTls& tls = request_.tls;
    const std::pair<CURLoption, const std::string*> files[] = {{CURLOPT_CAINFO, &tls.ca_file},
                                                               {CURLOPT_SSLCERT, &tls.cert_file},
                                                               {CURLOPT_SSLKEY, &tls.key_file}};
    for (const auto& [option, file] : files) {
      if (!file->empty()) {
        set(option, file->c_str());
      }
    }
    set(CURLOPT_SSL_VERIFYPEER, tls.verify ? 1L : 0L);
    set(CURLOPT_SSL_VERIFYHOST, tls.verify ? 2L : 0L);
    set(CURLOPT_ERRORBUFFER, detail_);
  }

  void set_content() {
    for (const auto& header : request_.headers) {
      add(headers_, header);
    }
    add(headers_, "Expect:");  // else a server that does not know it costs a second
    set(CURLOPT_HTTPHEADER, headers_.get());
    set(CURLOPT_HEADERFUNCTION, on_header);
    set(CURLOPT_HEADERDATA, this);
    set(CURLOPT_WRITEFUNCTION, on_body);
    set(CURLOPT_WRITEDATA, this);
    if (request_.upload) {
      set(CURLOPT_UPLOAD, 1L);
      set(CURLOPT_READFUNCTION, on_upload);
      set(CURLOPT_READDATA, this);
    } else if (!request_.body.empty()) {
      set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
      set(CURLOPT_POSTFIELDS, request_.body.c_str());
    }
  }

  // The multi interface, because the easy one looks up from waiting only once a second.
  CURLcode perform() {
    curl_multi_add_handle(multi_.get(), curl_.get());
    int running = 1;
    while (running > 0 && !failure_) {
      if (curl_multi_perform(multi_.get(), &running) != CURLM_OK) {
        break;
      }
      if (request_.stop != nullptr && request_.stop->level() != StopLevel::none) {
        failure_ =
            request_.stop->failure("the request to '" + shown_url(request_.url) + "'").value();
      } else if (running > 0) {
        curl_multi_poll(multi_.get(), nullptr, 0, 100, nullptr);
      }
    }
    int left = 0;
    const CURLMsg* message = curl_multi_info_read(multi_.get(), &left);
    const CURLcode code = message != nullptr ? message->data.result : CURLE_FAILED_INIT;
    curl_multi_remove_handle(multi_.get(), curl_.get());
    return code;
  }

  [[nodiscard]] int status() const {
    long out = 0;
    curl_easy_getinfo(curl_.get(), CURLINFO_RESPONSE_CODE, &out);
    return static_cast<int>(out);
  }

  void take_header(std::string_view line) {
    if (line.starts_with("HTTP/")) {
      response_.headers.clear();  // of an interim answer
      return;
    }
    const auto colon = line.find(':');
    if (colon != std::string_view::npos) {
      response_.headers.emplace_back(lower(line.substr(0, colon)), trim(line.substr(colon + 1)));
    }
  }

  // False ends the exchange, with the reason in failure_.
  bool take_body(std::string_view bytes) {
    const bool streams = request_.download && status() / 100 == 2;
    if (streams) {
      if (const auto taken = request_.download(bytes); !taken) {
        failure_ = taken.error();
      }
    } else if (response_.body.size() + bytes.size() > request_.max_body) {
      failure_ =
          Error{.message = fmt::format("'{}' answers with more than {}", shown_url(request_.url),
                                       human_bytes({static_cast<double>(request_.max_body)}))};
    } else {
      response_.body.append(bytes);
    }
    return !failure_;
  }

  Failure no_answer(CURLcode code) const;
  [[nodiscard]] std::string cause(CURLcode code) const;

  static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* self) {
    static_cast<Exchange*>(self)->take_header({data, size * count});
    return size * count;
  }
  static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* self) {
    return static_cast<Exchange*>(self)->take_body({data, size * count}) ? size * count : 0;
  }
  static std::size_t on_upload(char* into, std::size_t size, std::size_t count, void* self) {
    auto& exchange = *static_cast<Exchange*>(self);
    const auto n = exchange.request_.upload({into, size * count});
    if (!n) {
      exchange.failure_ = n.error();
      return CURL_READFUNC_ABORT;
    }
    return *n;
  }
  static void add(List& list, const std::string& text) {
    list.reset(curl_slist_append(list.release(), text.c_str()));
  }

  const HttpRequest& request_;
  Easy curl_{curl_easy_init()};
  Multi multi_{curl_multi_init()};
  List headers_;
  List connect_to_;
  char detail_[CURL_ERROR_SIZE] = "";
  HttpResponse response_;
  std::optional<Error> failure_;  // of this side: libcurl would only say that a callback failed
};

std::string Exchange::cause(CURLcode code) const {
  // Of a socket on this machine the system knows why: it is not there, or not for this user.
  long error = 0;
  curl_easy_getinfo(curl_.get(), CURLINFO_OS_ERRNO, &error);
  if (!request_.unix_socket.empty() && code == CURLE_COULDNT_CONNECT && error != 0) {
    return std::strerror(static_cast<int>(error));
  }
  const bool tls = code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE ||
                   code == CURLE_SSL_CERTPROBLEM || code == CURLE_SSL_CONNECT_ERROR;
  return tls && detail_[0] != '\0' ? detail_ : curl_easy_strerror(code);
}

Failure Exchange::no_answer(CURLcode code) const {
  const std::string who =
      request_.unix_socket.empty() ? shown_url(request_.url) : "unix://" + request_.unix_socket;
  if (status() != 0) {
    return fail(Code::unreachable,
                fmt::format("the answer of '{}' breaks off: {}", who, cause(code)),
                "look into the log of the service, and try again");
  }
  std::string hint = "check that the service runs and that the address is right";
  if (!request_.unix_socket.empty()) {
    hint = "check that the service runs and that you may use its socket";
  } else if (code == CURLE_PEER_FAILED_VERIFICATION) {
    hint = "name the authority that signed its certificate, and the name that is in it";
  } else if (code == CURLE_SSL_CACERT_BADFILE || code == CURLE_SSL_CERTPROBLEM) {
    hint = "check the files of the certificates";
  }
  return fail(Code::unreachable, fmt::format("no answer from '{}': {}", who, cause(code)),
              std::move(hint));
}

}  // namespace

std::optional<std::string> HttpResponse::header(std::string_view name) const {
  const auto found = std::ranges::find(
      headers, name, [](const auto& row) -> std::string_view { return row.first; });
  return found != headers.end() ? std::optional(found->second) : std::nullopt;
}

Result<HttpResponse> CurlHttpClient::send(const HttpRequest& request) {
  return Exchange(request).run();
}

std::string shown_url(std::string_view url) {
  const auto scheme = url.find("://");
  const std::size_t start = scheme == std::string_view::npos ? 0 : scheme + 3;
  const std::size_t end = url.find_first_of("/?#", start);
  const auto at = url.substr(0, end).rfind('@');
  if (at == std::string_view::npos || at < start) {
    return std::string(url);
  }
  return std::string(url.substr(0, start)) + std::string(url.substr(at + 1));
}

}  // namespace obsctl

// SPDX-License-Identifier: Apache-2.0
// The HTTP client: one easy handle per connection, libcurl's multi interface driven by our epoll
// loop.
#include "lib/otlp/http_client.hpp"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "lib/base/handle.hpp"
#include "lib/base/text.hpp"
#include "lib/otlp/completions.hpp"
#include "lib/otlp/connect_error.hpp"
#include "lib/otlp/http_answer.hpp"
#include "lib/otlp/poller.hpp"
#include "lib/otlp/response.hpp"

namespace obsctl::otlp {
namespace {

constexpr std::array<const char*, k_signals> k_paths = {"/v1/traces", "/v1/metrics", "/v1/logs"};

constexpr std::string_view k_no_expect = "Expect:";  // no 100-continue: it would add a round trip

void* tag_of(curl_socket_t socket) {
  return reinterpret_cast<void*>(static_cast<std::intptr_t>(socket));
}
curl_socket_t socket_of(void* tag) {
  return static_cast<curl_socket_t>(reinterpret_cast<std::intptr_t>(tag));
}

// libcurl names the system's error only beside its own words.
std::string cause_of(CURL* easy, CURLcode code, const char* words) {
  long error = 0;
  curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &error);
  if (code == CURLE_COULDNT_CONNECT && error != 0) {
    return errno_text(static_cast<int>(error));
  }
  return plain_cause(words[0] != '\0' ? words : curl_easy_strerror(code));
}

using Slist = Handle<curl_slist, curl_slist_free_all>;

Slist header_list(const ClientOptions& options, const Endpoint& endpoint, bool compressed) {
  std::vector<std::string> lines = {
      options.encoding == Encoding::json ? "Content-Type: application/json"
                                         : "Content-Type: application/x-protobuf",
      std::string(k_no_expect),
      "Host: " + endpoint.authority(),
  };
  if (compressed) {
    lines.push_back(fmt::format("Content-Encoding: {}", compression_name(options.compression)));
  }
  for (const auto& [name, value] : options.headers) {
    lines.push_back(value.empty() ? name + ";" : fmt::format("{}: {}", name, value));
  }
  curl_slist* list = nullptr;
  for (const auto& line : lines) {
    list = curl_slist_append(list, line.c_str());
  }
  return Slist(list);
}

struct Target {
  Endpoint endpoint;
  std::array<std::string, k_signals> urls = {};
  Slist plain;
  Slist compressed;
  Slist connect_to;

  // Bytes of the request head. libcurl's own count includes the body or not, depending on its size.
  [[nodiscard]] std::size_t head_size(const Request& request, const std::string& user_agent) const {
    static constexpr std::string_view k_line = "POST  HTTP/1.1\r\n";
    static constexpr std::string_view k_added =
        "User-Agent: \r\nAccept: */*\r\nContent-Length: \r\n\r\n";
    const std::size_t path =
        endpoint.path.size() +
        std::string_view(k_paths[static_cast<std::size_t>(request.signal)]).size();
    std::size_t sum = k_line.size() + path + k_added.size() + user_agent.size() +
                      fmt::formatted_size("{}", request.body.size());
    for (const curl_slist* one = (request.compressed ? compressed : plain).get(); one != nullptr;
         one = one->next) {
      const std::string_view line = one->data;
      sum += line == k_no_expect ? 0 : line.size() + 2;
    }
    return sum;
  }
};

// One connection's worth of libcurl, with the request it carries.
struct Transfer {
  CURL* easy = nullptr;
  const Target* target = nullptr;
  Request request = {};
  HttpAnswer answer = {};
  std::size_t max_response = 0;
  std::size_t answer_bytes = 0;
  Time send_time = {};
  unsigned attempts = 0;  // how often libcurl has begun to send
  bool too_large = false;
  std::array<char, CURL_ERROR_SIZE> error = {};

  Transfer() = default;
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;
  ~Transfer() { curl_easy_cleanup(easy); }
};

// Called when the connection is ready and the request is about to go out. A second time means that
// libcurl wants to repeat the request on a fresh connection, which only the caller may decide.
int on_start(void* user, char* /*from*/, char* /*to*/, int /*from_port*/, int /*to_port*/) {
  auto& transfer = *static_cast<Transfer*>(user);
  if (++transfer.attempts > 1) {
    return CURL_PREREQFUNC_ABORT;
  }
  transfer.send_time = Clock::now();
  return CURL_PREREQFUNC_OK;
}

std::size_t on_body(char* data, std::size_t /*one*/, std::size_t size, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  transfer.answer_bytes += size;
  if (transfer.answer.body.size() + size > transfer.max_response) {
    transfer.too_large = true;
    return 0;
  }
  transfer.answer.body.append(data, size);
  return size;
}

std::size_t on_header(char* data, std::size_t /*one*/, std::size_t size, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  transfer.answer_bytes += size;
  const std::string_view line(data, size);
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) {
    if (line.starts_with("HTTP/")) {
      transfer.answer.clear();  // an earlier 1xx answer does not count
    }
    return size;
  }
  const std::string_view value = trim(line.substr(colon + 1)).substr(0, 1024);
  if (curl_strnequal(data, "content-type:", 13) != 0) {
    transfer.answer.content_type = lower(value);
  } else if (curl_strnequal(data, "retry-after:", 12) != 0) {
    transfer.answer.retry_after = value;
  } else if (curl_strnequal(data, "location:", 9) != 0) {
    transfer.answer.location = value;
  }
  return size;
}

}  // namespace

class OtlpHttpClient::Impl {
 public:
  Impl(ClientOptions options, Poller poller)
      : options_(std::move(options)), poller_(std::move(poller)) {}
  ~Impl() {
    for (auto& transfer : transfers_) {
      curl_multi_remove_handle(multi_, transfer->easy);
    }
    transfers_.clear();
    curl_multi_cleanup(multi_);
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  Result<void> prepare();
  bool submit(const Request& request);
  std::span<const Completion> wait(Time deadline);
  void flush();
  Result<void> connect(Time deadline);

  [[nodiscard]] std::size_t in_flight() const { return transfers_.size() - free_.size(); }
  [[nodiscard]] std::size_t capacity() const { return transfers_.size(); }
  [[nodiscard]] const ClientStats& stats() const { return stats_; }

 private:
  static int on_socket(CURL* easy, curl_socket_t socket, int what, void* user, void* known);
  static int on_timer(CURLM* multi, long millis, void* user);
  Result<void> check_tls() const;
  void set_up(Transfer& transfer);
  void add_target(const Endpoint& endpoint);
  void collect();
  void finish(Transfer& transfer, CURLcode code);
  void finish_failed(Transfer& transfer, CURLcode code, Completion& completion);
  void drive(Time deadline, bool& interrupted);

  ClientOptions options_;
  Poller poller_;
  CURLM* multi_ = nullptr;
  Time timer_ = Time::max();
  std::vector<std::unique_ptr<Target>> targets_;
  std::vector<std::unique_ptr<Transfer>> transfers_;
  std::vector<Transfer*> free_;
  CompletionBuffer ready_;
  CompletionBuffer delivered_;
  ClientStats stats_;
};

int OtlpHttpClient::Impl::on_socket(CURL* /*easy*/, curl_socket_t socket, int what, void* user,
                                    void* known) {
  auto& self = *static_cast<Impl*>(user);
  if (what == CURL_POLL_REMOVE) {
    self.poller_.forget(socket);
    return 0;
  }
  const std::uint32_t events = ((what & CURL_POLL_IN) != 0 ? std::uint32_t{EPOLLIN} : 0U) |
                               ((what & CURL_POLL_OUT) != 0 ? std::uint32_t{EPOLLOUT} : 0U);
  self.poller_.watch(socket, events, tag_of(socket), known != nullptr);
  curl_multi_assign(self.multi_, socket, user);
  return 0;
}

int OtlpHttpClient::Impl::on_timer(CURLM* /*multi*/, long millis, void* user) {
  auto& self = *static_cast<Impl*>(user);
  self.timer_ = millis < 0 ? Time::max() : Clock::now() + std::chrono::milliseconds(millis);
  return 0;
}

Result<void> OtlpHttpClient::Impl::check_tls() const {
  // libcurl loads certificates only when it connects; a bad one should fail before the run.
  return TlsContext::client(options_.tls, "http/1.1").map([](const TlsContext&) {});
}

void OtlpHttpClient::Impl::add_target(const Endpoint& endpoint) {
  auto target = std::make_unique<Target>();
  target->endpoint = endpoint;
  Endpoint named = endpoint;
  if (endpoint.tls && !options_.tls.server_name.empty()) {
    // libcurl verifies the name in the URL: name the server there and say where it really is.
    named.host = options_.tls.server_name;
    target->connect_to.reset(curl_slist_append(
        nullptr, fmt::format("{}:{}", named.authority(), endpoint.authority()).c_str()));
  }
  for (std::size_t i = 0; i < k_signals; ++i) {
    target->urls[i] = named.url() + k_paths[i];
  }
  target->plain = header_list(options_, endpoint, false);
  target->compressed = header_list(options_, endpoint, true);
  targets_.push_back(std::move(target));
}

Result<void> OtlpHttpClient::Impl::prepare() {
  static const CURLcode k_started = curl_global_init(CURL_GLOBAL_DEFAULT);
  multi_ = curl_multi_init();
  if (k_started != CURLE_OK || multi_ == nullptr) {
    return fail(Code::failed, "libcurl cannot start");
  }
  if (options_.endpoints.empty() || options_.connections == 0) {
    return fail(Code::usage, "an HTTP client needs an endpoint and a connection");
  }
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &Impl::on_socket);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &Impl::on_timer);
  curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, static_cast<long>(options_.connections));
  curl_multi_setopt(multi_, CURLMOPT_PIPELINING, static_cast<long>(CURLPIPE_NOTHING));
  for (const Endpoint& endpoint : options_.endpoints) {
    if (endpoint.tls) {
      OBS_TRY(check_tls());
    }
    add_target(endpoint);
  }
  for (unsigned i = 0; i < options_.connections; ++i) {
    transfers_.push_back(std::make_unique<Transfer>());
    Transfer& transfer = *transfers_.back();
    transfer.target = targets_[i % targets_.size()].get();
    set_up(transfer);
    free_.insert(free_.begin(), &transfer);
  }
  return {};
}

void OtlpHttpClient::Impl::set_up(Transfer& transfer) {
  transfer.easy = curl_easy_init();
  transfer.max_response = options_.max_response;
  CURL* easy = transfer.easy;
  const TlsOptions& tls = options_.tls;
  const auto millis = [](std::chrono::nanoseconds time) {
    return static_cast<long>(std::chrono::ceil<std::chrono::milliseconds>(time).count());
  };
  curl_easy_setopt(easy, CURLOPT_PRIVATE, &transfer);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer.error.data());
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_PROXY,
                   "");  // a proxy of the environment is not what is being tested
  curl_easy_setopt(easy, CURLOPT_USERAGENT, options_.user_agent.c_str());
  curl_easy_setopt(easy, CURLOPT_POST, 1L);
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, millis(options_.timeout));
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, millis(options_.connect_timeout));
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &transfer);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, &transfer);
  curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_start);
  curl_easy_setopt(easy, CURLOPT_PREREQDATA, &transfer);
  curl_easy_setopt(easy, CURLOPT_CONNECT_TO, transfer.target->connect_to.get());
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, tls.verify ? 1L : 0L);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, tls.verify ? 2L : 0L);
  const auto set_file = [&](CURLoption option, const std::string& path) {
    if (!path.empty()) {
      curl_easy_setopt(easy, option, path.c_str());
    }
  };
  set_file(CURLOPT_CAINFO, tls.ca_file);
  set_file(CURLOPT_SSLCERT, tls.cert_file);
  set_file(CURLOPT_SSLKEY, tls.key_file);
}

bool OtlpHttpClient::Impl::submit(const Request& request) {
  if (free_.empty()) {
    return false;
  }
  Transfer& transfer = *free_.back();
  free_.pop_back();
  transfer.request = request;
  transfer.answer.clear();
  transfer.answer_bytes = 0;
  transfer.attempts = 0;
  transfer.too_large = false;
  transfer.error[0] = '\0';
  const Target& target = *transfer.target;
  const auto signal = static_cast<std::size_t>(request.signal);
  const Slist& headers = request.compressed ? target.compressed : target.plain;
  curl_easy_setopt(transfer.easy, CURLOPT_URL, target.urls[signal].c_str());
  curl_easy_setopt(transfer.easy, CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(transfer.easy, CURLOPT_POSTFIELDS, request.body.data());
  curl_easy_setopt(transfer.easy, CURLOPT_POSTFIELDSIZE_LARGE,
                   static_cast<curl_off_t>(request.body.size()));
  curl_multi_add_handle(multi_, transfer.easy);
  return true;
}

void OtlpHttpClient::Impl::finish_failed(Transfer& transfer, CURLcode code,
                                         Completion& completion) {
  const std::string where = transfer.target->endpoint.authority();
  const std::string cause = cause_of(transfer.easy, code, transfer.error.data());
  completion.outcome = Outcome::transport;
  if (transfer.too_large) {
    completion.outcome = Outcome::permanent;
    completion.message = fmt::format("the response is larger than {} bytes", transfer.max_response);
  } else if (code == CURLE_OPERATION_TIMEDOUT && transfer.attempts > 0) {
    completion.outcome = Outcome::timeout;
    completion.message = fmt::format("no answer from {} in time", where);
  } else if (transfer.attempts > 1) {
    completion.message =
        fmt::format("connection to {} lost: closed by the server without an answer", where);
  } else if (transfer.attempts == 0) {
    ++stats_.connect_failures;
    completion.message = fmt::format("cannot connect to {}: {}", where, cause);
  } else {
    ++stats_.disconnects;
    completion.message = fmt::format("connection to {} lost: {}", where, cause);
  }
}

void OtlpHttpClient::Impl::finish(Transfer& transfer, CURLcode code) {
  Completion& completion = ready_.add(transfer.request, Clock::now());
  completion.sent = transfer.attempts > 0;
  if (completion.sent) {
    completion.send_time = transfer.send_time;
  }
  long status = 0;
  long connects = 0;
  curl_off_t body = 0;
  curl_easy_getinfo(transfer.easy, CURLINFO_RESPONSE_CODE, &status);
  curl_easy_getinfo(transfer.easy, CURLINFO_NUM_CONNECTS, &connects);
  curl_easy_getinfo(transfer.easy, CURLINFO_SIZE_UPLOAD_T, &body);
  if (completion.sent) {
    completion.wire_out = transfer.target->head_size(transfer.request, options_.user_agent) +
                          static_cast<std::uint64_t>(body);
  }
  completion.wire_in = transfer.answer_bytes;
  stats_.socket_out += completion.wire_out;
  stats_.socket_in += completion.wire_in;
  if (completion.sent) {
    stats_.connects += static_cast<std::uint64_t>(connects);
  }
  transfer.answer.status = static_cast<int>(status);
  if (code == CURLE_OK) {
    conclude(transfer.answer, std::chrono::system_clock::now(), completion);
  } else {
    completion.http_status = static_cast<std::int16_t>(status);
    finish_failed(transfer, code, completion);
  }
  curl_multi_remove_handle(multi_, transfer.easy);
  free_.push_back(&transfer);
}

void OtlpHttpClient::Impl::collect() {
  int left = 0;
  while (CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    if (message->msg == CURLMSG_DONE) {
      Transfer* transfer = nullptr;
      const CURLcode code = message->data.result;  // the message dies with its handle's removal
      curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
      finish(*transfer, code);
    }
  }
}

void OtlpHttpClient::Impl::flush() {
  if (timer_ <= Clock::now()) {
    int running = 0;
    timer_ = Time::max();
    curl_multi_socket_action(multi_, CURL_SOCKET_TIMEOUT, 0, &running);
    collect();
  }
}

void OtlpHttpClient::Impl::drive(Time deadline, bool& interrupted) {
  int running = 0;
  for (const epoll_event& event : poller_.wait(std::min(deadline, timer_), interrupted)) {
    const int flags = ((event.events & EPOLLIN) != 0 ? CURL_CSELECT_IN : 0) |
                      ((event.events & EPOLLOUT) != 0 ? CURL_CSELECT_OUT : 0) |
                      ((event.events & (EPOLLERR | EPOLLHUP)) != 0 ? CURL_CSELECT_ERR : 0);
    curl_multi_socket_action(multi_, socket_of(event.data.ptr), flags, &running);
  }
  collect();
  flush();
}

std::span<const Completion> OtlpHttpClient::Impl::wait(Time deadline) {
  delivered_.clear();
  flush();
  bool interrupted = false;
  while (true) {
    drive(ready_.empty() ? deadline : Time{}, interrupted);
    if (!ready_.empty() || interrupted || Clock::now() >= deadline) {
      break;
    }
  }
  std::swap(ready_, delivered_);
  return delivered_.view();
}

Result<void> OtlpHttpClient::Impl::connect(Time deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
  for (std::size_t i = 0; i < std::min(targets_.size(), transfers_.size()); ++i) {
    Transfer probe;
    probe.target = targets_[i].get();
    set_up(probe);
    curl_easy_setopt(probe.easy, CURLOPT_URL, probe.target->urls[0].c_str());
    curl_easy_setopt(probe.easy, CURLOPT_CONNECT_ONLY, 1L);
    curl_easy_setopt(probe.easy, CURLOPT_TIMEOUT_MS, std::max(1L, static_cast<long>(left)));
    if (const CURLcode code = curl_easy_perform(probe.easy); code != CURLE_OK) {
      const std::string cause = cause_of(probe.easy, code, probe.error.data());
      const Endpoint& endpoint = probe.target->endpoint;
      return fail(Code::unreachable,
                  fmt::format("cannot connect to {}: {}", endpoint.authority(), cause),
                  connect_hint(cause, endpoint, "OTLP/HTTP"));
    }
  }
  return {};
}

Result<OtlpHttpClient> OtlpHttpClient::create(ClientOptions options) {
  OBS_TRY_ASSIGN(auto poller, Poller::create());
  auto impl = std::make_unique<Impl>(std::move(options), std::move(poller));
  OBS_TRY(impl->prepare());
  return OtlpHttpClient(std::move(impl));
}

OtlpHttpClient::OtlpHttpClient(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
OtlpHttpClient::OtlpHttpClient(OtlpHttpClient&&) noexcept = default;
OtlpHttpClient& OtlpHttpClient::operator=(OtlpHttpClient&&) noexcept = default;
OtlpHttpClient::~OtlpHttpClient() = default;

bool OtlpHttpClient::submit(const Request& request) {
  return impl_->submit(request);
}
std::span<const Completion> OtlpHttpClient::wait(Time deadline) {
  return impl_->wait(deadline);
}
void OtlpHttpClient::flush() {
  impl_->flush();
}
Result<void> OtlpHttpClient::connect(Time deadline) {
  return impl_->connect(deadline);
}
std::size_t OtlpHttpClient::in_flight() const {
  return impl_->in_flight();
}
std::size_t OtlpHttpClient::capacity() const {
  return impl_->capacity();
}
const ClientStats& OtlpHttpClient::stats() const {
  return impl_->stats();
}

}  // namespace obsctl::otlp

// SPDX-License-Identifier: Apache-2.0
// TLS (OpenSSL) and the reading and writing half of a channel.
//
// OpenSSL talks to the socket through our own BIO, because its socket BIO raises SIGPIPE when the
// peer is gone, and a library must not change the process's signal handling.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "lib/base/text.hpp"
#include "lib/otlp/net.hpp"

namespace obsctl::otlp {
namespace {

constexpr std::size_t k_record = 16 * 1024;  // the largest TLS record
constexpr char k_alpn_h2[] = "h2";
constexpr char k_alpn_http11[] = "http/1.1";

std::string openssl_error() {
  const unsigned long code = ERR_peek_error();
  const char* reason = code != 0 ? ERR_reason_error_string(code) : nullptr;
  // A file that cannot be read is the system's error, which OpenSSL has no words for.
  std::string text = ERR_SYSTEM_ERROR(code) ? errno_text(ERR_GET_REASON(code))
                     : reason != nullptr    ? reason
                                            : "unknown error";
  ERR_clear_error();
  return text;
}

int socket_of(BIO* bio) {
  return static_cast<int>(reinterpret_cast<std::intptr_t>(BIO_get_data(bio)));
}

int bio_write(BIO* bio, const char* data, int size) {
  BIO_clear_retry_flags(bio);
  const auto sent = ::send(socket_of(bio), data, static_cast<std::size_t>(size), MSG_NOSIGNAL);
  if (sent < 0 && (errno == EAGAIN || errno == EINTR)) {
    BIO_set_retry_write(bio);
  }
  return static_cast<int>(sent);
}

int bio_read(BIO* bio, char* data, int size) {
  BIO_clear_retry_flags(bio);
  const auto got = ::recv(socket_of(bio), data, static_cast<std::size_t>(size), 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
    BIO_set_retry_read(bio);
  }
  return static_cast<int>(got);
}

long bio_control(BIO* /*bio*/, int command, long /*number*/, void* /*pointer*/) {
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

BIO* make_bio(int fd) {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* made =
        BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket, no SIGPIPE");
    BIO_meth_set_write(made, bio_write);
    BIO_meth_set_read(made, bio_read);
    BIO_meth_set_ctrl(made, bio_control);
    return made;
  }();
  BIO* bio = BIO_new(method);
  if (bio != nullptr) {
    BIO_set_data(bio, reinterpret_cast<void*>(static_cast<std::intptr_t>(fd)));
    BIO_set_init(bio, 1);
  }
  return bio;
}

std::shared_ptr<SSL_CTX> make_context(const SSL_METHOD* method) {
  std::shared_ptr<SSL_CTX> context(SSL_CTX_new(method), SSL_CTX_free);
  if (context) {
    SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
    SSL_CTX_set_mode(context.get(),
                     SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  }
  return context;
}

Result<void> load_pair(SSL_CTX* context, const std::string& cert, const std::string& key) {
  if (SSL_CTX_use_certificate_chain_file(context, cert.c_str()) != 1) {
    return fail(Code::config, fmt::format("cannot use certificate '{}': {}", cert, openssl_error()),
                "it must be a PEM file with the certificate first");
  }
  if (SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_check_private_key(context) != 1) {
    return fail(Code::config,
                fmt::format("cannot use key '{}' with '{}': {}", key, cert, openssl_error()),
                "it must be the unencrypted PEM key of that certificate");
  }
  return {};
}

Result<void> load_ca(SSL_CTX* context, const std::string& file) {
  if (SSL_CTX_load_verify_locations(context, file.c_str(), nullptr) != 1) {
    return fail(Code::config, fmt::format("cannot read CA file '{}': {}", file, openssl_error()),
                "it must be a PEM file with at least one certificate");
  }
  return {};
}

// Takes the port's own protocol. A client without it cannot be served by the HTTP port: the alert
// is what RFC 7301 asks for. The gRPC port goes on, since it can tell an HTTP/1.1 client in its own
// words where to go.
int choose_alpn(SSL* /*ssl*/, const unsigned char** out, unsigned char* out_size,
                const unsigned char* in, unsigned in_size, void* wanted) {
  const std::string_view own(static_cast<const char*>(wanted));
  for (unsigned i = 0; i < in_size && i + in[i] < in_size; i += in[i] + 1U) {
    if (std::string_view(reinterpret_cast<const char*>(in) + i + 1, in[i]) == own) {
      *out = in + i + 1;
      *out_size = in[i];
      return SSL_TLSEXT_ERR_OK;
    }
  }
  return own == k_alpn_h2 ? SSL_TLSEXT_ERR_NOACK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

bool is_address(const std::string& name) {
  unsigned char buffer[sizeof(in6_addr)];
  return inet_pton(AF_INET, name.c_str(), buffer) == 1 ||
         inet_pton(AF_INET6, name.c_str(), buffer) == 1;
}

}  // namespace

Result<TlsContext> TlsContext::client(const TlsOptions& options, std::string alpn) {
  TlsContext result;
  result.context_ = make_context(TLS_client_method());
  SSL_CTX* context = result.context_.get();
  if (context == nullptr) {
    return fail(Code::failed, "TLS cannot start: " + openssl_error());
  }
  if (!options.ca_file.empty()) {
    OBS_TRY(load_ca(context, options.ca_file));
  } else {
    SSL_CTX_set_default_verify_paths(context);
  }
  if (options.cert_file.empty() != options.key_file.empty()) {
    return fail(Code::usage, "a client certificate needs its key, and a key its certificate");
  }
  if (!options.cert_file.empty()) {
    OBS_TRY(load_pair(context, options.cert_file, options.key_file));
  }
  SSL_CTX_set_verify(context, options.verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  const std::string wire = static_cast<char>(alpn.size()) + alpn;
  SSL_CTX_set_alpn_protos(context, reinterpret_cast<const unsigned char*>(wire.data()),
                          static_cast<unsigned>(wire.size()));
  return result;
}

Result<TlsContext> TlsContext::server(const std::string& cert_file, const std::string& key_file,
                                      const std::string& client_ca, Alpn alpn) {
  TlsContext result;
  result.context_ = make_context(TLS_server_method());
  SSL_CTX* context = result.context_.get();
  if (context == nullptr) {
    return fail(Code::failed, "TLS cannot start: " + openssl_error());
  }
  OBS_TRY(load_pair(context, cert_file, key_file));
  if (!client_ca.empty()) {
    OBS_TRY(load_ca(context, client_ca));
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  }
  const char* own = alpn == Alpn::h2 ? k_alpn_h2 : k_alpn_http11;
  SSL_CTX_set_alpn_select_cb(context, choose_alpn, const_cast<char*>(own));
  return result;
}

Result<void> Channel::start_tls_client(const TlsContext& context, const std::string& server_name,
                                       bool verify) {
  OBS_TRY(start_tls_server(context));
  SSL_set_connect_state(ssl_.get());
  if (is_address(server_name)) {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl_.get()), server_name.c_str());
  } else {
    SSL_set_tlsext_host_name(ssl_.get(), server_name.c_str());
    if (verify) {
      SSL_set1_host(ssl_.get(), server_name.c_str());
    }
  }
  return {};
}

Result<void> Channel::start_tls_server(const TlsContext& context) {
  ssl_ = {SSL_new(context.get()), SSL_free};
  BIO* bio = make_bio(fd_.get());
  if (!ssl_ || bio == nullptr) {
    return fail(Code::failed, "TLS cannot start: " + openssl_error());
  }
  SSL_set_bio(ssl_.get(), bio, bio);
  SSL_set_accept_state(ssl_.get());
  return {};
}

Io Channel::tls_result(int code) {
  const int saved = errno;
  wants_write_ = false;
  switch (SSL_get_error(ssl_.get(), code)) {
    case SSL_ERROR_WANT_READ: ERR_clear_error(); return Io::again;
    case SSL_ERROR_WANT_WRITE:
      wants_write_ = true;
      ERR_clear_error();
      return Io::again;
    case SSL_ERROR_ZERO_RETURN: return Io::closed;
    case SSL_ERROR_SYSCALL:
      ERR_clear_error();
      if (saved == 0 || code == 0) {
        return Io::closed;
      }
      error_ = errno_text(saved);
      return Io::failed;
    default: break;
  }
  const long verdict = SSL_get_verify_result(ssl_.get());
  const bool ended = ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING;
  const std::string reason = openssl_error();
  if (ended) {
    return Io::closed;
  }
  error_ =
      verdict != X509_V_OK && SSL_get_verify_mode(ssl_.get()) != SSL_VERIFY_NONE
          ? fmt::format("certificate refused: {}", lower(X509_verify_cert_error_string(verdict)))
      : reason == "wrong version number" ? std::string("the peer does not speak TLS")
                                         : "TLS: " + reason;
  return Io::failed;
}

Io Channel::handshake() {
  if (!ssl_) {
    return Io::done;
  }
  errno = 0;
  const int code = SSL_do_handshake(ssl_.get());
  return code == 1 ? Io::done : tls_result(code);
}

Io Channel::read(std::span<char> into, std::size_t& count) {
  count = 0;
  if (ssl_) {
    errno = 0;
    const int code = SSL_read_ex(ssl_.get(), into.data(), into.size(), &count);
    return code == 1 ? Io::done : tls_result(code);
  }
  const auto got = ::recv(fd_.get(), into.data(), into.size(), 0);
  if (got > 0) {
    count = static_cast<std::size_t>(got);
    return Io::done;
  }
  if (got == 0) {
    return Io::closed;
  }
  if (errno == EAGAIN || errno == EINTR) {
    return Io::again;
  }
  error_ = errno_text(errno);
  return Io::failed;
}

Io Channel::write(std::span<const iovec> parts, std::size_t& count) {
  count = 0;
  if (ssl_) {
    // One record takes many parts; a record per 9-byte frame header would double the work.
    staging_.resize(k_record);
    std::size_t size = 0;
    for (const iovec& part : parts) {
      const std::size_t take = std::min(part.iov_len, k_record - size);
      std::memcpy(staging_.data() + size, part.iov_base, take);
      size += take;
      if (size == k_record) {
        break;
      }
    }
    errno = 0;
    const int code = SSL_write_ex(ssl_.get(), staging_.data(), size, &count);
    return code == 1 ? Io::done : tls_result(code);
  }
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(parts.data());
  message.msg_iovlen = parts.size();
  const auto sent = ::sendmsg(fd_.get(), &message, MSG_NOSIGNAL);
  if (sent >= 0) {
    count = static_cast<std::size_t>(sent);
    return Io::done;
  }
  if (errno == EAGAIN || errno == EINTR) {
    return Io::again;
  }
  error_ = errno_text(errno);
  return Io::failed;
}

bool Channel::has_buffered() const {
  return ssl_ && SSL_pending(ssl_.get()) > 0;
}

std::string Channel::alpn() const {
  const unsigned char* name = nullptr;
  unsigned size = 0;
  if (ssl_) {
    SSL_get0_alpn_selected(ssl_.get(), &name, &size);
  }
  return {reinterpret_cast<const char*>(name), size};
}

void Channel::shutdown() {
  if (ssl_ && SSL_is_init_finished(ssl_.get()) == 1) {
    SSL_shutdown(ssl_.get());
    ERR_clear_error();
  }
}

void Channel::end_output() {
  shutdown();
  ::shutdown(fd_.get(), SHUT_WR);
}

Io Channel::peek(std::span<char> into, std::size_t& count) const {
  const auto got = ::recv(fd_.get(), into.data(), into.size(), MSG_PEEK);
  count = got > 0 ? static_cast<std::size_t>(got) : 0;
  return got > 0                               ? Io::done
         : got == 0                            ? Io::closed
         : (errno == EAGAIN || errno == EINTR) ? Io::again
                                               : Io::failed;
}

void Channel::send_plain(std::string_view text) const {
  static_cast<void>(::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL));
}

Io Channel::discard() const {
  constexpr int k_turns = 16;  // then the other connections have theirs
  char unread[16 * 1024];
  for (int turn = 0; turn < k_turns; ++turn) {
    const auto got = ::recv(fd_.get(), unread, sizeof unread, 0);
    if (got == 0) {
      return Io::closed;
    }
    if (got < 0) {
      return errno == EAGAIN || errno == EINTR ? Io::again : Io::failed;
    }
  }
  return Io::again;
}

void Channel::abort() {
  const linger now{.l_onoff = 1, .l_linger = 0};
  setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
  ssl_.reset();
  fd_ = Fd();
}

}  // namespace obsctl::otlp

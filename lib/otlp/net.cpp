// SPDX-License-Identifier: Apache-2.0
// Sockets: resolving, connecting, listening, and the plain half of a channel.
#include "lib/otlp/net.hpp"

#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "lib/base/text.hpp"

namespace obsctl::otlp {
namespace {

void set_no_delay(int fd) {
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

using AddressList = std::unique_ptr<addrinfo, void (*)(addrinfo*)>;

tl::expected<AddressList, std::string> look_up(const std::string& host, std::uint16_t port,
                                               int flags) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int code = getaddrinfo(host.empty() ? nullptr : host.c_str(), std::to_string(port).c_str(),
                               &hints, &found);
  if (code != 0) {
    return tl::make_unexpected(lower(gai_strerror(code)));
  }
  return AddressList(found, freeaddrinfo);
}

}  // namespace

void Channel::set_no_delay() {
  otlp::set_no_delay(fd_.get());
}

std::string errno_text(int error) {
  return lower(std::strerror(error));
}

Result<std::vector<Address>> resolve(const Endpoint& endpoint) {
  const auto found = look_up(endpoint.host, endpoint.port, 0);
  if (!found) {
    return fail(Code::unreachable,
                fmt::format("host '{}' does not resolve: {}", endpoint.host, found.error()),
                "check the name, or give the address");
  }
  std::vector<Address> result;
  for (const addrinfo* one = found->get(); one != nullptr; one = one->ai_next) {
    Address address;
    std::memcpy(&address.storage, one->ai_addr, one->ai_addrlen);
    address.length = one->ai_addrlen;
    result.push_back(address);
  }
  return result;
}

tl::expected<Fd, int> start_connect(const Address& address) {
  Fd fd(::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.open()) {
    return tl::make_unexpected(errno);
  }
  set_no_delay(fd.get());
  const auto* raw = reinterpret_cast<const sockaddr*>(&address.storage);
  if (::connect(fd.get(), raw, address.length) != 0 && errno != EINPROGRESS) {
    return tl::make_unexpected(errno);
  }
  return fd;
}

Result<Fd> listen_on(const std::string& host, std::uint16_t port, std::uint16_t& actual) {
  const auto found = look_up(host, port, AI_PASSIVE);
  if (!found) {
    return fail(Code::usage, fmt::format("cannot listen on '{}': {}", host, found.error()),
                "give an address of this machine, for example 127.0.0.1");
  }
  const addrinfo* first = found->get();
  Fd fd(::socket(first->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const int on = 1;
  setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (!fd.open() || ::bind(fd.get(), first->ai_addr, first->ai_addrlen) != 0 ||
      ::listen(fd.get(), SOMAXCONN) != 0) {
    const int error = errno;
    return fail(
        Code::failed, fmt::format("cannot listen on '{}:{}': {}", host, port, errno_text(error)),
        error == EADDRINUSE ? "another program has this port; choose one, or 0 for any" : "");
  }
  sockaddr_storage bound{};
  socklen_t length = sizeof bound;
  getsockname(fd.get(), reinterpret_cast<sockaddr*>(&bound), &length);
  const auto network = bound.ss_family == AF_INET6
                           ? reinterpret_cast<const sockaddr_in6*>(&bound)->sin6_port
                           : reinterpret_cast<const sockaddr_in*>(&bound)->sin_port;
  actual = ntohs(network);
  return fd;
}

}  // namespace obsctl::otlp

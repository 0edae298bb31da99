// SPDX-License-Identifier: Apache-2.0
// Reads the host name, the canonical name and the interface addresses through libc.
#include "lib/io/host_names.hpp"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <memory>

#include "lib/base/handle.hpp"

namespace obsctl {
namespace {

using AddressInfo = Handle<addrinfo, freeaddrinfo>;
using Interfaces = Handle<ifaddrs, freeifaddrs>;

std::string canonical_name(const std::string& host) {
  addrinfo hints{};
  hints.ai_flags = AI_CANONNAME;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), nullptr, &hints, &found) != 0) {
    return {};
  }
  const AddressInfo owned(found);
  return found->ai_canonname == nullptr ? "" : found->ai_canonname;
}

// Empty for an address that only this host or this link reaches.
std::string reachable_address(const sockaddr& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const void* bytes = nullptr;
  if (address.sa_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address).sin_addr;
    constexpr std::uint32_t k_link_local = 0xa9fe;  // 169.254/16
    bytes = ntohl(v4.s_addr) >> 16U == k_link_local ? nullptr : &v4;
  } else if (address.sa_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address).sin6_addr;
    bytes = IN6_IS_ADDR_LINKLOCAL(&v6) ? nullptr : &v6;
  }
  if (bytes == nullptr ||
      ::inet_ntop(address.sa_family, bytes, text.data(), text.size()) == nullptr) {
    return {};
  }
  return text.data();
}

std::vector<std::string> interface_addresses() {
  std::vector<std::string> out;
  ifaddrs* first = nullptr;
  if (::getifaddrs(&first) != 0) {
    return out;
  }
  const Interfaces owned(first);
  for (const ifaddrs* one = first; one != nullptr; one = one->ifa_next) {
    const bool of_others = (one->ifa_flags & IFF_UP) != 0 && (one->ifa_flags & IFF_LOOPBACK) == 0;
    if (!of_others || one->ifa_addr == nullptr) {
      continue;
    }
    if (std::string address = reachable_address(*one->ifa_addr); !address.empty()) {
      out.push_back(std::move(address));
    }
  }
  return out;
}

}  // namespace

HostNames host_names() {
  HostNames out{.names = {}, .addresses = interface_addresses()};
  std::array<char, 256> host{};
  if (::gethostname(host.data(), host.size() - 1) == 0 && host.front() != '\0') {
    out.names.emplace_back(host.data());
    if (std::string canonical = canonical_name(host.data()); !canonical.empty()) {
      out.names.push_back(std::move(canonical));
    }
  }
  return out;
}

}  // namespace obsctl

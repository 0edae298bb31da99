// SPDX-License-Identifier: Apache-2.0
// A small certificate authority for `--tls self-signed`: one CA per stack and one server
// certificate.
//
// The openssl commands of the reference documents make a certificate without subject alternative
// names, which Go and every current client reject. These carry every name and address that
// senders use. Keys are EC P-256: as accepted as RSA-2048 and made in a millisecond.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/error.hpp"

namespace obsctl::pki {

using Time = std::chrono::system_clock::time_point;

inline constexpr std::chrono::hours k_server_validity{365 * 24};
inline constexpr std::chrono::hours k_ca_validity{10 * 365 *
                                                  24};  // senders trust it: outlives many servers

// A certificate (or chain) and its private key, both PEM.
struct KeyPair {
  std::string certificate;
  std::string key;
};

struct CertificateInfo {
  Time not_before;
  Time not_after;
  std::vector<std::string> names;  // DNS names and addresses, sorted
  bool authority = false;
  std::string weakness;  // "a 1024 bit RSA key": why current clients may refuse it; else empty
};

// A self-signed CA that may sign server certificates only (path length 0).
[[nodiscard]] Result<KeyPair> make_authority(const std::string& common_name, Time now);

// A server certificate signed by `authority` for the DNS names and IP addresses in `names` (at
// least one). It ends when the authority does, if that is sooner. Errors: the authority's key does
// not belong to it, or a client that trusts the authority at `now` would refuse the result.
[[nodiscard]] Result<KeyPair> make_server(const KeyPair& authority,
                                          const std::vector<std::string>& names, Time now);

// What the first certificate of a PEM text says. `file` names it in errors.
[[nodiscard]] Result<CertificateInfo> read_certificate(std::string_view pem,
                                                       const std::string& file);

// An error unless the private key belongs to the first certificate of the chain.
[[nodiscard]] Result<void> check_pair(const KeyPair& pair, const std::string& certificate_file,
                                      const std::string& key_file);

// True when `authority`'s key signed `certificate` (both PEM).
[[nodiscard]] bool issued_by(std::string_view certificate, std::string_view authority);

}  // namespace obsctl::pki

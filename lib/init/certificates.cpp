// SPDX-License-Identifier: Apache-2.0
// Decides which certificates have to be made; lib/pki makes them.
#include "lib/init/certificates.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>

#include "lib/base/text.hpp"
#include "lib/pki/certificates.hpp"
#include "lib/stack/paths.hpp"

namespace obsctl::init {
namespace {

namespace fs = std::filesystem;
using Notes = std::vector<Note>;

constexpr std::chrono::hours k_renew_before{30 * 24};
constexpr FileMode k_public = 0644;
constexpr FileMode k_private = 0600;

std::string date(pki::Time time) {
  return fmt::format("{:%Y-%m-%d}", fmt::gmtime(std::chrono::system_clock::to_time_t(time)));
}

// The file's bytes, or an empty text when it is not there.
Result<std::string> read_own(const FileSystem& files, const fs::path& directory, const char* path) {
  OBS_TRY_ASSIGN(auto bytes, read_beneath(files, directory, path));
  return std::move(bytes).value_or("");
}

// A TLS file is handled like a secret (made once, kept, never shown), and replaced only when it is
// new.
void add(FileTree& tree, const char* path, std::string bytes, FileMode mode, bool is_new) {
  tree[path] = {
      .bytes = std::move(bytes), .mode = mode, .origin = "pki", .secret = true, .replaces = is_new};
}

// Every name under which senders reach the receivers.
std::vector<std::string> server_names(const FileSystem& files, const stack::Stack& stack) {
  std::vector<std::string> out = stack.words.hosts;
  out.insert(out.end(), {"127.0.0.1", "::1", "localhost"});
  if (const Provider* receiver = stack.topology.provider("telemetry.in")) {
    out.push_back(receiver->component);
  }
  if (const auto host = files.read("/proc/sys/kernel/hostname")) {
    out.emplace_back(trim(*host));
  }
  const SecuritySpec& security = stack.topology.policy.security;
  for (const auto& address : {security.bind, security.bind_ui}) {
    if (address != "0.0.0.0" && address != "::") {
      out.push_back(address);
    }
  }
  std::erase(out, "");
  std::ranges::sort(out);
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

// Why the server certificate has to be made again; empty when it is good.
Result<std::string> renewal_reason(const std::string& server, const std::string& authority,
                                   const std::vector<std::string>& names, pki::Time now) {
  if (!pki::issued_by(server, authority)) {
    return std::string("it was not issued by tls/ca.crt");
  }
  OBS_TRY_ASSIGN(const auto info, pki::read_certificate(server, stack_paths::tls_certificate));
  if (info.not_after < now + k_renew_before) {
    return fmt::format("it {} on {}", info.not_after < now ? "expired" : "expires",
                       date(info.not_after));
  }
  std::vector<std::string> missing;
  std::ranges::set_difference(names, info.names, std::back_inserter(missing));
  return missing.empty() ? std::string() : "it does not name " + join(missing, ", ");
}

Result<Notes> self_signed(FileTree& tree, const FileSystem& files, pki::Time now,
                          const stack::Stack& stack, bool renew) {
  const fs::path& dir = stack.directory;
  const auto names = server_names(files, stack);
  pki::KeyPair ca;
  OBS_TRY_ASSIGN(ca.certificate, read_own(files, dir, stack_paths::tls_ca));
  OBS_TRY_ASSIGN(ca.key, read_own(files, dir, stack_paths::tls_ca_key));
  OBS_TRY_ASSIGN(const std::string server, read_own(files, dir, stack_paths::tls_certificate));
  const bool has_key = files.exists(dir / stack_paths::tls_key);
  const bool new_ca = ca.certificate.empty();
  Notes notes;
  if (new_ca) {
    OBS_TRY_ASSIGN(ca, pki::make_authority(fmt::format("{} CA", stack.topology.name), now));
  }
  std::string reason = renew ? "on request" : "";
  if (reason.empty() && !server.empty() && has_key) {
    OBS_TRY_ASSIGN(reason, renewal_reason(server, ca.certificate, names, now));
  }
  add(tree, stack_paths::tls_ca, ca.certificate, k_public, new_ca);
  if (new_ca || !ca.key.empty()) {
    add(tree, stack_paths::tls_ca_key, ca.key, k_private, new_ca);
  }
  if (!server.empty() && has_key && reason.empty()) {
    add(tree, stack_paths::tls_certificate, server, k_public, false);
    add(tree, stack_paths::tls_key, "", k_private, false);
    return notes;
  }
  if (ca.key.empty()) {
    return fail(
        Code::config, "a new server certificate is due, but tls/ca.key is not there",
        "put it back, or remove tls/ca.crt to get a new CA; senders must then trust that one");
  }
  OBS_TRY_ASSIGN(auto made, pki::make_server(ca, names, now));
  add(tree, stack_paths::tls_certificate, std::move(made.certificate), k_public, true);
  add(tree, stack_paths::tls_key, std::move(made.key), k_private, true);
  const std::string until = date(now + pki::k_server_validity);
  notes.push_back(
      {reason.empty() ? fmt::format("TLS: made a certificate for {}, valid until {}; senders trust "
                                    "tls/ca.crt",
                                    join(names, ", "), until)
                      : fmt::format("TLS: renewed the server certificate ({}), valid until {}",
                                    reason, until)});
  return notes;
}

Result<Notes> from_files(FileTree& tree, const FileSystem& files, pki::Time now,
                         const stack::Stack& stack) {
  const SecuritySpec& security = stack.topology.policy.security;
  const fs::path& dir = stack.directory;
  const std::string& certificate = security.tls_cert;
  const std::string& key = security.tls_key;
  pki::KeyPair pair;
  OBS_TRY_ASSIGN(pair.certificate, files.read(certificate));
  OBS_TRY_ASSIGN(pair.key, files.read(key));
  OBS_TRY(pki::check_pair(pair, certificate, key));
  OBS_TRY_ASSIGN(const auto info, pki::read_certificate(pair.certificate, certificate));
  if (info.not_after < now) {
    return fail(
        Code::config,
        fmt::format("the certificate '{}' expired on {}", certificate, date(info.not_after)),
        "set security.tls_cert and security.tls_key to a valid pair");
  }
  Notes notes;
  if (info.not_after < now + k_renew_before) {
    notes.push_back({fmt::format("TLS: the certificate expires on {}", date(info.not_after))});
  }
  if (info.names.empty()) {
    notes.push_back(
        {"TLS: the certificate has no subject alternative names; Go clients refuse it"});
  }
  OBS_TRY_ASSIGN(const std::string old_certificate,
                 read_own(files, dir, stack_paths::tls_certificate));
  OBS_TRY_ASSIGN(const std::string old_key, read_own(files, dir, stack_paths::tls_key));
  const bool is_new = old_certificate != pair.certificate || old_key != pair.key;
  add(tree, stack_paths::tls_certificate, std::move(pair.certificate), k_public, is_new);
  add(tree, stack_paths::tls_key, std::move(pair.key), k_private, is_new);
  return notes;
}

}  // namespace

Result<Notes> add_certificates(FileTree& tree, const FileSystem& files, const Clock& clock,
                               const stack::Stack& stack, bool renew) {
  const SecuritySpec& security = stack.topology.policy.security;
  if (security.tls == Tls::self_signed) {
    return self_signed(tree, files, clock.now(), stack, renew);
  }
  if (renew) {
    return fail(Code::usage,
                fmt::format("there is nothing to renew: tls is '{}'", name_of(security.tls)),
                "obsctl renews the certificates of 'security.tls: self-signed' only");
  }
  return security.tls == Tls::files ? from_files(tree, files, clock.now(), stack)
                                    : Result<Notes>(Notes{});
}

}  // namespace obsctl::init

// SPDX-License-Identifier: Apache-2.0
// Decides which certificates have to be made and refuses those that senders would; lib/pki makes
// them.
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
using Names = std::vector<std::string>;

constexpr std::chrono::hours k_renew_before{30 * 24};
constexpr FileMode k_public = 0644;
constexpr FileMode k_private = 0600;
constexpr auto k_new_ca =
    "remove tls/ca.crt and tls/ca.key to get a new CA; senders must then trust the new tls/ca.crt";

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

Names sorted(Names names) {
  std::erase(names, "");
  std::ranges::sort(names);
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

// The error where a certificate is of no use at `now`.
Result<void> check_dates(const pki::CertificateInfo& info, const std::string& file, pki::Time now,
                         const char* hint) {
  if (info.not_after < now) {
    return fail(Code::config, fmt::format("'{}' expired on {}", file, date(info.not_after)), hint);
  }
  if (info.not_before > now) {
    return fail(Code::config,
                fmt::format("'{}' is not valid before {}", file, date(info.not_before)),
                "check the clock of this machine");
  }
  return {};
}

// The certificates of obsctl's own authority.
class SelfSigned {
 public:
  SelfSigned(const Environment& environment, const FileSystem& files, pki::Time now,
             const stack::Stack& stack)
      : environment_(environment), files_(files), now_(now), stack_(stack) {}

  Result<Notes> add_to(FileTree& tree, bool renew) {
    OBS_TRY(read());
    const bool new_ca = ca_.certificate.empty();
    if (new_ca) {
      OBS_TRY_ASSIGN(ca_, pki::make_authority(fmt::format("{} CA", stack_.topology.name), now_));
    }
    OBS_TRY_ASSIGN(ca_info_, pki::read_certificate(ca_.certificate, stack_paths::tls_ca));
    OBS_TRY(check_authority());
    const bool held = !server_.certificate.empty() && !server_.key.empty();
    std::string reason = renew ? "on request" : "";
    if (reason.empty() && held && !new_ca) {
      OBS_TRY(check_server());
      OBS_TRY_ASSIGN(reason, renewal_reason());
    }
    add(tree, stack_paths::tls_ca, ca_.certificate, k_public, new_ca);
    if (!ca_.key.empty()) {
      add(tree, stack_paths::tls_ca_key, ca_.key, k_private, new_ca);
    }
    const bool make = !held || new_ca || !reason.empty();
    if (make) {
      OBS_TRY(make_server(reason));
    }
    add(tree, stack_paths::tls_certificate, server_.certificate, k_public, make);
    add(tree, stack_paths::tls_key, server_.key, k_private, make);
    note_end_of_authority();
    return std::move(notes_);
  }

 private:
  Result<void> read() {
    const fs::path& dir = stack_.directory;
    OBS_TRY_ASSIGN(ca_.certificate, read_own(files_, dir, stack_paths::tls_ca));
    OBS_TRY_ASSIGN(ca_.key, read_own(files_, dir, stack_paths::tls_ca_key));
    OBS_TRY_ASSIGN(server_.certificate, read_own(files_, dir, stack_paths::tls_certificate));
    OBS_TRY_ASSIGN(server_.key, read_own(files_, dir, stack_paths::tls_key));
    if (ca_.certificate.empty() && !ca_.key.empty()) {
      return fail(Code::config, "tls/ca.key is there, but tls/ca.crt is not",
                  "put tls/ca.crt back, or remove tls/ca.key to get a new CA; senders must then "
                  "trust the new tls/ca.crt");
    }
    return {};
  }

  Result<void> check_authority() const {
    OBS_TRY(check_dates(ca_info_, stack_paths::tls_ca, now_, k_new_ca));
    if (!ca_info_.authority) {
      return fail(Code::config, "'tls/ca.crt' is not the certificate of an authority", k_new_ca);
    }
    if (ca_.key.empty()) {
      return {};  // it may be kept elsewhere, until a new server certificate is due
    }
    return pki::check_pair(ca_, stack_paths::tls_ca, stack_paths::tls_ca_key)
        .map_error([](Error error) { return std::move(error).with_hint(k_new_ca); });
  }

  // Whoever put another certificate here may have no other copy of it, so it is not replaced
  // unasked.
  Result<void> check_server() const {
    constexpr auto k_hint =
        "'obsctl init --renew-certs' replaces both by new ones; for a certificate of your own use "
        "'security.tls: files'";
    if (!pki::issued_by(server_.certificate, ca_.certificate)) {
      return fail(Code::config, "'tls/server.crt' was not issued by 'tls/ca.crt'", k_hint);
    }
    return pki::check_pair(server_, stack_paths::tls_certificate, stack_paths::tls_key)
        .map_error([](Error error) { return std::move(error).with_hint(k_hint); });
  }

  [[nodiscard]] bool is_open() const {
    return stack_.target->on_this_host && !is_loopback(stack_.topology.policy.security.bind);
  }

  [[nodiscard]] HostNames host_names() const {
    return is_open() && environment_.host_names ? environment_.host_names() : HostNames{};
  }

  // Every name that the certificate must have: under which the stack and its users ask for it.
  [[nodiscard]] Names required_names() const {
    Names out = stack_.words.hosts;
    out.insert(out.end(), {"127.0.0.1", "::1", "localhost"});
    if (const Provider* receiver = stack_.topology.provider("telemetry.in")) {
      out.push_back(receiver->component);
    }
    if (const auto host = files_.read("/proc/sys/kernel/hostname")) {
      out.emplace_back(trim(*host));
    }
    const SecuritySpec& security = stack_.topology.policy.security;
    out.insert(out.end(), security.tls_names.begin(), security.tls_names.end());
    for (const auto& address : {security.bind, security.bind_ui}) {
      if (!is_everywhere(address)) {
        out.push_back(address);
      }
    }
    return sorted(std::move(out));
  }

  // Why the server certificate has to be made again; empty when it is good.
  Result<std::string> renewal_reason() const {
    OBS_TRY_ASSIGN(const auto info,
                   pki::read_certificate(server_.certificate, stack_paths::tls_certificate));
    if (info.not_after < std::min(now_ + k_renew_before, ca_info_.not_after)) {
      return fmt::format("it {} on {}", info.not_after < now_ ? "expired" : "expires",
                         date(info.not_after));
    }
    Names missing;
    std::ranges::set_difference(required_names(), info.names, std::back_inserter(missing));
    if (!missing.empty()) {
      return "it does not name " + join(missing, ", ");
    }
    return names_this_machine(info.names) ? std::string() : "it names no address of this machine";
  }

  // One address is enough: those of bridges and leases come and go, and each of them would be a
  // new certificate.
  [[nodiscard]] bool names_this_machine(const Names& names) const {
    const SecuritySpec& security = stack_.topology.policy.security;
    if (!security.binds_everywhere() || !security.tls_names.empty()) {
      return true;
    }
    const Names addresses = host_names().addresses;
    return addresses.empty() || std::ranges::any_of(addresses, [&names](const std::string& one) {
             return std::ranges::binary_search(names, one);
           });
  }

  Result<void> make_server(const std::string& reason) {
    if (ca_.key.empty()) {
      return fail(
          Code::config, "a new server certificate is due, but tls/ca.key is not there",
          "put it back, or remove tls/ca.crt to get a new CA; senders must then trust that one");
    }
    Names names = required_names();
    const HostNames host = host_names();
    names.insert(names.end(), host.names.begin(), host.names.end());
    if (stack_.topology.policy.security.binds_everywhere()) {
      names.insert(names.end(), host.addresses.begin(), host.addresses.end());
    }
    names = sorted(std::move(names));
    OBS_TRY_ASSIGN(server_, pki::make_server(ca_, names, now_));
    OBS_TRY_ASSIGN(const auto info,
                   pki::read_certificate(server_.certificate, stack_paths::tls_certificate));
    const std::string until = date(info.not_after);
    notes_.push_back(
        {reason.empty()
             ? fmt::format("TLS: made a certificate for {}, valid until {}; senders trust "
                           "tls/ca.crt",
                           join(names, ", "), until)
             : fmt::format("TLS: renewed the server certificate ({}), valid until {}", reason,
                           until)});
    return {};
  }

  void note_end_of_authority() {
    if (ca_info_.not_after < now_ + pki::k_server_validity) {
      notes_.push_back(
          {fmt::format("TLS: tls/ca.crt expires on {}, and every certificate with it; "
                       "{}",
                       date(ca_info_.not_after), k_new_ca)});
    }
  }

  const Environment& environment_;
  const FileSystem& files_;
  pki::Time now_;
  const stack::Stack& stack_;
  pki::KeyPair ca_;
  pki::KeyPair server_;
  pki::CertificateInfo ca_info_;
  Notes notes_;
};

void note_weakness(const pki::CertificateInfo& info, const std::string& file, Notes& notes) {
  if (!info.weakness.empty()) {
    notes.push_back(
        {fmt::format("TLS: '{}' has {}; current clients refuse it", file, info.weakness)});
  }
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
  OBS_TRY(check_dates(info, certificate, now,
                      "set security.tls_cert and security.tls_key to a valid pair"));
  Notes notes;
  if (info.not_after < now + k_renew_before) {
    notes.push_back({fmt::format("TLS: the certificate expires on {}", date(info.not_after))});
  }
  note_weakness(info, certificate, notes);
  if (info.names.empty()) {
    notes.push_back(
        {"TLS: the certificate has no subject alternative names; Go clients refuse it"});
  }
  Names missing;
  std::ranges::set_difference(sorted(security.tls_names), info.names, std::back_inserter(missing));
  if (!missing.empty()) {
    notes.push_back({fmt::format("TLS: '{}' does not name {}", certificate, join(missing, ", "))});
  }
  OBS_TRY_ASSIGN(const std::string old_certificate,
                 read_own(files, dir, stack_paths::tls_certificate));
  OBS_TRY_ASSIGN(const std::string old_key, read_own(files, dir, stack_paths::tls_key));
  const bool is_new = old_certificate != pair.certificate || old_key != pair.key;
  add(tree, stack_paths::tls_certificate, std::move(pair.certificate), k_public, is_new);
  add(tree, stack_paths::tls_key, std::move(pair.key), k_private, is_new);
  return notes;
}

// The authority whose certificates senders have to show.
Result<Notes> add_client_authority(FileTree& tree, const FileSystem& files, pki::Time now,
                                   const stack::Stack& stack) {
  const std::string& file = stack.topology.policy.security.client_ca;
  if (file.empty()) {
    return Notes{};
  }
  OBS_TRY_ASSIGN(std::string pem, files.read(file));
  OBS_TRY_ASSIGN(const auto info, pki::read_certificate(pem, file));
  if (!info.authority) {
    return fail(Code::config, fmt::format("'{}' is not the certificate of an authority", file),
                "set security.client_ca to the certificate that issues those of the senders");
  }
  OBS_TRY(check_dates(info, file, now, "set security.client_ca to a valid authority"));
  Notes notes;
  note_weakness(info, file, notes);
  OBS_TRY_ASSIGN(const std::string before,
                 read_own(files, stack.directory, stack_paths::tls_client_ca));
  const bool is_new = before != pem;
  add(tree, stack_paths::tls_client_ca, std::move(pem), k_public, is_new);
  return notes;
}

}  // namespace

Result<Notes> add_certificates(FileTree& tree, const Services& services, const stack::Stack& stack,
                               bool renew) {
  const SecuritySpec& security = stack.topology.policy.security;
  const pki::Time now = services.clock.now();
  if (renew && security.tls != Tls::self_signed) {
    return fail(Code::usage,
                fmt::format("there is nothing to renew: tls is '{}'", name_of(security.tls)),
                "obsctl renews the certificates of 'security.tls: self-signed' only");
  }
  Notes notes;
  if (security.tls == Tls::self_signed) {
    OBS_TRY_ASSIGN(
        notes, SelfSigned(services.environment, services.files, now, stack).add_to(tree, renew));
  } else if (security.tls == Tls::files) {
    OBS_TRY_ASSIGN(notes, from_files(tree, services.files, now, stack));
  }
  OBS_TRY_ASSIGN(const Notes more, add_client_authority(tree, services.files, now, stack));
  notes.insert(notes.end(), more.begin(), more.end());
  return notes;
}

}  // namespace obsctl::init

// SPDX-License-Identifier: Apache-2.0
// X.509 through OpenSSL's libcrypto; owns every handle, so that no error path leaks.
#include "lib/pki/certificates.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <memory>

#include "lib/base/handle.hpp"

namespace obsctl::pki {
namespace {

using Bio = Handle<BIO, BIO_free>;
using Key = Handle<EVP_PKEY, EVP_PKEY_free>;
using Certificate = Handle<X509, X509_free>;
using Extension = Handle<X509_EXTENSION, X509_EXTENSION_free>;
using Names = Handle<GENERAL_NAMES, GENERAL_NAMES_free>;
using Number = Handle<BIGNUM, BN_free>;
using Store = Handle<X509_STORE, X509_STORE_free>;
using Verification = Handle<X509_STORE_CTX, X509_STORE_CTX_free>;

Failure crypto_failure(std::string_view doing) {
  const unsigned long code = ERR_peek_last_error();
  ERR_clear_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  return fail(Code::failed,
              fmt::format("cannot {}: {}", doing, reason == nullptr ? "unknown error" : reason));
}

Bio memory(std::string_view bytes) {
  return Bio(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
}

std::string text_of(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return size > 0 ? std::string(data, static_cast<std::size_t>(size)) : std::string();
}

Certificate parse_certificate(std::string_view pem) {
  Certificate out(PEM_read_bio_X509(memory(pem).get(), nullptr, nullptr, nullptr));
  ERR_clear_error();
  return out;
}

// No password prompt: an encrypted key is an error, because a container could not ask for it
// either.
int no_password(char*, int, int, void*) {
  return 0;
}

Key parse_key(std::string_view pem) {
  Key out(PEM_read_bio_PrivateKey(memory(pem).get(), nullptr, no_password, nullptr));
  ERR_clear_error();
  return out;
}

Result<KeyPair> print(X509* certificate, EVP_PKEY* key) {
  const Bio certificate_bio(BIO_new(BIO_s_mem()));
  const Bio key_bio(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_X509(certificate_bio.get(), certificate) != 1 ||
      PEM_write_bio_PKCS8PrivateKey(key_bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) !=
          1) {
    return crypto_failure("print a certificate");
  }
  return KeyPair{text_of(certificate_bio.get()), text_of(key_bio.get())};
}

bool set_time(ASN1_TIME* field, Time time) {
  return ASN1_TIME_set(field, std::chrono::system_clock::to_time_t(time)) != nullptr;
}

bool set_serial(X509* certificate) {
  const Number number(BN_new());
  return BN_rand(number.get(), 127, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) == 1 &&
         BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

bool set_subject(X509* certificate, const std::string& common_name) {
  const std::string shortened = common_name.substr(0, 64);  // the limit of the field
  return X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                                    reinterpret_cast<const unsigned char*>(shortened.c_str()), -1,
                                    -1, 0) == 1;
}

// A certificate with everything but names, extensions and signature. Valid from five minutes ago,
// for senders whose clock is a little behind.
Certificate blank(EVP_PKEY* key, const std::string& common_name, Time now, Time end) {
  Certificate out(X509_new());
  if (out == nullptr || X509_set_version(out.get(), X509_VERSION_3) != 1 ||
      !set_serial(out.get()) ||
      !set_time(X509_getm_notBefore(out.get()), now - std::chrono::minutes(5)) ||
      !set_time(X509_getm_notAfter(out.get()), end) || X509_set_pubkey(out.get(), key) != 1 ||
      !set_subject(out.get(), common_name)) {
    return nullptr;
  }
  return out;
}

bool add_extension(X509* certificate, X509* issuer, int id, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const Extension extension(X509V3_EXT_conf_nid(nullptr, &context, id, value));
  return extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1;
}

GENERAL_NAME* general_name(const std::string& name) {
  unsigned char address[16];
  int size = 0;
  if (::inet_pton(AF_INET, name.c_str(), address) == 1) {
    size = 4;
  } else if (::inet_pton(AF_INET6, name.c_str(), address) == 1) {
    size = 16;
  }
  GENERAL_NAME* out = GENERAL_NAME_new();
  ASN1_STRING* value = size > 0 ? ASN1_OCTET_STRING_new() : ASN1_IA5STRING_new();
  const void* bytes = size > 0 ? static_cast<const void*>(address) : name.data();
  ASN1_STRING_set(value, bytes, size > 0 ? size : static_cast<int>(name.size()));
  GENERAL_NAME_set0_value(out, size > 0 ? GEN_IPADD : GEN_DNS, value);
  return out;
}

// Built as a structure and not from text, so that a strange host name cannot add further names.
bool add_names(X509* certificate, const std::vector<std::string>& names) {
  const Names list(GENERAL_NAMES_new());
  for (const auto& name : names) {
    sk_GENERAL_NAME_push(list.get(), general_name(name));
  }
  return X509_add1_ext_i2d(certificate, NID_subject_alt_name, list.get(), 0, 0) == 1;
}

std::string name_text(const GENERAL_NAME* name) {
  int type = 0;
  const auto* value = static_cast<const ASN1_STRING*>(GENERAL_NAME_get0_value(name, &type));
  const unsigned char* data = ASN1_STRING_get0_data(value);
  const int size = ASN1_STRING_length(value);
  if (type == GEN_DNS) {
    return {reinterpret_cast<const char*>(data), static_cast<std::size_t>(size)};
  }
  char text[INET6_ADDRSTRLEN] = "";
  if (type == GEN_IPADD && (size == 4 || size == 16)) {
    ::inet_ntop(size == 4 ? AF_INET : AF_INET6, data, text, sizeof text);
  }
  return text;
}

std::vector<std::string> names_of(X509* certificate) {
  const Names list(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  std::vector<std::string> out;
  for (int i = 0; list != nullptr && i < sk_GENERAL_NAME_num(list.get()); ++i) {
    if (auto text = name_text(sk_GENERAL_NAME_value(list.get(), i)); !text.empty()) {
      out.push_back(std::move(text));
    }
  }
  std::ranges::sort(out);
  return out;
}

Time time_of(const ASN1_TIME* field) {
  std::tm parts{};
  ASN1_TIME_to_tm(field, &parts);
  return std::chrono::system_clock::from_time_t(::timegm(&parts));
}

// Why current clients may refuse it: OpenSSL's and Go's limits. Empty when they do not.
std::string weakness_of(X509* certificate) {
  constexpr int k_least_rsa_bits = 2048;
  const EVP_PKEY* key = X509_get0_pubkey(certificate);
  if (key != nullptr && EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA &&
      EVP_PKEY_get_bits(key) < k_least_rsa_bits) {
    return fmt::format("a {} bit RSA key", EVP_PKEY_get_bits(key));
  }
  int digest = NID_undef;
  X509_get_signature_info(certificate, &digest, nullptr, nullptr, nullptr);
  return digest == NID_sha1 || digest == NID_md5
             ? fmt::format("a signature with {}", OBJ_nid2sn(digest))
             : std::string();
}

// What a client that trusts `authority` says about the server certificate at `now`.
Result<void> accepted(X509* certificate, X509* authority, Time now) {
  const Store store(X509_STORE_new());
  const Verification check(X509_STORE_CTX_new());
  if (store == nullptr || check == nullptr || X509_STORE_add_cert(store.get(), authority) != 1 ||
      X509_STORE_CTX_init(check.get(), store.get(), certificate, nullptr) != 1 ||
      X509_STORE_CTX_set_purpose(check.get(), X509_PURPOSE_SSL_SERVER) != 1) {
    return crypto_failure("verify a certificate");
  }
  // The authority may itself be issued by one that the stack does not hold.
  X509_STORE_CTX_set_flags(check.get(), X509_V_FLAG_PARTIAL_CHAIN);
  X509_STORE_CTX_set_time(check.get(), 0, std::chrono::system_clock::to_time_t(now));
  const bool good = X509_verify_cert(check.get()) == 1;
  ERR_clear_error();
  return good ? Result<void>()
              : fail(Code::config,
                     fmt::format(
                         "clients would refuse a certificate of this authority: {}",
                         X509_verify_cert_error_string(X509_STORE_CTX_get_error(check.get()))));
}

Failure no_certificate(const std::string& file) {
  return fail(Code::config, fmt::format("'{}' is not a PEM certificate", file),
              "the file starts with '-----BEGIN CERTIFICATE-----'");
}

}  // namespace

Result<KeyPair> make_authority(const std::string& common_name, Time now) {
  const Key key(EVP_EC_gen("P-256"));
  const Certificate out = key ? blank(key.get(), common_name, now, now + k_ca_validity) : nullptr;
  X509* certificate = out.get();
  if (certificate == nullptr ||
      X509_set_issuer_name(certificate, X509_get_subject_name(certificate)) != 1 ||
      !add_extension(certificate, certificate, NID_basic_constraints,
                     "critical,CA:TRUE,pathlen:0") ||
      !add_extension(certificate, certificate, NID_key_usage, "critical,keyCertSign,cRLSign") ||
      !add_extension(certificate, certificate, NID_subject_key_identifier, "hash") ||
      X509_sign(certificate, key.get(), EVP_sha256()) == 0) {
    return crypto_failure("make a certificate authority");
  }
  return print(certificate, key.get());
}

Result<KeyPair> make_server(const KeyPair& authority, const std::vector<std::string>& names,
                            Time now) {
  const Certificate issuer = parse_certificate(authority.certificate);
  const Key issuer_key = parse_key(authority.key);
  if (issuer == nullptr || issuer_key == nullptr) {
    return fail(
        Code::config, "the certificate authority of the stack is damaged",
        "remove ca.crt and ca.key to get a new one; senders must then trust the new ca.crt");
  }
  OBS_TRY(check_pair(authority, "ca.crt", "ca.key"));
  const Key key(EVP_EC_gen("P-256"));
  const Time end = std::min(now + k_server_validity, time_of(X509_get0_notAfter(issuer.get())));
  const Certificate out = key ? blank(key.get(), names.front(), now, end) : nullptr;
  X509* certificate = out.get();
  if (certificate == nullptr ||
      X509_set_issuer_name(certificate, X509_get_subject_name(issuer.get())) != 1 ||
      !add_extension(certificate, issuer.get(), NID_basic_constraints, "critical,CA:FALSE") ||
      !add_extension(certificate, issuer.get(), NID_key_usage, "critical,digitalSignature") ||
      !add_extension(certificate, issuer.get(), NID_ext_key_usage, "serverAuth") ||
      !add_extension(certificate, issuer.get(), NID_subject_key_identifier, "hash") ||
      !add_extension(certificate, issuer.get(), NID_authority_key_identifier, "keyid:always") ||
      !add_names(certificate, names) ||
      X509_sign(certificate, issuer_key.get(), EVP_sha256()) == 0) {
    return crypto_failure("make a server certificate");
  }
  OBS_TRY(accepted(certificate, issuer.get(), now));
  return print(certificate, key.get());
}

Result<CertificateInfo> read_certificate(std::string_view pem, const std::string& file) {
  const Certificate certificate = parse_certificate(pem);
  if (certificate == nullptr) {
    return no_certificate(file);
  }
  return CertificateInfo{.not_before = time_of(X509_get0_notBefore(certificate.get())),
                         .not_after = time_of(X509_get0_notAfter(certificate.get())),
                         .names = names_of(certificate.get()),
                         .authority = X509_check_ca(certificate.get()) == 1,
                         .weakness = weakness_of(certificate.get())};
}

Result<void> check_pair(const KeyPair& pair, const std::string& certificate_file,
                        const std::string& key_file) {
  const Certificate certificate = parse_certificate(pair.certificate);
  if (certificate == nullptr) {
    return no_certificate(certificate_file);
  }
  const Key key = parse_key(pair.key);
  if (key == nullptr) {
    return fail(Code::config,
                fmt::format("'{}' is not a PEM private key without password", key_file),
                "decrypt it with 'openssl pkey' first");
  }
  const bool matches = X509_check_private_key(certificate.get(), key.get()) == 1;
  ERR_clear_error();
  return matches ? Result<void>()
                 : fail(Code::config, fmt::format("the key '{}' does not belong to '{}'", key_file,
                                                  certificate_file));
}

bool issued_by(std::string_view certificate, std::string_view authority) {
  const Certificate leaf = parse_certificate(certificate);
  const Certificate issuer = parse_certificate(authority);
  const bool signed_by = leaf != nullptr && issuer != nullptr &&
                         X509_verify(leaf.get(), X509_get0_pubkey(issuer.get())) == 1;
  ERR_clear_error();
  return signed_by;
}

}  // namespace obsctl::pki

// SPDX-License-Identifier: Apache-2.0
// Secret files by path, and the certificates that are on disk.
#include "lib/stack/secrets.hpp"

#include <map>

#include "lib/stack/paths.hpp"

namespace obsctl::stack {
namespace {

void add(std::map<std::string, SecretFile>& all, const std::string& path,
         const Component& component, const SecretUse& use) {
  SecretFile& file = all[path];
  file.path = path;
  file.consumers.push_back(component.name);
  file.environment = file.environment || path == use.environment;
  const auto content = use.contents.find(path);
  file.placeholder = file.placeholder || (content != use.contents.end() &&
                                          content->second.find("[% token %]") == std::string::npos);
}

}  // namespace

std::vector<SecretFile> secret_files(const Topology& topology) {
  std::map<std::string, SecretFile> all;
  for (const auto& component : topology.components) {
    for (const auto& use : component.secrets) {
      if (!use.environment.empty()) {
        add(all, use.environment, component, use);
      }
      for (const auto& path : use.files) {
        add(all, path, component, use);
      }
    }
  }
  std::vector<SecretFile> out;
  for (auto& [path, file] : all) {
    out.push_back(std::move(file));
  }
  return out;
}

Result<std::vector<Certificate>> certificates(const FileSystem& files,
                                              const std::filesystem::path& directory) {
  std::vector<Certificate> out;
  for (const char* path : {stack_paths::tls_certificate, stack_paths::tls_ca}) {
    OBS_TRY_ASSIGN(const auto pem, read_beneath(files, directory, path));
    if (pem) {
      OBS_TRY_ASSIGN(pki::CertificateInfo info, pki::read_certificate(*pem, path));
      out.push_back({path, std::move(info)});
    }
  }
  return out;
}

}  // namespace obsctl::stack

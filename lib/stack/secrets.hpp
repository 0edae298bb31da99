// SPDX-License-Identifier: Apache-2.0
// The secret files of a stack, who reads them and who brings them, and its certificates.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "lib/base/error.hpp"
#include "lib/io/filesystem.hpp"
#include "lib/model/topology.hpp"
#include "lib/pki/certificates.hpp"

namespace obsctl::stack {

struct SecretFile {
  std::string path;                    // relative to the stack's directory
  std::vector<std::string> consumers;  // components that read it
  bool environment = false;            // as KEY=value lines
  // A new one holds nothing random: somebody has to bring the real value.
  bool placeholder = false;
};

// Every secret file of the stack, by path.
[[nodiscard]] std::vector<SecretFile> secret_files(const Topology& topology);

struct Certificate {
  std::string path;  // relative to the stack's directory
  pki::CertificateInfo info;
};

// What the server certificate and the CA of the stack in `directory` say, as far as they are there.
// Errors: one is not a certificate.
[[nodiscard]] Result<std::vector<Certificate>> certificates(const FileSystem& files,
                                                            const std::filesystem::path& directory);

}  // namespace obsctl::stack

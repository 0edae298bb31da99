// The secret files of a stack: where they are and how their random parts are filled in.
//
// render_stack() stays pure: it puts token_mark(32) where a password or token belongs and marks the file
// `secret`. init replaces the marks once, when the file is not on disk yet. Certificates are made by init,
// at the paths below; templates only mount them.
#pragma once

#include <functional>
#include <string>

#include "lib/base/error.hpp"
#include "lib/io/random.hpp"
#include "lib/render/file_tree.hpp"

namespace obsctl {

// Certificates of the OTLP receivers, for tls: self-signed and tls: files (which copies the given ones).
// The directory tls/ is 0700 and ca.key 0600; the server key is 0644 inside it, because a container's
// user must read it through its mount while other users of the host cannot get into the directory.
// Mount the files, never the directory.
inline constexpr auto k_ca_certificate = "tls/ca.crt";
inline constexpr auto k_ca_key = "tls/ca.key";  // only with self-signed; never mounted
inline constexpr auto k_server_certificate = "tls/server.crt";
inline constexpr auto k_server_key = "tls/server.key";

// The mark for a random token of `length` characters from [A-Za-z0-9] in the bytes of a secret file.
[[nodiscard]] std::string token_mark(std::size_t length);

// Replaces every mark in the secret files for which `on_disk(path)` is false. Files on disk keep their
// tokens, so theirs are left as they are. A mark in a file that is not secret is an error.
[[nodiscard]] Result<void> fill_secrets(FileTree& tree, Random& random,
                                        const std::function<bool(const std::string&)>& on_disk);

}  // namespace obsctl

// SPDX-License-Identifier: Apache-2.0
// zstd's contexts behind a few functions. What a frame says about itself is compared with a limit
// before anything is allocated for it.
#include "lib/archive/zstd.hpp"

#include <zstd.h>

#include "lib/base/handle.hpp"

namespace obsctl::archive {
namespace {

// Little-endian 0xFD2FB528; a skippable frame has another one, and we write none.
constexpr std::string_view k_magic = "\x28\xb5\x2f\xfd";

}  // namespace

std::size_t packed_bound(std::size_t raw) {
  return ZSTD_compressBound(raw);
}

struct Compressor::State {
  Handle<ZSTD_CCtx, ZSTD_freeCCtx> context{ZSTD_createCCtx()};
};

Compressor::Compressor(int level) : state_(std::make_unique<State>()) {
  if (state_->context) {
    ZSTD_CCtx_setParameter(state_->context.get(), ZSTD_c_compressionLevel, level);
    ZSTD_CCtx_setParameter(state_->context.get(), ZSTD_c_checksumFlag, 1);
  }
}
Compressor::~Compressor() = default;

Result<std::size_t> Compressor::pack(std::string_view raw, std::string& into) {
  if (const std::size_t bound = packed_bound(raw.size()); into.size() < bound) {
    into.resize(bound);
  }
  const std::size_t size = state_->context ? ZSTD_compress2(state_->context.get(), into.data(),
                                                            into.size(), raw.data(), raw.size())
                                           : 0;
  if (size == 0 || ZSTD_isError(size) != 0) {
    return fail(Code::failed, "zstd cannot compress", "free some memory and run the command again");
  }
  return size;
}

struct Decompressor::State {
  Handle<ZSTD_DCtx, ZSTD_freeDCtx> context{ZSTD_createDCtx()};
};

Decompressor::Decompressor() : state_(std::make_unique<State>()) {}
Decompressor::~Decompressor() = default;

bool Decompressor::unpack(std::string_view frame, std::size_t most, std::string& into) {
  const auto size = ZSTD_getFrameContentSize(frame.data(), frame.size());
  if (!frame.starts_with(k_magic) || size == ZSTD_CONTENTSIZE_UNKNOWN ||
      size == ZSTD_CONTENTSIZE_ERROR || size > most || !state_->context) {
    return false;
  }
  into.resize(static_cast<std::size_t>(size));
  const std::size_t done = ZSTD_decompressDCtx(state_->context.get(), into.data(), into.size(),
                                               frame.data(), frame.size());
  return ZSTD_isError(done) == 0 && done == into.size();
}

std::optional<std::size_t> packed_size(std::string_view bytes) {
  if (!bytes.starts_with(k_magic)) {
    return std::nullopt;
  }
  const std::size_t size = ZSTD_findFrameCompressedSize(bytes.data(), bytes.size());
  return ZSTD_isError(size) == 0 ? std::optional(size) : std::nullopt;
}

}  // namespace obsctl::archive

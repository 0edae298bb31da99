// SPDX-License-Identifier: Apache-2.0
// zlib and zstd behind two functions; nothing else in the tree includes their headers.
#include "lib/otlp/compress.hpp"

#include <fmt/format.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>

namespace obsctl::otlp {
namespace {

constexpr int k_gzip_window = 15 + 16;  // zlib: 16 selects the gzip wrapper
constexpr std::size_t k_step = 64 * 1024;

Failure too_big(std::size_t limit) {
  return fail(Code::failed, fmt::format("compressed body unpacks to more than {} bytes", limit));
}
Failure damaged(std::string_view name) {
  return fail(Code::failed, fmt::format("body is not valid {}", name));
}

// Makes room for the next piece: doubling, and one byte more than allowed, so that the limit is
// noticed.
std::size_t grow(std::string& out, std::size_t used, std::size_t limit) {
  const std::size_t size = std::min(limit + 1, std::max(k_step, used * 2));
  out.resize(size);
  return size - used;
}

struct Inflater {
  z_stream stream = {};
  bool ready = inflateInit2(&stream, k_gzip_window) == Z_OK;

  Inflater() = default;
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  ~Inflater() { inflateEnd(&stream); }
};

Result<void> unpack_gzip(ByteView body, std::size_t limit, std::string& out) {
  static thread_local Inflater inflater;  // making one costs more than unpacking a short body
  if (!inflater.ready || inflateReset(&inflater.stream) != Z_OK) {
    return fail(Code::failed, "zlib cannot start");
  }
  z_stream& stream = inflater.stream;
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(body.data()));
  stream.avail_in = static_cast<uInt>(body.size());
  std::size_t used = 0;
  while (true) {
    const std::size_t room = grow(out, used, limit);
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + used);
    stream.avail_out = static_cast<uInt>(room);
    const int code = inflate(&stream, Z_NO_FLUSH);
    used += room - stream.avail_out;
    if (used > limit) {
      return too_big(limit);
    }
    if (code == Z_STREAM_END) {
      break;
    }
    if (code != Z_OK || (stream.avail_in == 0 && stream.avail_out != 0)) {
      return damaged("gzip");
    }
  }
  if (stream.avail_in != 0) {
    return damaged("gzip");
  }
  out.resize(used);
  return {};
}

Result<void> unpack_zstd(ByteView body, std::size_t limit, std::string& out) {
  static thread_local const std::unique_ptr<ZSTD_DCtx, std::size_t (*)(ZSTD_DCtx*)> context(
      ZSTD_createDCtx(), ZSTD_freeDCtx);
  if (!context) {
    return fail(Code::failed, "zstd cannot start");
  }
  ZSTD_DCtx_reset(context.get(), ZSTD_reset_session_only);
  // A frame may ask for a window of gigabytes; 8 MiB is what RFC 8878 asks every decoder to
  // support.
  ZSTD_DCtx_setParameter(context.get(), ZSTD_d_windowLogMax, 23);
  ZSTD_inBuffer in{body.data(), body.size(), 0};
  std::size_t used = 0;
  std::size_t left = 1;
  while (left != 0) {
    const std::size_t room = grow(out, used, limit);
    ZSTD_outBuffer piece{out.data() + used, room, 0};
    left = ZSTD_decompressStream(context.get(), &piece, &in);
    used += piece.pos;
    if (ZSTD_isError(left) != 0) {
      return damaged("zstd");
    }
    if (used > limit) {
      return too_big(limit);
    }
    if (left != 0 && in.pos == in.size && piece.pos < piece.size) {
      return damaged("zstd");
    }
  }
  if (in.pos != in.size) {
    return damaged("zstd");
  }
  out.resize(used);
  return {};
}

}  // namespace

struct Compressor::State {
  Compression compression = Compression::none;
  z_stream gzip = {};
  bool gzip_ready = false;
  std::unique_ptr<ZSTD_CCtx, std::size_t (*)(ZSTD_CCtx*)> zstd{nullptr, ZSTD_freeCCtx};
  int level = 0;

  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    if (gzip_ready) {
      deflateEnd(&gzip);
    }
  }
};

Compressor::Compressor(Compression compression, int level) : state_(std::make_unique<State>()) {
  state_->compression = compression;
  if (compression == Compression::gzip) {
    const int chosen = level == 0 ? Z_DEFAULT_COMPRESSION : std::clamp(level, 1, 9);
    state_->gzip_ready = deflateInit2(&state_->gzip, chosen, Z_DEFLATED, k_gzip_window, 8,
                                      Z_DEFAULT_STRATEGY) == Z_OK;
  } else if (compression == Compression::zstd) {
    state_->zstd.reset(ZSTD_createCCtx());
    state_->level = level == 0 ? 3 : std::clamp(level, 1, 19);
  }
}
Compressor::Compressor(Compressor&&) noexcept = default;
Compressor& Compressor::operator=(Compressor&&) noexcept = default;
Compressor::~Compressor() = default;

Result<void> Compressor::pack(ByteView body, std::string& out) {
  State& state = *state_;
  switch (state.compression) {
    case Compression::none: out.assign(text_of(body)); return {};
    case Compression::gzip: {
      if (!state.gzip_ready || deflateReset(&state.gzip) != Z_OK) {
        return fail(Code::failed, "zlib cannot start");
      }
      out.resize(deflateBound(&state.gzip, static_cast<uLong>(body.size())));
      state.gzip.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(body.data()));
      state.gzip.avail_in = static_cast<uInt>(body.size());
      state.gzip.next_out = reinterpret_cast<Bytef*>(out.data());
      state.gzip.avail_out = static_cast<uInt>(out.size());
      if (deflate(&state.gzip, Z_FINISH) != Z_STREAM_END) {
        return fail(Code::failed, "zlib cannot compress");
      }
      out.resize(out.size() - state.gzip.avail_out);
      return {};
    }
    case Compression::zstd: {
      out.resize(ZSTD_compressBound(body.size()));
      const std::size_t size = state.zstd
                                   ? ZSTD_compressCCtx(state.zstd.get(), out.data(), out.size(),
                                                       body.data(), body.size(), state.level)
                                   : 0;
      if (!state.zstd || ZSTD_isError(size) != 0) {
        return fail(Code::failed, "zstd cannot compress");
      }
      out.resize(size);
      return {};
    }
  }
  return {};
}

Result<void> unpack(Compression compression, ByteView body, std::size_t limit, std::string& out) {
  switch (compression) {
    case Compression::gzip: return unpack_gzip(body, limit, out);
    case Compression::zstd: return unpack_zstd(body, limit, out);
    case Compression::none: break;
  }
  if (body.size() > limit) {
    return too_big(limit);
  }
  out.assign(text_of(body));
  return {};
}

}  // namespace obsctl::otlp

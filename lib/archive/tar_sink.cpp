// SPDX-License-Identifier: Apache-2.0
// Headers and content one after another, holes filled with zeros where the reader may not know them.
#include "lib/archive/tar_sink.hpp"

#include <utility>

#include "lib/archive/content.hpp"
#include "lib/archive/tar_header.hpp"

namespace obsctl::archive {

TarSink::TarSink(ByteSink tar, const TarSinkOptions& options)
    : tar_(std::move(tar)), options_(options), content_(std::make_unique<Content>()) {}
TarSink::~TarSink() = default;

Result<void> TarSink::begin(const Member& member) {
  const Member full{.entry = member.entry, .data = whole(member.entry.size)};
  const Member& written = options_.sparse ? member : full;
  content_->begin(member);
  left_over_ = padded(written.stored()) - written.stored();
  return tar_(header_of(written));
}

Result<void> TarSink::write(std::string_view bytes) {
  return options_.sparse ? tar_(bytes) : content_->write(bytes, tar_);
}

Result<void> TarSink::end() {
  if (!options_.sparse) {
    OBS_TRY(content_->end(tar_));
  }
  return give_zeros(left_over_, tar_);
}

Result<void> TarSink::finish() {
  return give_zeros(k_trailer, tar_);
}

}  // namespace obsctl::archive

// SPDX-License-Identifier: Apache-2.0
// Lines of JSON to frames and back. A line is read as a stranger's: every field has a type and a
// range, and the whole has to say what is expected of it.
#include "lib/archive/index.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "lib/archive/base64.hpp"
#include "lib/archive/digest.hpp"
#include "lib/base/utf8.hpp"

namespace obsctl::archive {
namespace {

using nlohmann::json;

constexpr std::size_t k_most_line = std::size_t{16} << 20U;  // with all attributes of a file
constexpr int k_format = 1;
constexpr const char* k_format_key = "obsctl-archive-index";

// What stands behind the key of a text, and its value.
std::string_view suffix(std::string_view text) {
  return is_utf8(text) ? "" : "64";
}
std::string value(std::string_view text) {
  return is_utf8(text) ? quoted(text) : '"' + base64(text) + '"';
}

json attributes(const Entry& entry) {
  json out = json::array();
  for (const auto& [name, bytes] : entry.xattrs) {
    json one = {{"value64", base64(bytes)}};
    one[is_utf8(name) ? "name" : "name64"] = is_utf8(name) ? name : base64(name);
    out.push_back(std::move(one));
  }
  return out;
}

template <class T>
bool number(const json& line, const char* key, T& into, T otherwise = 0) {
  const auto found = line.find(key);
  if (found == line.end()) {
    into = otherwise;
    return true;
  }
  if constexpr (std::is_signed_v<T>) {
    if (!found->is_number_integer() ||
        (found->is_number_unsigned() &&
         found->get<std::uint64_t>() >
             static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))) {
      return false;
    }
  } else if (!found->is_number_unsigned() ||
             found->get<std::uint64_t>() > std::numeric_limits<T>::max()) {
    return false;
  }
  into = found->get<T>();
  return true;
}

bool text(const json& line, const std::string& key, std::string& into) {
  if (const auto plain = line.find(key); plain != line.end()) {
    into = plain->is_string() ? plain->get<std::string>() : "";
    return plain->is_string();
  }
  const auto coded = line.find(key + "64");
  if (coded == line.end()) {
    return true;
  }
  auto bytes =
      coded->is_string() ? from_base64(coded->get_ref<const std::string&>()) : std::nullopt;
  into = bytes.value_or("");
  return bytes.has_value();
}

bool attributes(const json& line, Entry& entry) {
  const auto found = line.find("xattrs");
  if (found == line.end()) {
    return true;
  }
  if (!found->is_array()) {
    return false;
  }
  return std::all_of(found->begin(), found->end(), [&](const json& one) {
    std::string name;
    std::string value;
    const bool right = one.is_object() && text(one, "name", name) && text(one, "value", value);
    entry.xattrs[name] = value;
    return right;
  });
}

std::string position_text(std::uint64_t number) {
  return fmt::format("line {} of the index", number);
}

// "{"end":{…}}", by which an index is known to be whole.
std::string end_line(std::uint64_t entries, std::size_t frames, std::uint64_t raw,
                     std::uint64_t blob) {
  return json{
      {"end", {{"entries", entries}, {"frames", frames}, {"raw_bytes", raw}, {"blob_bytes", blob}}}}
      .dump();
}

std::string frame_line(const Frame& frame) {
  return json{{"frame", {frame.raw_offset, frame.blob_offset}}}.dump();
}

std::optional<Frame> parse_frame(std::string_view line) {
  const json value = json::parse(line, nullptr, false);
  const auto found = value.is_object() ? value.find("frame") : value.end();
  if (!value.is_object() || found == value.end() || !found->is_array() || found->size() != 2 ||
      !(*found)[0].is_number_unsigned() || !(*found)[1].is_number_unsigned()) {
    return std::nullopt;
  }
  return Frame{.raw_offset = (*found)[0].get<std::uint64_t>(),
               .blob_offset = (*found)[1].get<std::uint64_t>()};
}

}  // namespace

// Put together by hand, because a tree may have millions of entries; JSON it is all the same.
std::string line_of(const Entry& entry) {
  std::string out = fmt::format(R"({{"path{}":{},"type":"{}","mode":{},"uid":{},"gid":{},)"
                                R"("mtime_ns":{},"offset":{})",
                                suffix(entry.path), value(entry.path), name_of(entry.type),
                                entry.mode, entry.uid, entry.gid, entry.mtime_ns, entry.offset);
  if (entry.type == EntryType::file) {
    out += fmt::format(R"(,"size":{},"sha256":{})", entry.size, value(entry.sha256));
  }
  if (!entry.link.empty()) {
    out += fmt::format(R"(,"link{}":{})", suffix(entry.link), value(entry.link));
  }
  if (!entry.xattrs.empty()) {
    out += R"(,"xattrs":)" + attributes(entry).dump();
  }
  if (entry.device_major != 0 || entry.device_minor != 0) {
    out += fmt::format(R"(,"device":{{"major":{},"minor":{}}})", entry.device_major,
                       entry.device_minor);
  }
  return out + '}';
}

std::optional<Entry> parse_line(std::string_view text_of_line) {
  const json line = json::parse(text_of_line, nullptr, false);
  if (!line.is_object()) {
    return std::nullopt;
  }
  Entry out;
  const auto type = line.find("type");
  const auto known = type != line.end() && type->is_string()
                         ? choice_named<EntryType>(type->get_ref<const std::string&>())
                         : std::nullopt;
  const auto device = line.find("device");
  const bool devices =
      device == line.end() || (device->is_object() && number(*device, "major", out.device_major) &&
                               number(*device, "minor", out.device_minor));
  if (!known || !devices || !text(line, "path", out.path) || out.path.empty() ||
      !number(line, "mode", out.mode) || !number(line, "uid", out.uid) ||
      !number(line, "gid", out.gid) || !number(line, "mtime_ns", out.mtime_ns) ||
      !number(line, "offset", out.offset) || !number(line, "size", out.size) ||
      !text(line, "sha256", out.sha256) || !text(line, "link", out.link) ||
      !attributes(line, out)) {
    return std::nullopt;
  }
  out.type = *known;
  return out;
}

IndexWriter::IndexWriter(ByteSink index) : frames_(std::move(index), FrameOptions{}) {}

Result<void> IndexWriter::add(const Entry& entry) {
  if (entries_++ == 0) {
    OBS_TRY(frames_.write(json{{k_format_key, k_format}}.dump() + '\n'));
  }
  const std::string line = line_of(entry);
  if (line.size() >= k_most_line) {
    return fail(Code::failed, fmt::format("the attributes of '{}' are larger than any index holds",
                                          printable(entry.path)));
  }
  return frames_.write(line + '\n');
}

Result<FrameTotals> IndexWriter::finish(const FrameTotals& archive) {
  if (entries_ == 0) {
    OBS_TRY(frames_.write(json{{k_format_key, k_format}}.dump() + '\n'));
  }
  for (const Frame& frame : archive.frames) {
    OBS_TRY(frames_.write(frame_line(frame) + '\n'));
  }
  OBS_TRY(frames_.write(
      end_line(entries_, archive.frames.size(), archive.raw_bytes, archive.blob_bytes) + '\n'));
  return frames_.finish();
}

Result<void> check_size(const Blob& blob, std::string_view what, std::uint64_t bytes) {
  if (blob.size() < bytes) {
    return fail(Code::integrity, fmt::format("the {} is cut short: it ends at byte {} of {}", what,
                                             blob.size(), bytes));
  }
  if (blob.size() > bytes) {
    return fail(Code::integrity, fmt::format("the {} has {} bytes too many behind byte {}", what,
                                             blob.size() - bytes, bytes));
  }
  return {};
}

Result<void> check_blob(const Blob& blob, std::string_view what, std::uint64_t bytes,
                        std::string_view sha256, const Progress& progress) {
  OBS_TRY(check_size(blob, what, bytes));
  Sha256 digest;
  std::string chunk(16 * k_chunk, '\0');
  for (std::uint64_t at = 0; at < bytes;) {
    OBS_TRY_ASSIGN(const std::size_t n, blob.read_at(at, chunk));
    if (n == 0) {
      return fail(Code::integrity, fmt::format("the {} ended at byte {} of {}", what, at, bytes));
    }
    digest.add(std::string_view(chunk).substr(0, n));
    at += n;
    if (progress) {
      OBS_TRY(progress(at));
    }
  }
  if (digest.hex() != sha256) {
    return fail(
        Code::integrity,
        fmt::format("the {} is not the one that was written: its SHA-256 is another", what));
  }
  return {};
}

IndexReader::IndexReader(const Stored& stored)
    : expected_(stored.expected),
      reader_(stored.index, {.what = "index", .most = std::numeric_limits<std::uint64_t>::max()}) {}

Result<std::unique_ptr<IndexReader>> IndexReader::open(const Stored& stored) {
  OBS_TRY(
      check_blob(stored.index, "index", stored.expected.index_bytes, stored.expected.index_sha256));
  std::unique_ptr<IndexReader> out(new IndexReader(stored));
  OBS_TRY_ASSIGN(const auto first, out->line());
  const json format = first ? json::parse(*first, nullptr, false) : json();
  const auto version = format.is_object() ? format.find(k_format_key) : format.end();
  if (!format.is_object() || version == format.end()) {
    return out->wrong("does not say which format it has");
  }
  if (*version != k_format) {
    return fail(Code::integrity, "the index has a format that this obsctl does not know",
                "use the obsctl that wrote it, or a later one");
  }
  return out;
}

Failure IndexReader::wrong(std::string_view what) const {
  return fail(Code::integrity, fmt::format("{} {}", position_text(lines_), what));
}

// Without its end; nothing at the end of the index.
Result<std::optional<std::string_view>> IndexReader::line() {
  std::size_t searched = used_;
  for (;;) {
    if (const auto end = buffer_.find('\n', searched); end != std::string::npos) {
      const std::string_view out = std::string_view(buffer_).substr(used_, end - used_);
      used_ = end + 1;
      ++lines_;
      return out;
    }
    buffer_.erase(0, used_);
    used_ = 0;
    searched = buffer_.size();
    if (searched > k_most_line) {
      return wrong("is longer than any that makes sense");
    }
    buffer_.resize(searched + k_chunk);
    auto n = reader_.read(std::span(buffer_).subspan(searched));
    buffer_.resize(searched + (n ? *n : 0));
    OBS_TRY(n);
    if (*n == 0) {
      return buffer_.empty() ? Result<std::optional<std::string_view>>(std::nullopt)
                             : wrong("has no end");
    }
  }
}

Result<std::optional<Entry>> IndexReader::next() {
  if (ended_) {
    return std::nullopt;
  }
  OBS_TRY_ASSIGN(const auto found, line());
  if (!found) {
    return wrong("is the last, and an index ends otherwise");
  }
  if (found->starts_with(R"({"frame":)") || found->starts_with(R"({"end":)")) {
    OBS_TRY(tail(*found));
    ended_ = true;
    return std::nullopt;
  }
  auto entry = parse_line(*found);
  if (!entry) {
    return wrong("is none of an entry");
  }
  if (++entries_ > expected_.entries || entry->offset >= expected_.raw_bytes ||
      (entries_ > 1 && entry->offset <= offset_)) {
    return wrong("has an entry that is not expected");
  }
  offset_ = entry->offset;
  return entry;
}

// The table of frames, and the last line.
Result<void> IndexReader::tail(std::string_view first) {
  std::string text(first);
  while (const auto frame = parse_frame(text)) {
    const bool begins = frame->raw_offset == 0 && frame->blob_offset == 0;
    const bool follows = !frames_.empty() && frame->raw_offset > frames_.back().raw_offset &&
                         frame->blob_offset > frames_.back().blob_offset &&
                         frame->raw_offset < expected_.raw_bytes &&
                         frame->blob_offset < expected_.blob_bytes;
    if (frames_.empty() ? !begins : !follows) {
      return wrong("has a frame out of order");
    }
    frames_.push_back(*frame);
    OBS_TRY_ASSIGN(const auto more, line());
    text = more.value_or("");
  }
  if (entries_ != expected_.entries ||
      text != end_line(entries_, frames_.size(), expected_.raw_bytes, expected_.blob_bytes)) {
    return wrong("does not end the index as it is expected");
  }
  OBS_TRY_ASSIGN(const auto more, line());
  return more ? wrong("comes behind the end of the index") : Result<void>();
}

Result<Index> read_index(const Stored& stored) {
  OBS_TRY_ASSIGN(const auto reader, IndexReader::open(stored));
  Index out;
  for (;;) {
    OBS_TRY_ASSIGN(std::optional<Entry> entry, reader->next());
    if (!entry) {
      out.frames = reader->frames();
      return out;
    }
    out.entries.push_back(std::move(*entry));
  }
}

}  // namespace obsctl::archive

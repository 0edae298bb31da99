// SPDX-License-Identifier: Apache-2.0
// No damage goes unnoticed: every cut, every flipped bit, and what fits its checksums and not its
// index.
#include <doctest/doctest.h>

#include <limits>

#include "lib/archive/digest.hpp"
#include "lib/archive/frame_reader.hpp"
#include "lib/archive/index.hpp"
#include "lib/archive/policy.hpp"
#include "lib/archive/tar_reader.hpp"
#include "lib/archive/tar_source.hpp"
#include "lib/archive/zstd.hpp"
#include "tests/unit/archive/tree.hpp"

namespace obsctl::archive::test {
namespace {

std::string digest(std::string_view bytes) {
  Sha256 out;
  out.add(bytes);
  return out.hex();
}

// A few frames with files over their borders.
Made small() {
  std::vector<ListSource::One> list = {node_of("data", EntryType::directory)};
  std::uint32_t state = 1;
  for (int i = 0; i < 6; ++i) {
    std::string content(1500, '\0');
    for (char& c : content) {
      c = static_cast<char>((state = state * 1664525 + 1013904223) >> 24U);
    }
    list.push_back(file_of(fmt::format("data/file-{}", i), content));
  }
  list.push_back(node_of("data/link", EntryType::symlink, "file-0"));
  ListSource source(list);
  return *make(source, {.frame = 2048});
}

// The stream of an archive.
std::string stream_of(const Made& made) {
  const MemoryBlob blob(made.blob);
  FrameReader reader(blob, {.most = made.summary.raw_bytes});
  std::string out;
  std::string chunk(k_chunk, '\0');
  while (const std::size_t n = *reader.read(chunk)) {
    out += chunk.substr(0, n);
  }
  return out;
}

// With digests that fit what it holds now, as somebody would leave it who changes an archive.
Made sealed(Made made) {
  made.summary.blob_bytes = made.blob.size();
  made.summary.index_bytes = made.index.size();
  made.summary.blob_sha256 = digest(made.blob);
  made.summary.index_sha256 = digest(made.index);
  return made;
}

// An archive with this stream and the index of another.
Made with_stream(Made made, const std::string& stream) {
  FrameTotals totals;
  made.blob.clear();
  FrameWriter writer(into(made.blob), {.frame = 2048});
  REQUIRE(writer.write(stream).has_value());
  totals = *writer.finish();
  const auto index = read_index(Opened(made).stored);
  REQUIRE(index.has_value());
  made.index.clear();
  IndexWriter lines(into(made.index));
  for (const Entry& entry : index->entries) {
    REQUIRE(lines.add(entry).has_value());
  }
  REQUIRE(lines.finish(totals).has_value());
  made.summary.raw_bytes = totals.raw_bytes;
  made.summary.tar_sha256 = totals.raw_sha256;
  return sealed(made);
}

Error error_of(const Made& made, Level level = Level::full) {
  const auto result = verify(made, level);
  REQUIRE_FALSE(result.has_value());
  CHECK(result.error().code == Code::integrity);
  CHECK_FALSE(result.error().message.empty());
  return result.error();
}

bool has(const Error& error, std::string_view text) {
  const bool out = error.message.find(text) != std::string::npos;
  if (!out) {
    MESSAGE(error.message);
  }
  return out;
}

// Steps through a file that come to every block of 512 bytes, to bytes around it, and to every bit.
std::vector<std::size_t> places(std::size_t size) {
  std::vector<std::size_t> out;
  for (std::size_t at = 0; at < size; ++at) {
    if (at % 512 < 2 || at % 512 == 511 || at % 13 == 0) {
      out.push_back(at);
    }
  }
  return out;
}

}  // namespace

TEST_CASE("an archive that is cut anywhere is an error on both levels") {
  const Made whole = small();
  REQUIRE(verify(whole, Level::full).has_value());
  for (const std::size_t size : places(whole.blob.size())) {
    Made cut = whole;
    cut.blob.resize(size);
    for (const Level level : {Level::quick, Level::full}) {
      const Error error = error_of(cut, level);
      CHECK(has(error, fmt::format("ends at byte {} of {}", size, whole.blob.size())));
      CHECK(has(error, "'data"));
    }
  }
  for (const std::size_t size : places(whole.index.size())) {
    Made cut = whole;
    cut.index.resize(size);
    error_of(cut, Level::quick);
    error_of(cut, Level::full);
  }
  Made longer = whole;
  longer.blob += '\0';
  CHECK(has(error_of(longer, Level::quick), "1 bytes too many"));
}

TEST_CASE("every flipped bit is an error, and names frame and file where it can") {
  const Made whole = small();
  std::size_t named = 0;
  const auto all = places(whole.blob.size());
  for (const std::size_t at : all) {
    Made flipped = whole;
    flipped.blob[at] = static_cast<char>(flipped.blob[at] ^ (1 << (at % 8)));
    error_of(flipped, Level::quick);
    const Error error = error_of(flipped, Level::full);
    named += error.message.find("the frame at byte ") != std::string::npos &&
             error.message.find("'data") != std::string::npos;
  }
  CHECK(named > all.size() * 9 / 10);
  for (const std::size_t at : places(whole.index.size())) {
    Made flipped = whole;
    flipped.index[at] = static_cast<char>(flipped.index[at] ^ (1 << (at % 8)));
    error_of(flipped, Level::quick);
    error_of(flipped, Level::full);
  }
}

TEST_CASE("a damaged frame is an error though the digests fit it") {
  const Made whole = small();
  std::size_t undetected = 0;
  for (const std::size_t at : places(whole.blob.size())) {
    Made flipped = whole;
    flipped.blob[at] = static_cast<char>(flipped.blob[at] ^ 1);
    flipped = sealed(flipped);
    // A bit that zstd ignores changes nothing in what is decoded.
    undetected += verify(flipped, Level::full).has_value() ? 1 : 0;
  }
  CHECK(undetected < 10);
}

TEST_CASE("a stream cut at every block and every byte is no archive") {
  const std::string stream = stream_of(small());
  for (std::size_t size = 0; size < stream.size(); ++size) {
    const auto checked = check_foreign_tar(from(std::string_view(stream).substr(0, size)));
    REQUIRE_FALSE(checked.has_value());
    CHECK(has(checked.error(), fmt::format("ended early at byte {}", size)));
    if (size % k_block != 0) {
      continue;
    }
    TarSource source(from(std::string_view(stream).substr(0, size)));
    std::string blob;
    std::string index;
    const auto written = write_archive(source, into(blob), into(index));
    REQUIRE_FALSE(written.has_value());
    CHECK(has(written.error(), fmt::format("ended early at byte {}", size)));
  }
}

TEST_CASE("the last file of zeros is not taken for the end") {
  const std::string stream = tar_of(
      {node_of("data", EntryType::directory), file_of("data/zeros", std::string(4096, '\0'))});
  for (const std::size_t left : {std::size_t{0}, k_block}) {
    TarSource source(from(std::string_view(stream).substr(0, stream.size() - k_trailer + left)));
    std::string blob;
    CHECK(has(write_archive(source, into(blob), into(blob)).error(), "ended early"));
  }
}

TEST_CASE("something behind the end is an error, zeros are not") {
  const std::string stream = tar_of({node_of("data", EntryType::directory)});
  std::string blob;
  const std::string zeros = stream + std::string(8192, '\0');
  TarSource good(from(zeros));
  CHECK(write_archive(good, into(blob), into(blob)).has_value());
  const std::string more = zeros + "x";
  TarSource bad(from(more));
  CHECK(has(write_archive(bad, into(blob), into(blob)).error(), "behind the end"));
}

TEST_CASE("a stream that does not fit its index is an error that names the file") {
  const Made whole = small();
  const std::string stream = stream_of(whole);
  REQUIRE(verify(with_stream(whole, stream), Level::full).has_value());

  std::string content = stream;
  const auto index = read_index(Opened(whole).stored);
  const Entry& third = index->entries[3];
  content[third.offset + k_block + 10] ^= 1;
  CHECK(has(error_of(with_stream(whole, content)), "the content of 'data/file-2'"));

  // Another mode, with a right sum.
  std::string mode = stream;
  auto member = TarReader(from(std::string_view(stream).substr(third.offset))).next();
  Member changed = **member;
  changed.entry.mode = 04755;
  mode.replace(third.offset, k_block, header_of(changed));
  CHECK(has(error_of(with_stream(whole, mode)), "not what its index says of 'data/file-2'"));

  const std::string cut = stream.substr(0, stream.size() - k_block);
  CHECK(has(error_of(with_stream(whole, cut)), "ended early"));

  std::string longer = stream.substr(0, stream.size() - k_trailer);
  longer += header_of(node_of("data/more", EntryType::fifo).member) + std::string(k_trailer, '\0');
  CHECK(has(error_of(with_stream(whole, longer)), "'data/more'"));

  CHECK(has(error_of(with_stream(whole, stream + "x")), "behind the end"));
  // Zeros behind the end are not what was written either, though any tar takes them.
  Made zeros = with_stream(whole, stream + std::string(512, '\0'));
  zeros.summary.raw_bytes = whole.summary.raw_bytes;
  error_of(zeros);
}

TEST_CASE("an index is believed only when it says what is expected") {
  const Made whole = small();
  const auto with_lines = [&](const std::function<void(std::string&)>& change) {
    Made out = whole;
    const MemoryBlob blob(whole.index);
    FrameReader reader(blob, {.most = 1 << 20});
    std::string lines(k_chunk, '\0');
    lines.resize(*reader.read(lines));
    change(lines);
    out.index.clear();
    FrameWriter writer(into(out.index), {});
    REQUIRE(writer.write(lines).has_value());
    REQUIRE(writer.finish().has_value());
    return sealed(out);
  };
  const auto replace = [&](const std::string& what, const std::string& with) {
    return with_lines([&](std::string& lines) {
      REQUIRE(lines.find(what) != std::string::npos);
      lines.replace(lines.find(what), what.size(), with);
    });
  };
  REQUIRE(verify(with_lines([](std::string&) {}), Level::full).has_value());
  const std::vector<std::pair<std::string, std::string>> changes = {
      {"\"obsctl-archive-index\":1", "\"obsctl-archive-index\":2"},
      {"{\"obsctl-archive-index\":1}\n", ""},
      {"\"data/file-1\"", "\"data/file-9\""},
      {"\"size\":1500", "\"size\":-1"},
      {"\"size\":1500", "\"size\":1.5e3"},
      {"\"size\":1500", "\"size\":18446744073709551616"},
      {"\"type\":\"file\"", "\"type\":\"socket\""},
      {"\"mode\":420", "\"mode\":\"420\""},
      {"\"offset\":0", "\"offset\":512"},
      {"\"path\":\"data/file-1\"", "\"path64\":\"!\""},
      {"\"frame\":[0,0]", "\"frame\":[0,1]"},
      {"\"frame\":[2048,", "\"frame\":[2049,"},
      {"\"entries\":8", "\"entries\":9"},
      {"{\"end\":", "{\"fin\":"},
      {"\n{\"end\":", "\n\n{\"end\":"},
  };
  for (const auto& [what, with] : changes) {
    INFO(what << " → " << with);
    error_of(replace(what, with));
  }
  error_of(with_lines([](std::string& lines) { lines += "{}\n"; }));
  error_of(with_lines([](std::string& lines) { lines.pop_back(); }));
}

TEST_CASE("nothing grows by what a file claims") {
  const Made whole = small();
  // A frame of many zeros in few bytes, beyond the stream that was written.
  Made bomb = whole;
  std::string packed;
  Compressor compressor(19);
  const std::string zeros(k_most_frame, '\0');
  packed.resize(*compressor.pack(zeros, packed));
  bomb.blob += packed;
  error_of(sealed(bomb));
  bomb.blob = packed + packed;
  CHECK(has(error_of(sealed(bomb)), "holds more than"));
  // A frame larger than any that is written.
  const std::string large(k_most_frame + 1, 'x');
  packed.resize(*compressor.pack(large, packed));
  bomb.blob = packed;
  CHECK(has(error_of(sealed(bomb)), "frame at byte 0"));
  // A pax header and a map of holes that claim to be endless.
  Entry entry;
  entry.path = "data/x";
  entry.size = 1 << 20;
  Member holes{.entry = entry, .data = {{.offset = 512, .size = 1}}};
  std::string header = header_of(holes);
  const auto map = header.rfind("2\n512\n1\n");
  REQUIRE(map != std::string::npos);
  header.replace(map, 2, "9999999999999999999\n");
  CHECK_FALSE(TarReader(from(header)).next().has_value());
}

TEST_CASE("damage while extracting is an error, and the sink is not finished") {
  const Made whole = small();
  for (std::size_t at = 10; at < whole.blob.size(); at += 97) {
    Made flipped = whole;
    flipped.blob[at] = static_cast<char>(flipped.blob[at] ^ 4);
    const Scratch scratch;
    const auto result = unpack(flipped, scratch.make("out"));
    if (result) {  // a bit that zstd ignores
      CHECK(result->entries == whole.summary.entries);
    } else {
      CHECK(result.error().code == Code::integrity);
    }
  }
}

}  // namespace obsctl::archive::test

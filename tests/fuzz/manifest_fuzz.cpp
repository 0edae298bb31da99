// SPDX-License-Identifier: Apache-2.0
// Manifests, marks and journals of strangers: an error that says something, or values that come back as they
// are, with names that lead nowhere and texts that are fit to be shown.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "lib/backup/journal.hpp"
#include "lib/backup/manifest.hpp"
#include "lib/backup/marks.hpp"
#include "lib/backup/names.hpp"

namespace {

using namespace obsctl;

void check(bool holds) {
  if (!holds) {
    std::abort();
  }
}

void read_manifest(std::string_view text) {
  const auto manifest = backup::parse_manifest(text, "fuzz");
  if (!manifest) {
    check(!manifest.error().message.empty());
    return;
  }
  check(backup::is_set_id(manifest->id));
  for (const auto& volume : manifest->volumes) {
    check(backup::is_volume_name(volume.name));
    check((volume.path + volume.source).find_first_of("\x1b\n\r") == std::string::npos);
  }
  const auto again = backup::parse_manifest(backup::print_manifest(*manifest), "fuzz");
  check(again && *again == *manifest);
}

void read_marks(std::string_view text) {
  const auto marks = backup::parse_marks(text, "fuzz");
  check(marks || !marks.error().message.empty());
  if (marks) {
    check(backup::parse_marks(backup::print_marks(*marks), "fuzz").has_value());
  }
}

void read_journal(std::string_view text) {
  const auto journal = backup::parse_journal(text, "fuzz");
  check(journal || !journal.error().message.empty());
  if (journal) {
    check(backup::is_set_id(journal->id) && journal->target.is_absolute());
    for (const auto& volume : journal->volumes) {
      check(backup::is_volume_name(volume.name));
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  read_manifest(text);
  read_marks(text);
  read_journal(text);
  return 0;
}

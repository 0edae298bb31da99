// SPDX-License-Identifier: Apache-2.0
// Support archives of strangers, and texts from which secrets are taken. Evidence that is read can be
// written and read again, and its labels are fit to be shown; a secret that is known is in no text.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "lib/bundle/recording.hpp"
#include "lib/bundle/redact.hpp"
#include "lib/bundle/tar.hpp"

namespace {

using namespace obsctl;

void check(bool holds) {
  if (!holds) {
    std::abort();
  }
}

void read(std::string_view bytes) {
  const auto recording = bundle::read_recording(bytes, "fuzz");
  if (!recording) {
    check(!recording.error().message.empty());
    return;
  }
  for (const health::Reading& reading : recording->evidence.readings) {
    for (const health::Sample& sample : reading.samples) {
      for (const auto& [name, value] : sample.labels) {
        check((name + value).find_first_of("\x1b\n\r") == std::string::npos);
      }
    }
  }
  const auto json = bundle::recording_json(*recording);
  const auto again = bundle::read_recording(json.dump(), "fuzz");
  check(again.has_value() && bundle::recording_json(*again) == json);
}

void redact(std::string_view text) {
  static const bundle::Redactor k_redactor({"known-secret"});
  const std::string in = "known-secret" + std::string(text);
  check(k_redactor.text(in).find("known-secret") == std::string::npos);
  static_cast<void>(k_redactor.environment(text));
  static_cast<void>(bundle::secrets_in(text));
  static_cast<void>(bundle::secret_settings_in(text));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) {
    return 0;
  }
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 3) {
    case 0: read(text); break;
    case 1: static_cast<void>(bundle::find_in_tar(text, "evidence.json")); break;
    default: redact(text);
  }
  return 0;
}

// SPDX-License-Identifier: Apache-2.0
// Any text through the YAML writer: the reader, which is another library, sees the same text.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "lib/base/utf8.hpp"
#include "lib/yaml/read.hpp"
#include "lib/yaml/write.hpp"

using namespace obsctl;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  if (!is_utf8(text)) {
    return 0;
  }
  const nlohmann::ordered_json value = {{"list", {text, {{text, text}}}}};
  const auto block = yaml::parse(yaml::write(value), "block.yaml");
  const auto line = yaml::parse("[" + yaml::scalar(text) + "]\n", "line.yaml");
  if (!block || !line || line->items.size() != 1 || line->items[0].scalar != text) {
    std::abort();
  }
  const yaml::Node& list = *block->find("list");
  const yaml::Node& map = list.items.at(1);
  if (list.items.at(0).scalar != text || map.entries.at(0).key != text ||
      map.entries.at(0).value.scalar != text) {
    std::abort();
  }
  return 0;
}

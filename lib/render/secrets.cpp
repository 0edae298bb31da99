// Fills random tokens into secret files that do not exist yet.
#include "lib/render/secrets.hpp"

#include <charconv>

#include <fmt/format.h>

namespace obsctl {
namespace {

constexpr std::string_view k_begin = "<random-token:";
constexpr char k_end = '>';

Result<std::string> fill(const std::string& bytes, Random& random) {
  std::string out;
  std::size_t at = 0;
  for (auto mark = bytes.find(k_begin); mark != std::string::npos; mark = bytes.find(k_begin, at)) {
    out.append(bytes, at, mark - at);
    std::size_t length = 0;
    const char* digits = bytes.data() + mark + k_begin.size();
    const auto [end, error] = std::from_chars(digits, bytes.data() + bytes.size(), length);
    if (error != std::errc() || end == bytes.data() + bytes.size() || *end != k_end || length < 16) {
      return fail(Code::config, "malformed mark for a random token", "use token_mark(16) or longer");
    }
    OBS_TRY_ASSIGN(const std::string token, random.token(length));
    out += token;
    at = static_cast<std::size_t>(end - bytes.data()) + 1;
  }
  out.append(bytes, at);
  return out;
}

}  // namespace

std::string token_mark(std::size_t length) {
  return fmt::format("{}{}{}", k_begin, length, k_end);
}

Result<void> fill_secrets(FileTree& tree, Random& random,
                          const std::function<bool(const std::string&)>& on_disk) {
  for (auto& [path, file] : tree) {
    if (!file.secret) {
      if (file.bytes.find(k_begin) != std::string::npos) {
        return fail(Code::config, fmt::format("'{}' holds a token but is not a secret file", path));
      }
      continue;
    }
    if (!on_disk(path)) {
      OBS_TRY_ASSIGN(file.bytes, fill(file.bytes, random));
    }
  }
  return {};
}

}  // namespace obsctl

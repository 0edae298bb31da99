// Tokens are made once, only in secret files, and differ from each other.
#include <doctest/doctest.h>

#include "lib/render/secrets.hpp"

using namespace obsctl;

namespace {

class Counting final : public Random {
 public:
  Result<std::string> token(std::size_t length) override {
    return std::string(length, static_cast<char>('a' + made_++));
  }

 private:
  int made_ = 0;
};

const auto k_nothing = [](const std::string&) { return false; };

}  // namespace

TEST_CASE("every mark gets its own token, files on disk are left alone") {
  Counting random;
  FileTree tree = {{".env", {.bytes = "A=" + token_mark(16) + "\nB=" + token_mark(20) + "\n", .secret = true}},
                   {"kept", {.bytes = token_mark(16), .secret = true}},
                   {"plain", {.bytes = "x"}}};
  REQUIRE(fill_secrets(tree, random, [](const std::string& path) { return path == "kept"; }));
  CHECK(tree.at(".env").bytes == "A=aaaaaaaaaaaaaaaa\nB=bbbbbbbbbbbbbbbbbbbb\n");
  CHECK(tree.at("kept").bytes == token_mark(16));
}

TEST_CASE("a token in a public file and a short token are refused") {
  Counting random;
  FileTree in_public = {{"a.yml", {.bytes = token_mark(32)}}};
  CHECK_FALSE(fill_secrets(in_public, random, k_nothing));
  FileTree in_short = {{"a", {.bytes = token_mark(8), .secret = true}}};
  CHECK_FALSE(fill_secrets(in_short, random, k_nothing));
}

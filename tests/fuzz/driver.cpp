// SPDX-License-Identifier: Apache-2.0
// Runs a libFuzzer target without libFuzzer: a fixed number of seeded mutations of its corpus.
//
// With this every build, also one by GCC under AddressSanitizer, exercises the parsers; a clang
// build can link the same targets with -fsanitize=fuzzer for coverage-guided runs.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using Random = std::mt19937_64;

std::vector<std::string> read_corpus(const std::filesystem::path& directory) {
  std::vector<std::string> out;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    std::ifstream in(entry.path(), std::ios::binary);
    out.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  }
  return out;
}

void mutate(std::string& text, const std::vector<std::string>& corpus, Random& random) {
  const std::size_t at = text.empty() ? 0 : random() % text.size();
  switch (random() % 6) {
    case 0: text.insert(at, 1, static_cast<char>(random())); break;
    case 1: text.erase(at, random() % 8); break;
    case 2:
      if (!text.empty()) {
        text[at] = static_cast<char>(static_cast<unsigned char>(text[at]) ^ (1U << (random() % 8)));
      }
      break;
    case 3: text.insert(at, text.substr(random() % (text.size() + 1), random() % 64)); break;
    case 4: text.resize(at); break;
    default: {
      const std::string& other = corpus[random() % corpus.size()];
      text.insert(at, other.substr(random() % (other.size() + 1), random() % 128));
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: %s CORPUS ITERATIONS\n", argv[0]);
    return 2;
  }
  const auto corpus = read_corpus(argv[1]);
  if (corpus.empty()) {
    std::fprintf(stderr, "empty corpus: %s\n", argv[1]);
    return 2;
  }
  Random random(20250101);
  const long iterations = std::atol(argv[2]);
  const char* keep = std::getenv("FUZZ_KEEP");
  for (long i = 0; i < iterations; ++i) {
    std::string text = corpus[random() % corpus.size()];
    for (auto n = random() % 8; n > 0; --n) {
      mutate(text, corpus, random);
    }
    if (keep != nullptr) {  // the input that crashes the process is the one left in the file
      std::ofstream(keep, std::ios::binary) << text;
    }
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
  }
  std::printf("%ld inputs\n", iterations);
  return 0;
}

// SPDX-License-Identifier: Apache-2.0
// Runs a libFuzzer target without libFuzzer: the corpus as it is, then seeded mutations of it.
//
// With this every build, also one by GCC under AddressSanitizer, exercises the parsers; a clang
// build can link the same targets with -fsanitize=fuzzer for coverage-guided runs. Every run has a
// new seed, which is printed: FUZZ_SEED repeats a run, FUZZ_ITERATIONS makes a longer one. An input
// that breaks the target is written into the corpus, where the next run starts with it.
#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
// Of the sanitizers, when the build has one; they end the process without a signal.
extern "C" void __sanitizer_set_death_callback(void (*callback)()) __attribute__((weak));

namespace {

using Random = std::mt19937_64;

// For the handler, which may not allocate.
std::string g_find;
std::string g_input;

void say(std::string_view text) {
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
}

void keep_input() {
  const int file = ::open(g_find.c_str(), O_CREAT | O_WRONLY | O_TRUNC, 0644);
  if (file >= 0) {
    const bool kept = ::write(file, g_input.data(), g_input.size()) >= 0;
    ::close(file);
    if (kept) {
      say("kept: ");
      say(g_find);
      say("\n");
    }
  }
}

void on_signal(int signal) {
  keep_input();
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

void watch() {
  if (__sanitizer_set_death_callback != nullptr) {
    __sanitizer_set_death_callback(keep_input);
  }
  for (const int signal : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL}) {
    std::signal(signal, on_signal);
  }
}

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

void run(std::string input) {
  g_input = std::move(input);
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(g_input.data()), g_input.size());
}

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text != nullptr ? std::strtoull(text, nullptr, 10) : otherwise;
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
  const auto seed = from_environment("FUZZ_SEED", std::random_device()());
  const auto iterations = from_environment("FUZZ_ITERATIONS", std::strtoull(argv[2], nullptr, 10));
  std::printf("FUZZ_SEED=%llu repeats this run\n", static_cast<unsigned long long>(seed));
  std::fflush(stdout);  // before something breaks
  g_find = std::string(argv[1]) + "/find-" + std::to_string(seed);
  watch();
  for (const std::string& input : corpus) {
    run(input);
  }
  Random random(seed);
  for (std::uint64_t i = 0; i < iterations; ++i) {
    std::string text = corpus[random() % corpus.size()];
    for (auto n = random() % 8; n > 0; --n) {
      mutate(text, corpus, random);
    }
    run(std::move(text));
  }
  std::printf("%llu inputs\n", static_cast<unsigned long long>(corpus.size() + iterations));
  return 0;
}

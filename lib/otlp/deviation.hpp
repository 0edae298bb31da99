// SPDX-License-Identifier: Apache-2.0
// Where and how a request differs from the OTLP specification, as values.
//
// A sender may repeat one mistake a million times: what is kept is the first place of every kind of
// mistake, how often it came, and never more than a fixed number of kinds.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace obsctl::otlp {

// The place of a value: "resourceSpans[0].scopeSpans[0].spans[2].traceId".
class Path {
 public:
  // Enters a member, and leaves it at the end of the scope. The name lives as long.
  class Step {
   public:
    static constexpr std::uint32_t k_no_index = UINT32_MAX;
    Step(Path& path, std::string_view name, std::uint32_t index = k_no_index)
        : path_(path), outer_(path.innermost_), name_(name), index_(index) {
      path.innermost_ = this;
    }
    Step(const Step&) = delete;
    Step& operator=(const Step&) = delete;
    ~Step() { path_.innermost_ = outer_; }

   private:
    friend class Path;
    Path& path_;
    const Step* outer_;
    std::string_view name_;
    std::uint32_t index_;
  };

  [[nodiscard]] std::string text() const;
  // The same for every element of the same lists.
  [[nodiscard]] std::uint64_t shape() const;

 private:
  const Step* innermost_ = nullptr;
};

struct Deviation {
  std::string path;         // of the first one
  std::string what;         // "base64, 16 bytes; OTLP/JSON wants 32 hex digits"
  std::uint64_t kind = 0;   // the same for the same mistake in the same kind of place
  std::uint64_t count = 1;  // how many of this kind the request has
  bool operator==(const Deviation&) const = default;
};

// "path: what", and how often when more than once.
[[nodiscard]] std::string to_text(const Deviation& deviation);

class Deviations {
 public:
  static constexpr std::size_t k_kinds = 10;

  // `what` is called for the first deviation of a kind only.
  template <class What>
  void add(const Path& path, std::string_view mistake, What&& what) {
    if (Deviation* known = find(path, mistake)) {
      known->what = std::forward<What>(what)();
    }
  }

  [[nodiscard]] const std::vector<Deviation>& kept() const { return kept_; }
  [[nodiscard]] std::uint64_t others() const { return others_; }  // of kinds that are not kept

 private:
  // Counts it; the new entry when this is the first of its kind and there is room.
  Deviation* find(const Path& path, std::string_view mistake);

  std::vector<Deviation> kept_;
  std::uint64_t others_ = 0;
};

// What every reader of a request carries along: the place, the deviations that somebody wants to
// know, and the first reason to refuse the request.
class Findings {
 public:
  explicit Findings(Deviations* deviations) : deviations_(deviations) {}

  template <class What>
  void deviates(std::string_view mistake, What&& what) {
    if (deviations_ != nullptr) {
      deviations_->add(path, mistake, std::forward<What>(what));
    }
  }
  // A deviation that a real collector does not accept either. Reading goes on, to find the others.
  template <class What>
  void refuses(std::string_view mistake, What&& what) {
    if (refusal.empty()) {
      refusal = path.text() + ": " + what();
    }
    deviates(mistake, std::forward<What>(what));
  }
  [[nodiscard]] bool wants_deviations() const { return deviations_ != nullptr; }

  Path path;
  std::string refusal;

 private:
  Deviations* deviations_;
};

// A value from outside for a sentence: short, and without control characters.
[[nodiscard]] std::string shown(std::string_view value);

}  // namespace obsctl::otlp

// SPDX-License-Identifier: Apache-2.0
// Rates in closed form; only the inverse of the wavy ones is searched.
#include "lib/loadgen/profile.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "lib/base/text.hpp"
#include "lib/base/units.hpp"

namespace obsctl::loadgen {
namespace {

constexpr double k_two_pi = 2 * std::numbers::pi;

// "10x@30s+15s" into factor, start and length.
Result<void> parse_spike(std::string_view text, std::string_view what, double& factor,
                         double& start, double& length) {
  const auto at = text.find('@');
  const auto plus = text.find('+', at == std::string_view::npos ? 0 : at);
  std::string_view first = text.substr(0, at);
  if (first.ends_with('x')) {
    first.remove_suffix(1);
  }
  OBS_TRY_ASSIGN(factor, parse_count(first, what));
  if (at == std::string_view::npos) {
    return {};
  }
  if (plus == std::string_view::npos) {
    return fail(Code::usage, fmt::format("spike '{}' of {} has no length", text, what),
                "for example spike:10x@30s+15s");
  }
  OBS_TRY_ASSIGN(const Duration begin, parse_duration(text.substr(at + 1, plus - at - 1), what));
  OBS_TRY_ASSIGN(const Duration lasts, parse_duration(text.substr(plus + 1), what));
  start = begin.seconds;
  length = lasts.seconds;
  return {};
}

}  // namespace

Profile Profile::constant(double rate) {
  Profile out;
  out.rate_ = rate;
  return out;
}

Result<Profile> Profile::parse(std::string_view shape, double rate, double duration,
                               std::string_view what) {
  Profile out;
  out.rate_ = rate;
  out.duration_ = duration;
  out.text_ = std::string(shape);
  const auto colon = shape.find(':');
  const std::string_view name = shape.substr(0, colon);
  const std::string_view rest = colon == std::string_view::npos ? "" : shape.substr(colon + 1);
  if (name != "constant" && duration <= 0) {
    return fail(Code::usage, fmt::format("{} '{}' needs a length of the run", what, shape),
                "give the run a duration, for example 60s");
  }
  if (name == "constant" && rest.empty()) {
    return out;
  }
  if (name == "ramp") {
    out.kind_ = Kind::ramp;
    if (!rest.empty()) {
      OBS_TRY_ASSIGN(const Share from, parse_share(rest, what));
      out.from_ = from.value * rate;
    }
    return out;
  }
  if (name == "step") {
    out.kind_ = Kind::step;
    if (!rest.empty()) {
      OBS_TRY_ASSIGN(const auto steps, parse_integer(rest, what, 1, 1000));
      out.steps_ = static_cast<int>(steps);
    }
    return out;
  }
  if (name == "spike") {
    out.kind_ = Kind::spike;
    out.from_ = 10;
    out.start_ = duration * 0.4;
    out.length_ = duration * 0.2;
    if (!rest.empty()) {
      OBS_TRY(parse_spike(rest, what, out.from_, out.start_, out.length_));
    }
    return out;
  }
  if (name == "sine") {
    out.kind_ = Kind::sine;
    out.from_ = 0.5;
    out.length_ = duration;
    if (!rest.empty()) {
      const auto slash = rest.find('/');
      OBS_TRY_ASSIGN(const Share amplitude, parse_share(rest.substr(0, slash), what));
      out.from_ = amplitude.value;
      if (slash != std::string_view::npos) {
        OBS_TRY_ASSIGN(const Duration period, parse_duration(rest.substr(slash + 1), what));
        out.length_ = period.seconds;
      }
    }
    if (out.length_ <= 0) {
      return fail(Code::usage, fmt::format("{} '{}' needs a period above 0", what, shape));
    }
    return out;
  }
  return fail(
      Code::usage, fmt::format("{} '{}' is not a rate profile", what, shape),
      "constant, ramp[:FROM%], step[:N], spike[:Fx@START+LENGTH] or sine[:AMPLITUDE/PERIOD]");
}

double Profile::rate_at(double t) const {
  switch (kind_) {
    case Kind::constant: return rate_;
    case Kind::ramp: return from_ + (rate_ - from_) * std::clamp(t / duration_, 0.0, 1.0);
    case Kind::step: {
      const double step = std::floor(std::clamp(t / duration_, 0.0, 1.0) * steps_);
      return rate_ * std::min(step + 1, static_cast<double>(steps_)) / steps_;
    }
    case Kind::spike: return t >= start_ && t < start_ + length_ ? rate_ * from_ : rate_;
    case Kind::sine: return rate_ * (1 + from_ * std::sin(k_two_pi * t / length_));
  }
  return rate_;
}

double Profile::due_by(double t) const {
  if (t <= 0) {
    return 0;
  }
  switch (kind_) {
    case Kind::constant: return rate_ * t;
    case Kind::ramp: {
      const double in = std::min(t, duration_);
      return from_ * in + (rate_ - from_) * in * in / (2 * duration_) + rate_ * (t - in);
    }
    case Kind::step: {
      const double length = duration_ / steps_;
      const double whole = std::min(std::floor(t / length), static_cast<double>(steps_));
      const double done = rate_ / steps_ * length * whole * (whole + 1) / 2;
      return done + rate_at(t) * (t - whole * length);
    }
    case Kind::spike: return rate_ * t + rate_ * (from_ - 1) * std::clamp(t - start_, 0.0, length_);
    case Kind::sine:
      return rate_ * (t + from_ * length_ / k_two_pi * (1 - std::cos(k_two_pi * t / length_)));
  }
  return 0;
}

double Profile::time_of(double items) const {
  if (items <= 0 && rate_at(0) > 0) {
    return 0;
  }
  if (kind_ == Kind::constant) {
    return items / rate_;
  }
  return bisect(std::max(items, 0.0));
}

double Profile::bisect(double items) const {
  double low = 0;
  double high = std::max(duration_, 1.0);
  while (due_by(high) < items) {
    low = high;
    high *= 2;
    if (high > 1e9) {
      return high;
    }
  }
  // 60 halvings: below a nanosecond for any run shorter than a month.
  for (int i = 0; i < 60 && high - low > 1e-10; ++i) {
    const double middle = (low + high) / 2;
    (due_by(middle) < items ? low : high) = middle;
  }
  return high;
}

double Profile::peak() const {
  switch (kind_) {
    case Kind::spike: return rate_ * std::max(1.0, from_);
    case Kind::sine: return rate_ * (1 + from_);
    case Kind::ramp: return std::max(rate_, from_);
    default: return rate_;
  }
}

}  // namespace obsctl::loadgen

// SPDX-License-Identifier: Apache-2.0
// Draws own times first and lays them out second, so that a trace can be stretched or squeezed to
// its class.
#include "lib/loadgen/trace_draft.hpp"

#include <algorithm>
#include <cmath>

namespace obsctl::loadgen {
namespace {

constexpr double k_normal_p99 = 2.3263478740408408;  // 99th percentile of the standard normal

// True for item `index` when `share` of a sequence are spread evenly over it. The tiny addend keeps
// shares such as 0.005 from landing just below a whole number.
bool is_hit(double share, std::uint64_t index) {
  const auto i = static_cast<double>(index);
  return std::floor((i + 1) * share + 1e-9) > std::floor(i * share + 1e-9);
}

// Another place of `index` within its thousand. Shares that are spread evenly by number meet in all
// of their multiples or in none; of two, one must count in another order to be independent.
std::uint64_t shuffled(std::uint64_t index) {
  std::uint64_t x = index % 1000;
  do {  // a bijection on ten bits, repeated until it is below 1000 again
    x ^= x >> 5U;
    x = x * 0x2d5U & 1023U;
    x ^= x >> 5U;
    x = x * 0x1b3U & 1023U;
    x ^= x >> 4U;
  } while (x >= 1000);
  return index / 1000 * 1000 + x;
}

std::int64_t draw_own(const Latency& latency, Numbers& numbers) {
  const double median = std::max(latency.median.seconds, 1e-6);
  const double sigma =
      latency.p99.seconds > median ? std::log(latency.p99.seconds / median) / k_normal_p99 : 0.0;
  return static_cast<std::int64_t>(median * std::exp(sigma * numbers.normal()) * 1e9);
}

struct Place {
  std::uint32_t service = 0;
  std::uint32_t operation = 0;
};

Place find_operation(const Scenario& scenario, const std::string& service,
                     const std::string& operation) {
  for (std::uint32_t s = 0; s < scenario.services.size(); ++s) {
    if (scenario.services[s].name != service) {
      continue;
    }
    const auto& operations = scenario.services[s].operations;
    for (std::uint32_t o = 0; o < operations.size(); ++o) {
      if (operations[o].name == operation) {
        return {s, o};
      }
    }
  }
  return {};  // parse_scenario() has checked every name
}

void draw_spans(const Scenario& scenario, Place place, std::int32_t parent, bool parallel,
                Numbers& numbers, std::vector<SpanDraft>& out) {
  if (out.size() >= k_max_spans) {
    return;
  }
  const Operation& operation = scenario.services[place.service].operations[place.operation];
  const auto self = static_cast<std::int32_t>(out.size());
  SpanDraft span;
  span.service = place.service;
  span.operation = place.operation;
  span.parent = parent;
  span.own = draw_own(operation.latency, numbers);
  span.parallel = parallel;
  out.push_back(span);
  for (const Call& call : operation.calls) {
    for (int i = 0; i < call.count; ++i) {
      if (call.share >= 1 || numbers.unit() < call.share) {
        draw_spans(scenario, find_operation(scenario, call.service, call.operation), self,
                   call.parallel, numbers, out);
      }
    }
  }
}

// Lays a span out from `start`: a third of its own time, its calls, the rest. Returns its end.
std::int64_t lay_out(std::vector<SpanDraft>& spans, std::size_t self, std::int64_t start) {
  spans[self].start = start;
  std::int64_t at = start + spans[self].own / 3;
  std::int64_t previous = at;
  for (std::size_t i = self + 1; i < spans.size(); ++i) {
    if (spans[i].parent != static_cast<std::int32_t>(self)) {
      continue;
    }
    const std::int64_t begin = spans[i].parallel ? previous : at;
    at = std::max(at, lay_out(spans, i, begin));
    previous = begin;
  }
  spans[self].end = at + spans[self].own - spans[self].own / 3;
  return spans[self].end;
}

// Makes one operation slow enough that the whole trace takes between one and two thresholds.
void stretch(std::vector<SpanDraft>& spans, double threshold, Numbers& numbers) {
  lay_out(spans, 0, 0);
  const auto least = static_cast<std::int64_t>(threshold * 1e9);
  const auto wanted =
      least + 2'000'000 + static_cast<std::int64_t>(numbers.unit() * threshold * 1e9);
  if (spans.front().end < wanted) {
    // Parallel siblings hide time, so the delay goes to the root's own work when it would not show.
    auto& victim = spans[spans.size() > 1 ? 1 + numbers.below(spans.size() - 1) : 0];
    const std::int64_t before = victim.own;
    victim.own += wanted - spans.front().end;
    lay_out(spans, 0, 0);
    if (spans.front().end < least) {
      victim.own = before;
      lay_out(spans, 0, 0);
      spans.front().own += wanted - spans.front().end;
    }
  }
}

void squeeze(std::vector<SpanDraft>& spans, double limit) {
  lay_out(spans, 0, 0);
  const double length = static_cast<double>(spans.front().end) * 1e-9;
  if (length > limit) {
    for (SpanDraft& span : spans) {
      span.own = static_cast<std::int64_t>(static_cast<double>(span.own) * limit / length);
    }
  }
}

// An error begins somewhere and shows in every caller up to the root.
void break_somewhere(const Scenario& scenario, std::vector<SpanDraft>& spans, Numbers& numbers) {
  std::vector<std::size_t> able;
  for (std::size_t i = 0; i < spans.size(); ++i) {
    if (scenario.services[spans[i].service].operations[spans[i].operation].fails) {
      able.push_back(i);
    }
  }
  std::size_t at = able.empty() ? 0 : able[numbers.below(able.size())];
  spans[at].origin = true;
  while (true) {
    spans[at].error = true;
    if (spans[at].parent < 0) {
      return;
    }
    at = static_cast<std::size_t>(spans[at].parent);
  }
}

const Root& choose_root(const Scenario& scenario, Numbers& numbers) {
  double sum = 0;
  for (const Root& root : scenario.roots) {
    sum += root.weight;
  }
  double at = numbers.unit() * sum;
  for (const Root& root : scenario.roots) {
    at -= root.weight;
    if (at < 0) {
      return root;
    }
  }
  return scenario.roots.back();
}

}  // namespace

TraceClass class_of(const Mix& mix, std::uint64_t index) {
  if (is_hit(mix.errors, index)) {
    return TraceClass::error;
  }
  // The other shares count among what is left, by its own number, so that all hold exactly.
  auto rest = index - static_cast<std::uint64_t>(
                          std::floor(static_cast<double>(index) * mix.errors + 1e-9));
  if (mix.errors < 1 && is_hit(mix.slow / (1 - mix.errors), rest)) {
    return TraceClass::slow;
  }
  const double share = mix.slow / (1 - mix.errors);
  rest -= static_cast<std::uint64_t>(std::floor(static_cast<double>(rest) * share + 1e-9));
  const double left = 1 - mix.errors - mix.slow;
  return left > 0 && is_hit(std::min(1.0, mix.health / left), rest) ? TraceClass::health
                                                                    : TraceClass::normal;
}

TraceDraft draw_trace(const Scenario& scenario, std::uint64_t index, Numbers& numbers) {
  TraceDraft out;
  const Mix& mix = scenario.mix;
  out.kind = class_of(mix, index);
  out.vip = out.kind != TraceClass::health && is_hit(mix.vip, shuffled(index));
  const Root& root = choose_root(scenario, numbers);
  const Place place = find_operation(scenario, root.service, root.operation);
  if (out.kind == TraceClass::health) {
    SpanDraft span;
    span.service = place.service;
    span.operation = place.operation;
    span.own = 1'000'000 + static_cast<std::int64_t>(numbers.below(1'000'000));
    out.spans.push_back(span);
  } else {
    draw_spans(scenario, place, -1, false, numbers, out.spans);
  }
  if (out.kind == TraceClass::slow) {
    stretch(out.spans, mix.slow_threshold.seconds, numbers);
  } else if (mix.slow > 0) {
    squeeze(out.spans, mix.slow_threshold.seconds * 0.4);
  }
  lay_out(out.spans, 0, 0);
  if (out.kind == TraceClass::error) {
    break_somewhere(scenario, out.spans, numbers);
  }
  out.immediate = static_cast<std::uint32_t>(out.spans.size());
  if (out.spans.size() > 1) {
    out.late = is_hit(mix.late, index);
    if (out.late || is_hit(mix.split, index + 1)) {
      out.immediate = static_cast<std::uint32_t>((out.spans.size() + 1) / 2);
    }
  }
  return out;
}

TraceFacts facts_of(const Scenario& scenario, const TraceDraft& trace, std::size_t first,
                    std::size_t last) {
  TraceFacts out;
  std::int64_t begin = INT64_MAX;
  std::int64_t end = INT64_MIN;
  for (std::size_t i = first; i < last; ++i) {
    const SpanDraft& span = trace.spans[i];
    out.error = out.error || span.error;
    out.exception = out.exception || span.origin;
    const auto skew =
        static_cast<std::int64_t>(scenario.services[span.service].clock_skew.seconds * 1e9);
    begin = std::min(begin, span.start + skew);
    end = std::max(end, span.end + skew);
  }
  out.noise = trace.kind == TraceClass::health;
  out.length = first < last ? end - begin : 0;
  return out;
}

}  // namespace obsctl::loadgen

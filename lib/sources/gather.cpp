// SPDX-License-Identifier: Apache-2.0
// Runs the questions side by side and keeps what they gave.
#include "lib/sources/gather.hpp"

#include <algorithm>
#include <cmath>
#include <thread>

namespace obsctl::health {
namespace {

// Values that are no numbers say nothing, and would only spoil sums.
Samples finite(Samples samples) {
  std::erase_if(samples, [](const Sample& sample) { return !std::isfinite(sample.value); });
  return samples;
}

struct Answer {
  Result<Samples> samples = Samples{};
  std::chrono::steady_clock::time_point at = {};
};

Answer ask(const Clock& clock, const Inquiry& question) {
  // The moment of a reading is that of its answer's arrival, as near as it can be known.
  Answer out;
  out.samples = question.read();
  out.at = clock.monotonic();
  if (out.samples) {
    out.samples = finite(std::move(*out.samples));
  }
  return out;
}

// A thread for each: they wait for answers, not for processors.
std::vector<Answer> ask_all(const Clock& clock, const std::vector<const Inquiry*>& questions) {
  std::vector<Answer> out(questions.size());
  std::vector<std::jthread> threads;
  for (std::size_t i = 0; i < questions.size(); ++i) {
    threads.emplace_back([&, i] { out[i] = ask(clock, *questions[i]); });
  }
  threads.clear();
  return out;
}

}  // namespace

Result<Evidence> gather(const Services& services, const std::vector<Inquiry>& questions,
                        Duration sample) {
  Evidence out;
  out.at = services.clock.now();
  std::vector<const Inquiry*> all;
  for (const Inquiry& question : questions) {
    all.push_back(&question);
  }
  const auto start = services.clock.monotonic();
  std::vector<Answer> first = ask_all(services.clock, all);
  std::vector<const Inquiry*> again;
  std::vector<std::size_t> index;
  for (std::size_t i = 0; i < questions.size(); ++i) {
    Reading reading{.component = questions[i].component,
                    .source = questions[i].source,
                    .from = questions[i].from,
                    .samples = {}};
    if (first[i].samples) {
      reading.samples = std::move(*first[i].samples);
    } else {
      reading.error = std::move(first[i].samples).error();
    }
    if (questions[i].twice && !reading.error) {
      again.push_back(&questions[i]);
      index.push_back(i);
    }
    out.readings.push_back(std::move(reading));
  }
  if (again.empty()) {
    return out;
  }
  // From start to start: what one source took to answer is not waited for again.
  const Duration left{std::max(0.0, sample.seconds - services.clock.since(start).seconds)};
  if (!services.clock.sleep(left, services.stop)) {
    return services.stop.failure("the check");
  }
  std::vector<Answer> second = ask_all(services.clock, again);
  for (std::size_t i = 0; i < again.size(); ++i) {
    Reading& reading = out.readings[index[i]];
    if (!second[i].samples) {
      reading.samples.clear();
      reading.error = std::move(second[i].samples).error();
      continue;
    }
    reading.before = std::move(reading.samples);
    reading.samples = std::move(*second[i].samples);
    reading.seconds = std::chrono::duration<double>(second[i].at - first[index[i]].at).count();
  }
  return out;
}

}  // namespace obsctl::health

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

// One run: what was asked, when, and what came of it.
class Gathering {
 public:
  Gathering(const Services& services, const std::vector<Inquiry>& questions)
      : services_(services), questions_(questions), start_(services.clock.monotonic()) {
    out_.at = services.clock.now();
  }

  void first() {
    std::vector<const Inquiry*> all;
    for (const Inquiry& question : questions_) {
      all.push_back(&question);
    }
    for (Answer& answer : ask_all(services_.clock, all)) {
      const Inquiry& question = questions_[out_.readings.size()];
      Reading reading{.component = question.component,
                      .source = question.source,
                      .from = question.from,
                      .samples = {}};
      if (answer.samples) {
        reading.samples = std::move(*answer.samples);
      } else {
        reading.error = std::move(answer.samples).error();
      }
      asked_at_.push_back(answer.at);
      out_.readings.push_back(std::move(reading));
    }
  }

  // Those that `apart` gives a time, that long after the start.
  Result<void> again(const std::vector<Duration>& apart) {
    std::vector<const Inquiry*> asked;
    std::vector<std::size_t> index;
    Duration latest;
    for (std::size_t i = 0; i < apart.size(); ++i) {
      if (apart[i].seconds > 0 && questions_[i].twice && !out_.readings[i].error) {
        asked.push_back(&questions_[i]);
        index.push_back(i);
        latest.seconds = std::max(latest.seconds, apart[i].seconds);
      }
    }
    if (asked.empty()) {
      return {};
    }
    // From start to start: what one source took to answer is not waited for again.
    const Duration left{std::max(0.0, latest.seconds - services_.clock.since(start_).seconds)};
    if (!services_.clock.sleep(left, services_.stop)) {
      return services_.stop.failure("the check");
    }
    std::vector<Answer> answers = ask_all(services_.clock, asked);
    for (std::size_t i = 0; i < asked.size(); ++i) {
      take(out_.readings[index[i]], asked_at_[index[i]], std::move(answers[i]));
    }
    return {};
  }

  [[nodiscard]] const Evidence& evidence() const { return out_; }
  Evidence take_evidence() { return std::move(out_); }

 private:
  static void take(Reading& reading, std::chrono::steady_clock::time_point first, Answer answer) {
    if (!answer.samples) {
      reading.samples.clear();
      reading.error = std::move(answer.samples).error();
      return;
    }
    if (reading.seconds == 0) {
      reading.before = std::move(reading.samples);
    }
    reading.samples = std::move(*answer.samples);
    reading.seconds = std::chrono::duration<double>(answer.at - first).count();
  }

  const Services& services_;
  const std::vector<Inquiry>& questions_;
  std::chrono::steady_clock::time_point start_;
  std::vector<std::chrono::steady_clock::time_point> asked_at_;  // of each reading, the first time
  Evidence out_;
};

}  // namespace

Result<Evidence> gather(const Services& services, const std::vector<Inquiry>& questions,
                        Duration sample, const Longer& longer) {
  Gathering run(services, questions);
  run.first();
  OBS_TRY(run.again(std::vector<Duration>(questions.size(), sample)));
  if (longer) {
    std::vector<Duration> apart = longer(run.evidence());
    for (Duration& one : apart) {
      one.seconds = one.seconds > sample.seconds ? one.seconds : 0;
    }
    OBS_TRY(run.again(apart));
  }
  return run.take_evidence();
}

}  // namespace obsctl::health

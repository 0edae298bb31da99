// SPDX-License-Identifier: Apache-2.0
// When each request of one worker is due: a function of its number, shared by workers and shards.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>

#include "lib/loadgen/run.hpp"

namespace obsctl::loadgen {

// The requests of one signal that belong to one worker: first, first + stride, …
class Stream {
 public:
  struct Unsent {
    std::uint64_t items = 0;
    std::uint64_t requests = 0;
  };

  Stream(const Ring& ring, const Plan& plan, std::int64_t offset, std::int64_t stride)
      : ring_(&ring),
        plan_(&plan),
        stride_(stride),
        number_(offset),
        signal_(static_cast<std::size_t>(ring.signal)) {
    first_ = plan.first_request[signal_];
    share_ = plan.share[signal_];
    limit_ = plan.requests[signal_] < 0 ? std::numeric_limits<std::int64_t>::max()
                                        : plan.requests[signal_];
    update();
  }

  [[nodiscard]] const Ring& ring() const { return *ring_; }
  // Number of the next request in the run, counting what earlier runs of this process used.
  [[nodiscard]] std::int64_t number() const { return first_ + number_; }
  // Seconds after the start at which the next request is due; infinite when there is none.
  [[nodiscard]] double due() const { return due_; }
  void advance() {
    number_ += stride_;
    update();
  }
  // Leaves out what is due before `until`, or in a closed loop all that is left of a count.
  Unsent leave_out(double until) {
    Unsent out;
    if (plan_->max && plan_->requests[signal_] < 0) {
      return out;
    }
    if (plan_->max) {
      leave_out_laps(out);
    }
    while (!std::isinf(due_) && (plan_->max || due_ < until)) {
      leave_out_one(out);
    }
    return out;
  }
  [[nodiscard]] std::int64_t used() const { return number_; }

  // Of a metric's request: the number of the one that held the same series before; negative when
  // there was none in this run.
  [[nodiscard]] std::int64_t export_before() const {
    return number_ - static_cast<std::int64_t>(ring_->size) * ring_->laps_per_export;
  }
  // Seconds after the start at which request `number` of this run is due, in an open loop.
  [[nodiscard]] double time_of(std::int64_t number) const {
    const double before = plan_->unit == Unit::requests
                              ? static_cast<double>(number)
                              : static_cast<double>(ring_->items_before(first_ + number) -
                                                    ring_->items_before(first_));
    return plan_->profile.time_of(before / share_);
  }

 private:
  void leave_out_one(Unsent& out) {
    out.items += ring_->requests[ring_->index_of(number())].items;
    ++out.requests;
    advance();
  }
  // What is left of a huge count is too much to walk through. All laps of the ring have the same
  // items, but for the last, which may end in a shorter request.
  void leave_out_laps(Unsent& out) {
    const auto lap = static_cast<std::int64_t>(ring_->size);
    const std::int64_t laps = (limit_ - number_) / (lap * stride_) - 1;
    if (laps < 1) {
      return;
    }
    const std::int64_t from = number_;
    Unsent one;
    for (std::int64_t i = 0; i < lap; ++i) {
      leave_out_one(one);
    }
    out.items += one.items * static_cast<std::uint64_t>(laps);
    out.requests += one.requests * static_cast<std::uint64_t>(laps);
    number_ = from + laps * lap * stride_;
    update();
  }

  void update() {
    if (number_ >= limit_) {
      due_ = std::numeric_limits<double>::infinity();
      return;
    }
    if (plan_->max) {
      due_ = 0;
      return;
    }
    due_ = time_of(number_);
    if (plan_->duration > 0 && due_ >= plan_->duration) {
      due_ = std::numeric_limits<double>::infinity();
    }
  }

  const Ring* ring_;
  const Plan* plan_;
  std::int64_t stride_;
  std::int64_t number_;
  std::size_t signal_;
  std::int64_t first_ = 0;
  std::int64_t limit_ = 0;
  double share_ = 1;
  double due_ = 0;
};

}  // namespace obsctl::loadgen

// SPDX-License-Identifier: Apache-2.0
// Data points of every series, one export after the other: a lap writes every series of the ring
// once.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "lib/loadgen/compile_parts.hpp"

namespace obsctl::loadgen {
namespace {

constexpr std::int64_t k_ring_series = 20000;  // more series are reached by counting their label on
constexpr std::string_view k_series_key = "series";
constexpr std::size_t k_series_width = 8;

// Buckets of cumulative exponential histograms are varints, whose length must not change while they
// grow. They begin where varints become four bytes long, as those of a process that has been up for
// long, and the whole point stops growing before one would need a fifth: after 8 years of exports
// every 10 s, 40 minutes of a closed loop.
constexpr std::uint64_t k_bucket_most = 5;  // per step; times k_delta_most it fits into one byte
constexpr std::uint32_t k_bucket_first = 1U << 21U;
constexpr std::uint32_t k_bucket_limit = ((1U << 28U) - 1) / k_bucket_most;
static_assert(k_bucket_most * k_delta_most < 128);

using Type = Metric::Type;

struct PointDraft {
  std::size_t metric = 0;  // index in Scenario::metrics
  std::size_t service = 0;
  std::int64_t series = 0;  // number among the metric's
};

class MetricCompiler {
 public:
  MetricCompiler(const Scenario& scenario, const CompileOptions& options, bool with_traces)
      : scenario_(scenario), options_(options), with_traces_(with_traces), numbers_(0) {
    for (const Metric& metric : scenario.metrics) {
      digits_.add(metric.attributes);
    }
    digits_.add_series(k_series_key, k_series_width);
    if (options.sequence) {
      digits_.add_sequence();
    }
    Numbers numbers(mix64(options.seed + 0x72657375ULL));
    for (std::size_t i = 0; i < scenario.services.size(); ++i) {
      resources_.push_back(resource_of(scenario.services[i], i, numbers));
    }
  }

  Ring compile(Payload& payload);

 private:
  [[nodiscard]] std::vector<PointDraft> plan();
  [[nodiscard]] RequestTemplate encode(const std::vector<PointDraft>& drafts);
  void add_point(const PointDraft& draft, otlp::Metric& into);
  [[nodiscard]] otlp::Attributes attributes_of(const PointDraft& draft);
  [[nodiscard]] std::vector<otlp::Exemplar> exemplars_of(const Metric& metric);
  [[nodiscard]] PointMotion motion_of(const PointDraft& draft) const;
  void add_number(const Metric& metric, const PointDraft& draft, otlp::Metric& into);
  void add_histogram(const Metric& metric, const PointDraft& draft, otlp::Metric& into);
  void add_exponential(const Metric& metric, const PointDraft& draft, otlp::Metric& into);
  void add_summary(const PointDraft& draft, otlp::Metric& into);

  const Scenario& scenario_;
  const CompileOptions& options_;
  bool with_traces_;
  Numbers numbers_;  // of the series that is being made
  DigitTable digits_;
  std::vector<otlp::Resource> resources_;
  std::int64_t laps_per_export_ = 1;
};

// The series of the ring, by service and metric, so that every request groups well.
std::vector<PointDraft> MetricCompiler::plan() {
  std::vector<PointDraft> out;
  const auto metrics = static_cast<double>(scenario_.metrics.size());
  const auto services = std::max<std::size_t>(1, scenario_.services.size());
  double wanted = 0;
  for (const Metric& metric : scenario_.metrics) {
    wanted += metric.series != 0 ? static_cast<double>(metric.series) : scenario_.series / metrics;
  }
  laps_per_export_ = std::max<std::int64_t>(
      1, static_cast<std::int64_t>(std::ceil(wanted / static_cast<double>(k_ring_series))));
  const double scale = 1.0 / static_cast<double>(laps_per_export_);
  for (std::size_t m = 0; m < scenario_.metrics.size(); ++m) {
    const auto own = static_cast<double>(scenario_.metrics[m].series);
    const double series = (own > 0 ? own : scenario_.series / metrics) * scale;
    const auto count = std::max<std::int64_t>(1, std::llround(series));
    for (std::int64_t i = 0; i < count; ++i) {
      out.push_back({m, static_cast<std::size_t>(i) % services, i});
    }
  }
  std::ranges::stable_sort(out, {}, &PointDraft::service);
  return out;
}

otlp::Attributes MetricCompiler::attributes_of(const PointDraft& draft) {
  const Metric& metric = scenario_.metrics[draft.metric];
  otlp::Attributes out;
  // The series' number spelled in the attributes' values, the remainder in a label of its own.
  auto rest = static_cast<std::uint64_t>(draft.series);
  for (const Attribute& attribute : metric.attributes) {
    if (attribute.values.size() > 1) {
      out.push_back({attribute.key, attribute.values[rest % attribute.values.size()]});
      rest /= attribute.values.size();
    } else {
      append_attributes({attribute}, digits_, numbers_, out);
    }
  }
  std::string number(k_series_width, '0');
  otlp::put_decimal(number.data(), rest, k_series_width);
  out.push_back({std::string(k_series_key), number});
  if (options_.sequence) {
    out.push_back({std::string(k_sequence_key), std::string(k_sequence_width, '0')});
  }
  return out;
}

std::vector<otlp::Exemplar> MetricCompiler::exemplars_of(const Metric& metric) {
  if (!metric.exemplars || !with_traces_) {
    return {};
  }
  const auto back = static_cast<std::int64_t>(numbers_.below(50));
  otlp::Exemplar out;
  out.time = relative_time(-1'000'000);
  out.value = 0.1 + numbers_.unit();
  out.span_id = recent_span_placeholder(back);
  out.trace_id = recent_trace_placeholder(back);
  return {std::move(out)};
}

otlp::UnixNano start_of(const Metric& metric) {
  return metric.cumulative ? k_time_start : k_time_previous;
}

template <class Data>
Data& data_of(otlp::Metric& metric) {
  if (!std::holds_alternative<Data>(metric.data)) {
    metric.data = Data{};
  }
  return std::get<Data>(metric.data);
}

otlp::Temporality temporality_of(const Metric& metric) {
  return metric.cumulative ? otlp::Temporality::cumulative : otlp::Temporality::delta;
}

bool goes_up_and_down(const Metric& metric) {
  return metric.type == Type::sum && metric.cumulative && !metric.monotonic;
}

void MetricCompiler::add_number(const Metric& metric, const PointDraft& draft, otlp::Metric& into) {
  otlp::NumberPoint point;
  point.attributes = attributes_of(draft);
  point.time = relative_time(0);
  point.exemplars = exemplars_of(metric);
  if (metric.type == Type::gauge) {
    point.value = 1 + numbers_.unit() * 100;
    data_of<otlp::Gauge>(into).points.push_back(std::move(point));
    return;
  }
  point.start_time = start_of(metric);
  const auto step = static_cast<std::int64_t>(1 + numbers_.below(1000));
  point.value = goes_up_and_down(metric) ? step * k_level_middle : step;
  auto& sum = data_of<otlp::Sum>(into);
  sum.temporality = temporality_of(metric);
  sum.monotonic = metric.monotonic;
  sum.points.push_back(std::move(point));
}

void MetricCompiler::add_histogram(const Metric& metric, const PointDraft& draft,
                                   otlp::Metric& into) {
  otlp::HistogramPoint point;
  point.attributes = attributes_of(draft);
  point.start_time = start_of(metric);
  point.time = relative_time(0);
  // The boundaries that semantic conventions advise for request durations in seconds.
  point.explicit_bounds = {0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25,
                           0.5,   0.75, 1,     2.5,  5,     7.5, 10};
  double sum = 0;
  for (std::size_t i = 0; i <= point.explicit_bounds.size(); ++i) {
    const std::uint64_t count = numbers_.below(20);
    point.bucket_counts.push_back(count);
    point.count += count;
    sum += static_cast<double>(count) *
           (i < point.explicit_bounds.size() ? point.explicit_bounds[i] * 0.8 : 12.0);
  }
  point.sum = sum;
  point.exemplars = exemplars_of(metric);
  auto& data = data_of<otlp::Histogram>(into);
  data.temporality = temporality_of(metric);
  data.points.push_back(std::move(point));
}

void MetricCompiler::add_exponential(const Metric& metric, const PointDraft& draft,
                                     otlp::Metric& into) {
  otlp::ExpHistogramPoint point;
  point.attributes = attributes_of(draft);
  point.start_time = start_of(metric);
  point.time = relative_time(0);
  point.scale = 3;
  const std::uint64_t first = metric.cumulative ? k_bucket_first : 1;
  point.zero_count = numbers_.below(3) * first;
  point.count = point.zero_count;
  otlp::ExpBuckets buckets;
  buckets.offset = -40;
  double sum = 0;
  for (int i = 0; i < 20; ++i) {
    const std::uint64_t count = numbers_.below(k_bucket_most + 1) * first;
    buckets.bucket_counts.push_back(count);
    point.count += count;
    sum += static_cast<double>(count) * std::exp2((buckets.offset + i + 0.5) / 8.0);
  }
  point.sum = sum;
  point.positive = std::move(buckets);
  point.exemplars = exemplars_of(metric);
  auto& data = data_of<otlp::ExpHistogram>(into);
  data.temporality = temporality_of(metric);
  data.points.push_back(std::move(point));
}

void MetricCompiler::add_summary(const PointDraft& draft, otlp::Metric& into) {
  otlp::SummaryPoint point;
  point.attributes = attributes_of(draft);
  point.start_time = k_time_start;
  point.time = relative_time(0);
  point.count = 10 + numbers_.below(100);
  const double middle = 0.01 + numbers_.unit() * 0.1;
  point.sum = static_cast<double>(point.count) * middle;
  point.quantiles = {{0.5, middle}, {0.9, middle * 3}, {0.99, middle * 8}};
  data_of<otlp::Summary>(into).points.push_back(std::move(point));
}

void MetricCompiler::add_point(const PointDraft& draft, otlp::Metric& into) {
  const Metric& metric = scenario_.metrics[draft.metric];
  switch (metric.type) {
    case Type::sum:
    case Type::gauge: return add_number(metric, draft, into);
    case Type::histogram: return add_histogram(metric, draft, into);
    case Type::exponential_histogram: return add_exponential(metric, draft, into);
    case Type::summary: return add_summary(draft, into);
  }
}

PointMotion MetricCompiler::motion_of(const PointDraft& draft) const {
  const Metric& metric = scenario_.metrics[draft.metric];
  PointMotion out;
  out.key = mix64(mix64(options_.seed + 0x6d6574ULL + draft.metric) +
                  static_cast<std::uint64_t>(draft.series));
  if (metric.type == Type::gauge || goes_up_and_down(metric)) {
    out.motion = Motion::level;
  } else if (metric.cumulative || metric.type == Type::summary) {
    out.motion = Motion::cumulative;
  } else {
    out.motion = Motion::delta;
  }
  if (metric.type == Type::exponential_histogram && metric.cumulative) {
    out.first = k_bucket_first;
    out.limit = k_bucket_limit;
  }
  return out;
}

RequestTemplate MetricCompiler::encode(const std::vector<PointDraft>& drafts) {
  otlp::MetricsRequest request;
  std::vector<PointMotion> motions;
  otlp::EncodeOptions encoding = digits_.encode_options();
  std::size_t service = SIZE_MAX;
  std::size_t metric = SIZE_MAX;
  for (const PointDraft& draft : drafts) {
    if (draft.service != service) {
      service = draft.service;
      metric = SIZE_MAX;
      request.resources.emplace_back().resource = resources_[service];
      request.resources.back().scopes.emplace_back().scope = loadgen_scope();
    }
    auto& items = request.resources.back().scopes.front().items;
    if (draft.metric != metric) {
      metric = draft.metric;
      const Metric& from = scenario_.metrics[metric];
      items.emplace_back();
      items.back().name = from.name;
      items.back().description = from.description;
      items.back().unit = from.unit;
    }
    motions.push_back(motion_of(draft));
    encoding.room.push_back(room_of(motions.back()));
    // From the series alone: the shortened last request must not give it other values.
    numbers_ = Numbers(motions.back().key);
    add_point(draft, items.back());
  }
  return make_template(otlp::encode(request, options_.encoding, encoding), options_.encoding,
                       digits_.rows(), motions);
}

Ring MetricCompiler::compile(Payload& payload) {
  Ring out;
  out.signal = otlp::Signal::metrics;
  out.encoding = options_.encoding;
  out.digits = digits_.rows();
  const std::vector<PointDraft> drafts = plan();
  out.laps_per_export = laps_per_export_;
  payload.series = static_cast<double>(drafts.size()) * static_cast<double>(laps_per_export_);
  constexpr double k_export_seconds = 10;  // of a closed loop, which has no plan
  out.export_ns = static_cast<std::uint64_t>(1e9 * (options_.metrics_rate > 0
                                                        ? payload.series / options_.metrics_rate
                                                        : k_export_seconds));
  const std::vector<Chunk> chunks =
      cut(std::vector<std::int64_t>(drafts.size(), 1), options_.batch);
  const auto slice = [&drafts](std::size_t first, std::size_t count) {
    const auto begin = drafts.begin() + static_cast<std::ptrdiff_t>(first);
    return std::vector<PointDraft>(begin, begin + static_cast<std::ptrdiff_t>(count));
  };
  for (const Chunk& chunk : chunks) {
    add_request(out, encode(slice(chunk.first, chunk.count)), chunk);
  }
  const Tail tail = find_tail(chunks, out.items, options_.points);
  if (tail.request >= 0) {
    const Chunk& chunk = chunks[tail.chunk];
    RequestTemplate made = encode(slice(chunk.first, static_cast<std::size_t>(tail.items)));
    made.first_item = chunk.items_before;
    out.tail_request = tail.request;
    out.requests.push_back(std::move(made));
  }
  return out;
}

}  // namespace

Ring compile_metrics(const Scenario& scenario, const CompileOptions& options, bool with_traces,
                     Payload& payload) {
  return MetricCompiler(scenario, options, with_traces).compile(payload);
}

}  // namespace obsctl::loadgen

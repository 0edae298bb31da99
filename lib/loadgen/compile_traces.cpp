// SPDX-License-Identifier: Apache-2.0
// Spans of the drawn traces as export requests, grouped by service as a collector would receive
// them.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "lib/loadgen/compile_parts.hpp"

namespace obsctl::loadgen {
namespace {

// One span of one trace of the ring; `lap` is -1 when the trace began in the lap before.
struct Pick {
  std::size_t trace = 0;
  std::size_t span = 0;
  std::int64_t lap = 0;
  bool follows = false;  // comes after the rest of its trace
};

class TraceCompiler {
 public:
  TraceCompiler(const Scenario& scenario, const CompileOptions& options, const TraceRing& ring)
      : scenario_(scenario),
        options_(options),
        ring_(ring),
        numbers_(mix64(options.seed + 0x7370616eULL)) {
    for (const Service& service : scenario.services) {
      for (const Operation& operation : service.operations) {
        digits_.add(operation.attributes);
      }
    }
    if (options.sequence) {
      digits_.add_sequence();
    }
    Numbers numbers(mix64(options.seed + 0x72657375ULL));
    for (std::size_t i = 0; i < scenario.services.size(); ++i) {
      resources_.push_back(resource_of(scenario.services[i], i, numbers));
    }
    place_followers();
  }

  Ring compile(std::int64_t total, Payload& payload);

 private:
  void place_followers();
  [[nodiscard]] bool holds_run() const;
  [[nodiscard]] std::int64_t lag_of(std::size_t trace) const;
  [[nodiscard]] TraceRecord record_of(std::size_t trace) const;
  void describe_traces(Payload& payload) const;
  void describe_cut(const std::vector<Pick>& picks, Payload& payload) const;
  [[nodiscard]] std::vector<Pick> picks_of(const Chunk& chunk) const;
  [[nodiscard]] RequestTemplate encode(const std::vector<Pick>& picks);
  [[nodiscard]] otlp::Span make_span(const Pick& pick);
  void fill_time(const Pick& pick, otlp::Span& span) const;
  void pad(otlp::Span& span);

  const Scenario& scenario_;
  const CompileOptions& options_;
  const TraceRing& ring_;
  Numbers numbers_;
  DigitTable digits_;
  std::vector<otlp::Resource> resources_;
  std::vector<std::vector<Pick>> followers_;  // by the trace whose request they come with
  double traces_per_second_ = 0;
  std::int64_t late_lag_ = 0;
  std::int64_t split_lag_ = 0;
};

// Traces by which the second part of a trace follows its first. In a run of so many whole traces the
// last ones follow sooner, so that every trace is complete and none began before the run.
std::int64_t TraceCompiler::lag_of(std::size_t trace) const {
  const TraceDraft& draft = ring_.drafts[trace];
  if (draft.immediate == draft.spans.size()) {
    return 0;
  }
  const std::int64_t lag = draft.late ? late_lag_ : split_lag_;
  const std::int64_t left = options_.whole_traces - 1 - static_cast<std::int64_t>(trace);
  return holds_run() ? std::clamp<std::int64_t>(left, 0, lag) : lag;
}

// The ring is not begun again within the run.
bool TraceCompiler::holds_run() const {
  return options_.whole_traces > 0 &&
         std::cmp_less_equal(options_.whole_traces, ring_.drafts.size());
}

TraceRecord TraceCompiler::record_of(std::size_t trace) const {
  const TraceDraft& draft = ring_.drafts[trace];
  TraceRecord out;
  out.facts = facts_of(scenario_, draft, 0, draft.spans.size());
  out.spans = static_cast<std::uint32_t>(draft.spans.size());
  out.vip = draft.vip;
  out.kind = draft.kind;
  out.lag = lag_of(trace);
  if (draft.late) {
    out.late_by = out.lag < late_lag_ ? static_cast<double>(out.lag) / traces_per_second_
                                      : scenario_.mix.late_by.seconds;
  }
  out.early_spans = draft.immediate;
  out.early = facts_of(scenario_, draft, 0, draft.immediate);
  out.rest = facts_of(scenario_, draft, draft.immediate, draft.spans.size());
  return out;
}

void TraceCompiler::describe_traces(Payload& payload) const {
  payload.trace_records.clear();
  for (std::size_t i = 0; i < ring_.drafts.size(); ++i) {
    payload.trace_records.push_back(record_of(i));
  }
}

// What the shortened last request leaves of its last trace.
void TraceCompiler::describe_cut(const std::vector<Pick>& picks, Payload& payload) const {
  const auto last =
      std::ranges::find_if(picks.rbegin(), picks.rend(), [](const Pick& p) { return !p.follows; });
  if (last == picks.rend()) {
    return;
  }
  const TraceDraft& draft = ring_.drafts[last->trace];
  if (last->span + 1 < draft.immediate) {
    TraceRecord cut = record_of(last->trace);
    cut.facts = facts_of(scenario_, draft, 0, last->span + 1);
    cut.spans = static_cast<std::uint32_t>(last->span + 1);
    cut.lag = 0;
    payload.cut = cut;
  }
  // Spans that were to come with the last trace and did not.
  const auto missing = static_cast<std::int64_t>(followers_[last->trace].size()) -
                       std::distance(picks.rbegin(), last);
  payload.cut_followers = static_cast<std::uint64_t>(missing);
}

void TraceCompiler::place_followers() {
  const auto count = static_cast<std::int64_t>(ring_.drafts.size());
  const double per_trace = static_cast<double>(ring_.spans) / static_cast<double>(count);
  traces_per_second_ = options_.traces_rate > 0 ? options_.traces_rate / per_trace : 1000;
  late_lag_ =
      std::max<std::int64_t>(1, std::llround(scenario_.mix.late_by.seconds * traces_per_second_));
  split_lag_ = std::max<std::int64_t>(
      1, std::llround(1.5 * static_cast<double>(options_.batch) / per_trace));
  followers_.resize(ring_.drafts.size());
  for (std::int64_t i = 0; i < count; ++i) {
    const TraceDraft& draft = ring_.drafts[static_cast<std::size_t>(i)];
    const std::int64_t at = i + lag_of(static_cast<std::size_t>(i));
    for (std::size_t s = draft.immediate; s < draft.spans.size(); ++s) {
      followers_[static_cast<std::size_t>(at % count)].push_back(
          {static_cast<std::size_t>(i), s, -(at / count), true});
    }
  }
}

std::vector<Pick> TraceCompiler::picks_of(const Chunk& chunk) const {
  std::vector<Pick> out;
  for (std::size_t t = chunk.first; t < chunk.first + chunk.count; ++t) {
    for (std::size_t s = 0; s < ring_.drafts[t].immediate; ++s) {
      out.push_back({t, s, 0, false});
    }
    out.insert(out.end(), followers_[t].begin(), followers_[t].end());
  }
  return out;
}

void TraceCompiler::fill_time(const Pick& pick, otlp::Span& span) const {
  const TraceDraft& draft = ring_.drafts[pick.trace];
  const SpanDraft& from = draft.spans[pick.span];
  // A trace ends when it is sent; what comes late keeps its own, older time.
  std::int64_t shift = -draft.length();
  if (pick.follows && draft.late) {
    shift -= static_cast<std::int64_t>(scenario_.mix.late_by.seconds * 1e9);
  }
  shift += static_cast<std::int64_t>(scenario_.services[from.service].clock_skew.seconds * 1e9);
  span.start_time = relative_time(from.start + shift);
  span.end_time = relative_time(from.end + shift);
  for (otlp::SpanEvent& event : span.events) {
    event.time = relative_time(from.end + shift - 1000);
  }
}

void add_exception(otlp::Span& span, const Operation& operation) {
  otlp::SpanEvent event;
  event.name = "exception";
  event.attributes = {
      {"exception.type", "UpstreamTimeout"},
      {"exception.message", fmt::format("{}: no answer in time", operation.name)},
      {"exception.stacktrace", "at handle(request.cc:42)\nat serve(server.cc:117)"}};
  span.events.push_back(std::move(event));
}

otlp::Span TraceCompiler::make_span(const Pick& pick) {
  const TraceDraft& draft = ring_.drafts[pick.trace];
  const SpanDraft& from = draft.spans[pick.span];
  const Operation& operation = scenario_.services[from.service].operations[from.operation];
  const auto count = static_cast<std::int64_t>(ring_.drafts.size());
  const std::int64_t trace = static_cast<std::int64_t>(pick.trace) + pick.lap * count;
  const std::int64_t first = ring_.first_span[pick.trace] + pick.lap * ring_.spans;
  otlp::Span out;
  out.trace_id = trace_placeholder(trace);
  out.span_id = span_placeholder(first + static_cast<std::int64_t>(pick.span));
  out.flags = 0x101;  // sampled, and the next bit is known
  if (from.parent >= 0) {
    const auto& parent = draft.spans[static_cast<std::size_t>(from.parent)];
    out.flags |= parent.service != from.service ? 0x200U : 0U;  // the parent is in another process
    out.parent_span_id = span_placeholder(first + from.parent);
    if (operation.link == "parent") {
      otlp::SpanLink link;
      link.trace_id = out.trace_id;
      link.span_id = out.parent_span_id;
      out.links.push_back(std::move(link));
    }
  }
  out.name = operation.name;
  static const std::vector<std::string> k_kinds = {"unspecified", "internal", "server",
                                                   "client",      "producer", "consumer"};
  out.kind =
      static_cast<otlp::SpanKind>(std::ranges::find(k_kinds, operation.kind) - k_kinds.begin());
  if (draft.kind == TraceClass::health) {
    out.name = "GET /healthz";
    out.attributes = {{"http.request.method", "GET"}, {"url.path", "/healthz"}};
  } else {
    append_attributes(operation.attributes, digits_, numbers_, out.attributes);
    if (scenario_.mix.vip > 0 && from.parent < 0) {
      out.attributes.push_back({"customer.tier", draft.vip ? "vip" : "standard"});
    }
  }
  if (options_.sequence) {
    out.attributes.push_back({std::string(k_sequence_key), std::string(k_sequence_width, '0')});
  }
  if (!operation.event.empty()) {
    out.events.emplace_back().name = operation.event;
  }
  if (from.error) {
    out.status = otlp::StatusCode::error;
    if (from.origin) {
      out.status_message = "upstream timeout";
      add_exception(out, operation);
    }
  }
  fill_time(pick, out);
  if (scenario_.span_size != 0) {
    pad(out);
  }
  return out;
}

// Bytes of a span on the wire, with its tag and length.
std::size_t span_bytes(const otlp::Span& span) {
  otlp::TraceRequest request;
  request.resources.emplace_back();
  request.resources.back().scopes.emplace_back();
  request.resources.back().scopes.back().items.push_back(span);
  const std::size_t outer = otlp::encode(request, otlp::Encoding::protobuf).bytes.size();
  // Two enclosing messages, each a tag and a length that is as long as its content's size needs.
  std::size_t size = outer;
  for (int level = 0; level < 2; ++level) {
    std::size_t length = 1;
    while (size - 1 - length >= (std::size_t{1} << (7 * length))) {
      ++length;
    }
    size -= 1 + length;
  }
  return size;
}

void TraceCompiler::pad(otlp::Span& span) {
  const std::size_t bare = span_bytes(span);
  span.attributes.push_back({"padding", ""});
  if (bare >= scenario_.span_size || span_bytes(span) > scenario_.span_size) {
    span.attributes.pop_back();
    return;
  }
  std::size_t length = scenario_.span_size - span_bytes(span);
  for (int attempt = 0; attempt < 4; ++attempt) {
    span.attributes.back().value = random_text(length, numbers_);
    const std::size_t size = span_bytes(span);
    if (size == scenario_.span_size) {
      return;
    }
    length = size > scenario_.span_size ? length - (size - scenario_.span_size)
                                        : length + (scenario_.span_size - size);
  }
}

RequestTemplate TraceCompiler::encode(const std::vector<Pick>& picks) {
  otlp::TraceRequest request;
  for (std::size_t s = 0; s < scenario_.services.size(); ++s) {
    otlp::ScopeItems<otlp::Span> scope;
    scope.scope = loadgen_scope();
    for (const Pick& pick : picks) {
      if (ring_.drafts[pick.trace].spans[pick.span].service == s) {
        scope.items.push_back(make_span(pick));
      }
    }
    if (!scope.items.empty()) {
      request.resources.emplace_back().resource = resources_[s];
      request.resources.back().scopes.push_back(std::move(scope));
    }
  }
  return make_template(otlp::encode(request, options_.encoding, digits_.encode_options()),
                       options_.encoding, digits_.rows());
}

Ring TraceCompiler::compile(std::int64_t total, Payload& payload) {
  Ring out;
  out.signal = otlp::Signal::traces;
  out.encoding = options_.encoding;
  out.digits = digits_.rows();
  out.traces = static_cast<std::int64_t>(ring_.drafts.size());
  out.spans = ring_.spans;
  out.root_span = ring_.first_span;
  std::vector<std::int64_t> items;
  for (std::size_t i = 0; i < ring_.drafts.size(); ++i) {
    items.push_back(ring_.drafts[i].immediate + static_cast<std::int64_t>(followers_[i].size()));
  }
  if (options_.whole_traces > 0) {
    total = options_.whole_traces / out.traces * ring_.spans;
    for (std::int64_t i = 0; i < options_.whole_traces % out.traces; ++i) {
      total += items[static_cast<std::size_t>(i)];
    }
    total = options_.spans > 0 ? std::min(total, options_.spans) : total;
  }
  payload.total_spans = total;
  describe_traces(payload);
  const std::vector<Chunk> chunks = cut(items, options_.batch);
  for (const Chunk& chunk : chunks) {
    RequestTemplate made = encode(picks_of(chunk));
    made.first_trace = static_cast<std::int64_t>(chunk.first);
    made.traces = static_cast<std::int64_t>(chunk.count);
    add_request(out, std::move(made), chunk);
  }
  const Tail tail = find_tail(chunks, out.items, total);
  if (tail.request >= 0) {
    std::vector<Pick> picks = picks_of(chunks[tail.chunk]);
    picks.resize(static_cast<std::size_t>(tail.items));
    RequestTemplate made = encode(picks);
    made.first_item = chunks[tail.chunk].items_before;
    made.first_trace = static_cast<std::int64_t>(chunks[tail.chunk].first);
    made.traces = std::ranges::count_if(picks, [](const Pick& p) { return p.span == 0; });
    describe_cut(picks, payload);
    out.tail_request = tail.request;
    out.requests.push_back(std::move(made));
  }
  return out;
}

}  // namespace

Ring compile_traces(const Scenario& scenario, const CompileOptions& options, const TraceRing& ring,
                    Payload& payload) {
  return TraceCompiler(scenario, options, ring).compile(options.spans, payload);
}

}  // namespace obsctl::loadgen

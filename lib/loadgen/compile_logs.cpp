// SPDX-License-Identifier: Apache-2.0
// Log records that belong to spans of the trace ring: same ids, same moment, same service.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "lib/base/text.hpp"
#include "lib/loadgen/compile_parts.hpp"

namespace obsctl::loadgen {
namespace {

struct LogDraft {
  const LogLine* line = nullptr;
  std::size_t service = 0;
  std::size_t trace = 0;
  std::int32_t span = -1;  // in its trace; -1: outside of any
};

std::uint32_t severity_number(std::string_view text) {
  static const std::map<std::string_view, std::uint32_t> k_numbers = {
      {"TRACE", 1}, {"DEBUG", 5}, {"INFO", 9}, {"WARN", 13}, {"ERROR", 17}, {"FATAL", 21}};
  const auto found = k_numbers.find(text);
  return found == k_numbers.end() ? 9 : found->second;
}

class LogCompiler {
 public:
  LogCompiler(const Scenario& scenario, const CompileOptions& options, const TraceRing& ring,
              bool with_traces)
      : scenario_(scenario),
        options_(options),
        ring_(ring),
        with_traces_(with_traces),
        numbers_(mix64(options.seed + 0x6c6f67ULL)) {
    for (const Service& service : scenario.services) {
      for (const Operation& operation : service.operations) {
        for (const LogLine& line : operation.logs) {
          digits_.add(line.attributes);
        }
      }
    }
    for (const LogLine& line : scenario.logs) {
      digits_.add(line.attributes);
    }
    if (options.sequence) {
      digits_.add_sequence();
    }
    Numbers numbers(mix64(options.seed + 0x72657375ULL));
    for (std::size_t i = 0; i < scenario.services.size(); ++i) {
      resources_.push_back(resource_of(scenario.services[i], i, numbers));
    }
  }

  Ring compile();

 private:
  [[nodiscard]] std::vector<LogDraft> candidates(std::size_t trace) const;
  [[nodiscard]] std::vector<LogDraft> drafts_of(std::size_t trace, std::int64_t count);
  [[nodiscard]] otlp::LogRecord make_record(const LogDraft& draft);
  [[nodiscard]] RequestTemplate encode(const std::vector<LogDraft>& drafts);
  void fill(otlp::LogRecord& record, std::size_t size);

  const Scenario& scenario_;
  const CompileOptions& options_;
  const TraceRing& ring_;
  bool with_traces_;
  Numbers numbers_;
  DigitTable digits_;
  std::vector<otlp::Resource> resources_;
};

std::vector<LogDraft> LogCompiler::candidates(std::size_t trace) const {
  std::vector<LogDraft> out;
  const TraceDraft& draft = ring_.drafts[trace];
  for (std::size_t s = 0; s < draft.spans.size(); ++s) {
    const SpanDraft& span = draft.spans[s];
    for (const LogLine& line : scenario_.services[span.service].operations[span.operation].logs) {
      if (line.on_error == span.error || !line.on_error) {
        out.push_back({&line, span.service, trace, static_cast<std::int32_t>(s)});
      }
    }
  }
  for (const LogLine& line : scenario_.logs) {
    out.push_back({&line, 0, trace, with_traces_ ? 0 : -1});
  }
  return out;
}

std::vector<LogDraft> LogCompiler::drafts_of(std::size_t trace, std::int64_t count) {
  std::vector<LogDraft> from = candidates(trace);
  std::vector<LogDraft> out;
  // What an error says comes first, so that few lines per trace still tell about it.
  std::stable_partition(from.begin(), from.end(),
                        [](const LogDraft& d) { return d.line->on_error; });
  for (std::int64_t i = 0; i < count && !from.empty(); ++i) {
    const auto index = static_cast<std::size_t>(i);
    out.push_back(index < from.size() ? from[index] : from[numbers_.below(from.size())]);
  }
  return out;
}

// Fills the body with words and ids up to exactly `size` bytes.
void LogCompiler::fill(otlp::LogRecord& record, std::size_t size) {
  std::string body = std::get<std::string>(record.body->value);
  if (body.size() + 1 < size) {
    body += ' ';
    body += random_text(size - body.size(), numbers_);
  }
  body.resize(size, '.');
  record.body = body;
}

std::size_t record_bytes(const otlp::LogRecord& record) {
  otlp::LogsRequest request;
  request.resources.emplace_back();
  request.resources.back().scopes.emplace_back();
  request.resources.back().scopes.back().items.push_back(record);
  std::size_t size = otlp::encode(request, otlp::Encoding::protobuf).bytes.size();
  for (int level = 0; level < 2; ++level) {
    std::size_t length = 1;
    while (size - 1 - length >= (std::size_t{1} << (7 * length))) {
      ++length;
    }
    size -= 1 + length;
  }
  return size;
}

otlp::LogRecord LogCompiler::make_record(const LogDraft& draft) {
  otlp::LogRecord out;
  out.time = relative_time(-1000);
  out.observed_time = relative_time(0);
  out.severity_number = severity_number(draft.line->severity);
  out.severity_text = draft.line->severity;
  out.body = draft.line->body;
  append_attributes(draft.line->attributes, digits_, numbers_, out.attributes);
  if (options_.sequence) {
    out.attributes.push_back({std::string(k_sequence_key), std::string(k_sequence_width, '0')});
  }
  if (with_traces_ && draft.span >= 0) {
    out.flags = 1;  // the trace is sampled
    out.trace_id = trace_placeholder(static_cast<std::int64_t>(draft.trace));
    out.span_id = span_placeholder(ring_.first_span[draft.trace] + draft.span);
  }
  if (draft.line->size != 0) {
    fill(out, draft.line->size);
  }
  if (scenario_.log_size != 0) {
    for (int attempt = 0; attempt < 3; ++attempt) {
      const std::size_t now = record_bytes(out);
      const std::size_t body = std::get<std::string>(out.body->value).size();
      if (now == scenario_.log_size || now > scenario_.log_size + body) {
        break;
      }
      fill(out, body + scenario_.log_size - now);
    }
  }
  return out;
}

RequestTemplate LogCompiler::encode(const std::vector<LogDraft>& drafts) {
  otlp::LogsRequest request;
  for (std::size_t s = 0; s < scenario_.services.size(); ++s) {
    otlp::ScopeItems<otlp::LogRecord> scope;
    scope.scope = loadgen_scope();
    for (const LogDraft& draft : drafts) {
      if (draft.service == s) {
        scope.items.push_back(make_record(draft));
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

Ring LogCompiler::compile() {
  Ring out;
  out.signal = otlp::Signal::logs;
  out.encoding = options_.encoding;
  out.digits = digits_.rows();
  out.traces = static_cast<std::int64_t>(ring_.drafts.size());
  out.spans = ring_.spans;
  out.root_span = ring_.first_span;
  // Records per trace, so that a lap of logs takes exactly as long as a lap of traces.
  const double per_trace = static_cast<double>(ring_.spans) / static_cast<double>(out.traces) *
                           scenario_.logs_rate / std::max(scenario_.traces_rate, 1e-9);
  const double wanted = with_traces_ ? per_trace : 1;
  std::vector<std::vector<LogDraft>> drafts;
  std::vector<std::int64_t> items;
  for (std::size_t i = 0; i < ring_.drafts.size(); ++i) {
    const auto n = static_cast<double>(i);
    const double count = std::floor((n + 1) * wanted + 1e-9) - std::floor(n * wanted + 1e-9);
    drafts.push_back(drafts_of(i, static_cast<std::int64_t>(count)));
    items.push_back(static_cast<std::int64_t>(drafts.back().size()));
  }
  const auto collect = [&](const Chunk& chunk) {
    std::vector<LogDraft> all;
    for (std::size_t t = chunk.first; t < chunk.first + chunk.count; ++t) {
      all.insert(all.end(), drafts[t].begin(), drafts[t].end());
    }
    return all;
  };
  const std::vector<Chunk> chunks = cut(items, options_.batch);
  for (const Chunk& chunk : chunks) {
    add_request(out, encode(collect(chunk)), chunk);
  }
  const Tail tail = find_tail(chunks, out.items, options_.records);
  if (tail.request >= 0) {
    std::vector<LogDraft> all = collect(chunks[tail.chunk]);
    all.resize(static_cast<std::size_t>(tail.items));
    RequestTemplate made = encode(all);
    made.first_item = chunks[tail.chunk].items_before;
    out.tail_request = tail.request;
    out.requests.push_back(std::move(made));
  }
  return out;
}

}  // namespace

Ring compile_logs(const Scenario& scenario, const CompileOptions& options, const TraceRing& ring,
                  bool with_traces) {
  return LogCompiler(scenario, options, ring, with_traces).compile();
}

}  // namespace obsctl::loadgen

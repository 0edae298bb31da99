// SPDX-License-Identifier: Apache-2.0
// The OpenTelemetry Collector's metrics about itself, whose names have changed again and again: with
// and without `_total`, a unit or `otelcol_` in front, by the version of the collector and by the
// settings of its reader. Whoever reads them sees one form.
//
// Source: receiverhelper, exporterhelper, processorhelper of the collector's repository.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/prom/exposition.hpp"

namespace obsctl::prom {

// The words of a metric's name, joined by single underscores, without what readers and translators
// of the collector put in front of and behind them, except for a unit:
//   otelcol_receiver_accepted_spans_total           receiver_accepted_spans
//   otelcol_receiver_accepted_spans__spans__total   receiver_accepted_spans_spans
//   receiver_accepted_spans_ratio_total (Alloy)     receiver_accepted_spans_ratio
[[nodiscard]] std::string plain_otelcol_name(std::string_view name);

// True for `stem`, and for `stem` with a unit behind it. `name` is plain.
[[nodiscard]] bool is_named(std::string_view name, std::string_view stem);

// A metric that a collector's own telemetry has in any form.
[[nodiscard]] bool is_otelcols(std::string_view name);

// A sample in the one form: "otelcol_" and the plain name without its unit, and for what counts
// items the word for them as a label:
//   otelcol_receiver_accepted_spans_total{receiver="otlp"}
//     → otelcol_receiver_accepted_items{receiver="otlp", signal="traces"}
//   otelcol_exporter_queue_size{exporter="x", data_type="logs"}
//     → otelcol_exporter_queue_size{exporter="x", signal="logs"}
// Labels that say the same for every series of the process (service_*, otel_scope_*) are left out.
// Samples of other programs come back as they are, without `_total`.
[[nodiscard]] Sample in_one_form(Sample sample);

}  // namespace obsctl::prom

// SPDX-License-Identifier: Apache-2.0
// The two encoders behind encode(): one file per encoding.
#pragma once

#include "lib/otlp/wire.hpp"

namespace obsctl::otlp {

[[nodiscard]] Encoded encode_protobuf(const TraceRequest& request, const EncodeOptions& options);
[[nodiscard]] Encoded encode_protobuf(const MetricsRequest& request, const EncodeOptions& options);
[[nodiscard]] Encoded encode_protobuf(const LogsRequest& request, const EncodeOptions& options);

[[nodiscard]] Encoded encode_json(const TraceRequest& request, const EncodeOptions& options);
[[nodiscard]] Encoded encode_json(const MetricsRequest& request, const EncodeOptions& options);
[[nodiscard]] Encoded encode_json(const LogsRequest& request, const EncodeOptions& options);

}  // namespace obsctl::otlp

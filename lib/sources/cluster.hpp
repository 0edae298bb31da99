// SPDX-License-Identifier: Apache-2.0
// Asks a Kubernetes cluster with kubectl: the user's context, credentials and plugins are kubectl's
// business, and its API server reaches what no port is published for.
#pragma once

#include <string>
#include <string_view>

#include "lib/base/error.hpp"
#include "lib/io/http.hpp"
#include "lib/sources/gather.hpp"

namespace obsctl::health {

struct Context;

// GET of a URL that begins with k_cluster_scheme, by `kubectl get --raw`. What the API or the service
// behind it refuses is a response with its status. Errors: Code::missing without kubectl, unreachable
// when the cluster does not answer or does not let this user ask.
[[nodiscard]] Result<HttpResponse> cluster_get(const Services& services, std::string_view url,
                                               Duration timeout, std::size_t longest);

// POST of JSON to such a URL, by `kubectl create --raw`; answers and errors are the same.
[[nodiscard]] Result<HttpResponse> cluster_post(const Services& services, std::string_view url,
                                                Duration timeout, std::string json);

// Pods as the samples of containers, so that the same checks judge them, and the claims of volumes;
// none for stacks that run elsewhere.
[[nodiscard]] std::vector<Inquiry> cluster_inquiries(const Context& context);

}  // namespace obsctl::health

// SPDX-License-Identifier: Apache-2.0
// What every source of evidence needs to ask its questions, and how each of them asks over HTTP.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "lib/engine/host.hpp"
#include "lib/engine/inspect.hpp"
#include "lib/engine/volumes.hpp"
#include "lib/model/topology.hpp"
#include "lib/sources/gather.hpp"

namespace obsctl::health {

// An answer that several questions want: the first of them asks for it, the others wait.
template <class T>
class Once {
 public:
  explicit Once(std::function<Result<T>()> ask) : ask_(std::move(ask)) {}

  const Result<T>& get() {
    const std::scoped_lock lock(mutex_);
    if (!answer_) {
      answer_ = ask_();
    }
    return *answer_;
  }

 private:
  std::function<Result<T>()> ask_;
  std::mutex mutex_;
  std::optional<Result<T>> answer_;
};

struct HostAnswer {
  EngineHost host;
  // How far its clock was from ours, in seconds; nothing when it did not say.
  std::optional<double> clock_skew;
};

// What the engine said about the stack as a whole. One that is dead costs one time-out.
class EngineAnswers {
 public:
  EngineAnswers(const Services& services, const Topology& topology);

  // In the first and the second round of questions.
  const Result<std::vector<ComposeContainer>>& containers(std::size_t round = 0);
  const Result<HostAnswer>& host() { return host_.get(); }
  const Result<std::vector<EngineVolume>>& volumes() { return volumes_.get(); }

 private:
  Once<std::vector<ComposeContainer>> first_;
  Once<std::vector<ComposeContainer>> second_;
  Once<std::vector<EngineVolume>> volumes_;
  Once<HostAnswer> host_;
};

// What one instant query tells two sources: every question costs the server as much as what it asks.
struct SharedQuery {
  SharedQuery(std::string of, std::string at, std::function<Result<std::vector<Sample>>()> ask)
      : component(std::move(of)), api(std::move(at)), answer(std::move(ask)) {}

  std::string component;  // that is asked
  std::string api;
  Once<std::vector<Sample>> answer;
};

struct Context {
  Services services;
  const Subject& subject;
  GatherOptions options;
  std::shared_ptr<EngineAnswers> engine = {};  // null: the subject has no engine on this host
  std::shared_ptr<SharedQuery> query = {};     // null: nothing of it scrapes, or nobody reaches it

  [[nodiscard]] const std::vector<Component>& components() const {
    return subject.stack.topology.components;
  }
};

// Where a port of a component answers: where it is published, else at its container where this host
// can reach it. Nothing when neither is known.
[[nodiscard]] std::optional<std::string> url_of(const Context& context, const Component& component,
                                                int port);

// GET of a URL. Certificates: a self-signed authority of the stack is trusted; others are not
// checked on this host, because nothing secret is sent and they have the names that senders use.
[[nodiscard]] Result<HttpResponse> get(const Context& context, const std::string& url,
                                       std::size_t longest);

// POST of JSON to a URL, in the same way; any whole answer is a response.
[[nodiscard]] Result<HttpResponse> post_json(const Context& context, const std::string& url,
                                             std::string json);

// The error for an answer with another status than 200; `expected` says what ought to be there.
[[nodiscard]] Failure wrong_status(const std::string& url, int status, std::string_view expected);

// The JSON object at a URL; nothing where there is no such page (404).
[[nodiscard]] Result<std::optional<nlohmann::json>> get_json(const Context& context,
                                                             const std::string& url,
                                                             std::size_t longest);

}  // namespace obsctl::health

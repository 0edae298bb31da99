// SPDX-License-Identifier: Apache-2.0
// Makes questions of every find.yaml, and polls a store.
#include "lib/probe/find.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lib/base/text.hpp"
#include "lib/sources/finds.hpp"

namespace obsctl::health {
namespace {

bool stores(const catalog::Find& find, catalog::Signal signal) {
  return std::ranges::any_of(find.asks, [signal](const auto& ask) { return ask.signal == signal; });
}

// Of the store itself, and of every component on the way, which stores nothing of this signal.
Duration budget_of(const std::vector<catalog::Find>& finds, const std::string& component,
                   catalog::Signal signal) {
  Duration out;
  for (const catalog::Find& find : finds) {
    if (find.component != component && stores(find, signal)) {
      continue;
    }
    for (const catalog::FindDelay& delay : find.delays) {
      out.seconds += delay.signal == signal ? delay.time.seconds : 0;
    }
  }
  return out;
}

Result<int> port_named(const Component& component, const std::string& name) {
  const auto port = std::ranges::find(component.ports, name, &Port::name);
  if (port == component.ports.end()) {
    return fail(Code::config, fmt::format("find.yaml of {} names port '{}', which it does not have",
                                          component.title, name));
  }
  return port->container;
}

// What one answer means.
struct Look {
  enum class Means {
    found,
    not_yet,    // the store looked, and does not have it
    busy,       // it could not look now
    no_answer,  // nobody is there
    refused     // nothing that asking again would change
  };
  Means means = Means::no_answer;
  std::string says = {};
};

Look read_look(const Result<HttpResponse>& answer, const catalog::FindAsk& ask,
               const catalog::FindWords& words) {
  constexpr std::size_t k_longest = 200;
  if (!answer) {
    return {Look::Means::no_answer, answer.error().message};
  }
  const int status = answer->status;
  if (status / 100 == 2) {
    return {ask.found_in(answer->body, words) ? Look::Means::found : Look::Means::not_yet, ""};
  }
  if (status == ask.absent) {
    return {Look::Means::not_yet, ""};
  }
  if (status == 401 || status == 403) {
    return {Look::Means::refused, fmt::format("it asks for a login (HTTP {})", status)};
  }
  if (status / 100 == 3) {
    return {Look::Means::refused, fmt::format("it redirects to another address (HTTP {})", status)};
  }
  const bool passes = status == 429 || status / 100 == 5;
  return {passes ? Look::Means::busy : Look::Means::refused,
          fmt::format("it answers HTTP {}: {}", status,
                      printable(trim(std::string_view(answer->body).substr(0, k_longest))))};
}

Look ask_once(const Services& services, const ProbeStore& store, const ProbeIdentity& identity,
              Duration timeout) {
  const catalog::FindWords words = identity.words(services.clock.now());
  HttpRequest request;
  const std::string target = store.ask.target(words);
  request.url = *store.url + target;
  request.timeout = timeout;
  request.max_body = std::size_t{1} << 20;
  request.stop = &services.stop;
  Look out = read_look(services.http.send(request), store.ask, words);
  // A person needs the address, not the whole question.
  out.says = replace_all(std::move(out.says), target, "");
  return out;
}

}  // namespace

Result<ProbePlan> plan_probe(const Subject& subject) {
  OBS_TRY_ASSIGN(const auto finds, read_finds(subject));
  ProbePlan out;
  for (const catalog::Find& find : finds) {
    const Component& component = *subject.stack.topology.find(find.component);
    std::ranges::copy(find.delays, std::back_inserter(out.delays));
    for (const catalog::FindAsk& ask : find.asks) {
      OBS_TRY_ASSIGN(const int port, port_named(component, ask.port));
      out.stores.push_back({.component = component.name,
                            .title = component.title,
                            .ask = ask,
                            .url = subject.url_of(component, port),
                            .budget = budget_of(finds, component.name, ask.signal)});
    }
  }
  return out;
}

ProbeSighting look_for(const Services& services, const ProbeStore& store,
                       const ProbeIdentity& identity, std::chrono::steady_clock::time_point sent,
                       ProbePatience patience) {
  constexpr Duration k_first = {0.25};
  constexpr Duration k_longest = {2};
  constexpr double k_growth = 1.5;
  constexpr double k_least = 1;  // seconds that the last question gets
  constexpr int k_failures = 2;
  ProbeSighting out{.component = store.component,
                    .title = store.title,
                    .within = patience.within,
                    .budget = store.budget};
  if (!store.url) {
    out.why = "its port is not published, or not on this host";
    return out;
  }
  out.url = shown_url(*store.url);
  const auto began = services.clock.monotonic();
  Duration pause = k_first;
  int failures = 0;
  while (true) {
    double left = patience.within.seconds - services.clock.since(began).seconds;
    const Look look = ask_once(services, store, identity,
                               {std::min(std::max(left, k_least), patience.timeout.seconds)});
    out.after = services.clock.since(sent);
    out.why = look.says;
    failures = look.means == Look::Means::no_answer ? failures + 1 : 0;
    if (look.means == Look::Means::found) {
      out.state = ProbeState::found;
      return out;
    }
    if (look.means == Look::Means::refused || failures == k_failures) {
      out.state = ProbeState::unasked;
      return out;
    }
    if (look.means == Look::Means::not_yet) {
      out.state = ProbeState::missing;
    }
    // The last question is asked when the time is over, not before.
    left = patience.within.seconds - services.clock.since(began).seconds;
    if (left <= 0 || !services.clock.sleep({std::min(pause.seconds, left)}, services.stop)) {
      return out;
    }
    pause.seconds = std::min(pause.seconds * k_growth, k_longest.seconds);
  }
}

}  // namespace obsctl::health

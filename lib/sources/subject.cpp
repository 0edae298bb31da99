// SPDX-License-Identifier: Apache-2.0
// Opens what is checked: the stack of a directory, or programs by their URLs.
#include "lib/sources/subject.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lib/base/text.hpp"
#include "lib/render/watch.hpp"

namespace obsctl::health {
Result<std::vector<Check>> checks_of(const stack::Stack& stack) {
  OBS_TRY_ASSIGN(Watch watch, read_watch(stack.topology, stack.templates.store, stack.words));
  return compile(std::move(watch.checks), watch.check_ids);
}

Result<std::vector<catalog::Discard>> discards_of(const stack::Stack& stack) {
  const TemplateStore& store = stack.templates.store;
  OBS_TRY_ASSIGN(const auto paths, store.list("components/", "/ledger.yaml"));
  std::vector<catalog::Discard> out;
  for (const std::string& path : paths) {
    const std::string component = split(path, '/')[1];
    if (stack.topology.find(component) == nullptr) {
      continue;
    }
    OBS_TRY_ASSIGN(const Template source, store.find(path));
    OBS_TRY_ASSIGN(auto rows, catalog::parse_discards({source.text, source.file()}, component));
    out.insert(out.end(), rows.begin(), rows.end());
  }
  return out;
}

namespace {

// Through the API server, which hands the request on to the component's service.
std::string cluster_url(const std::string& api, const Component& component, int port) {
  const auto found = std::ranges::find(component.ports, port, &Port::container);
  const bool tls = found != component.ports.end() && found->tls;
  return fmt::format("{}{}/services/{}{}:{}/proxy", k_cluster_scheme, api, tls ? "https:" : "",
                     component.name, port);
}

}  // namespace

namespace {

// How programs are run that obsctl did not generate is their operator's knowledge: fixes name the
// action, not a command.
void name_actions(Runbook& runbook) {
  const auto about = [](std::string before, std::string after = {}) {
    return [=](std::string_view name) { return fmt::format("{}{}{}", before, name, after); };
  };
  runbook.apply = "apply the change";
  runbook.status = "the state of the programs";
  runbook.disk_usage = "the size of each volume";
  runbook.clean_up = "removing what is not used";
  runbook.start = about("start ");
  runbook.stop = about("stop ");
  runbook.state = about("the state of ");
  runbook.restart = about("restart ");
  runbook.reload = about("let ", " read its configuration");
  runbook.exec = about("in ", ":");
  runbook.beside = about("beside ", ":");
  runbook.run = about("run ");
  runbook.logs = [](const std::vector<std::string>& components, int lines) {
    const std::string of = "the log of " + join(components, ", ");
    return lines == 0 ? of : fmt::format("the last {} lines of {}", lines, of);
  };
  runbook.ask = [](const Component& component, int port) {
    return fmt::format("curl http://{}:{}", component.name, port);
  };
}

}  // namespace

std::string Subject::name() const {
  std::vector<std::string> urls;
  for (const GivenEndpoint& one : given) {
    urls.push_back(shown_url(one.url));
  }
  return own() ? stack.directory.string() : join(urls, ", ");
}

std::optional<std::string> Subject::url_of(const Component& component, int port) const {
  for (const GivenEndpoint& one : given) {
    if (one.component == component.name) {
      return one.url.ends_with('/') ? one.url.substr(0, one.url.size() - 1) : one.url;
    }
  }
  if (!own()) {
    return std::nullopt;
  }
  if (!stack.words.cluster_api.empty()) {
    return cluster_url(stack.words.cluster_api, component, port);
  }
  if (!stack.target->on_this_host) {
    return std::nullopt;
  }
  for (const Port& one : component.ports) {
    if (one.container == port && one.host != 0) {
      return fmt::format("{}://{}", one.scheme(), one.reached_at());
    }
  }
  return std::nullopt;
}

Result<Values> row_values(const Subject& subject) {
  const stack::Stack& stack = subject.stack;
  OBS_TRY_ASSIGN(const stack::Stack whole, subject.own()
                                               ? Result<stack::Stack>(stack)
                                               : stack::assemble({}, stack.spec, stack.templates));
  OBS_TRY_ASSIGN(Watch watch, read_watch(whole.topology, stack.templates.store, stack.words));
  return std::move(watch.values);
}

Result<Subject> open_stack(const Services& services, const std::filesystem::path& start,
                           const std::vector<std::string>& template_dirs) {
  OBS_TRY_ASSIGN(stack::Stack stack,
                 stack::open(services.files, services.environment, start, template_dirs));
  OBS_TRY_ASSIGN(auto checks, checks_of(stack));
  OBS_TRY_ASSIGN(auto discards, discards_of(stack));
  return Subject{.stack = std::move(stack),
                 .given = {},
                 .checks = std::move(checks),
                 .discards = std::move(discards)};
}

namespace {

// A stack that has the components: the default one, and what is not part of it beside it.
Result<stack::Stack> stack_with(const stack::StackTemplates& templates,
                                const std::vector<GivenEndpoint>& given) {
  OBS_TRY_ASSIGN(stack::Stack stack, stack::assemble({}, StackSpec{}, templates));
  std::vector<std::string> names;
  for (const auto& [name, component] : templates.catalogs.components) {
    names.push_back(name);
  }
  StackSpec spec;
  for (const GivenEndpoint& one : given) {
    if (std::ranges::find(names, one.component) == names.end()) {
      return unknown_choice(one.component, "component", names);
    }
    if (stack.topology.find(one.component) == nullptr) {
      spec.extra_components.push_back(one.component);
    }
  }
  return spec.extra_components.empty() ? Result<stack::Stack>(std::move(stack))
                                       : stack::assemble({}, std::move(spec), templates);
}

}  // namespace

Result<Subject> given_programs(const Services& services, std::vector<GivenEndpoint> given) {
  OBS_TRY_ASSIGN(const auto templates,
                 stack::load_templates(services.files, services.environment, {}, {}));
  OBS_TRY_ASSIGN(stack::Stack stack, stack_with(templates, given));
  name_actions(stack.words.runbook);
  OBS_TRY_ASSIGN(auto checks, checks_of(stack));
  const auto is_given = [&given](const std::string& component) {
    return std::ranges::any_of(
        given, [&component](const GivenEndpoint& one) { return one.component == component; });
  };
  std::erase_if(stack.topology.components,
                [&is_given](const Component& one) { return !is_given(one.name); });
  std::erase_if(checks, [&is_given](const Check& check) {
    return !check.row.component.empty() && !is_given(check.row.component);
  });
  OBS_TRY_ASSIGN(auto discards, discards_of(stack));
  return Subject{.stack = std::move(stack),
                 .given = std::move(given),
                 .checks = std::move(checks),
                 .discards = std::move(discards)};
}

}  // namespace obsctl::health

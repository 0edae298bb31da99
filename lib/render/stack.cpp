// SPDX-License-Identifier: Apache-2.0
// Renders what is the same in every packaging of a stack: configurations, rules, dashboards,
// secrets.
#include "lib/render/stack.hpp"

#include <fmt/format.h>

#include <map>

#include "lib/base/text.hpp"
#include "lib/render/observe.hpp"
#include "lib/render/sources.hpp"
#include "lib/render/values.hpp"
#include "lib/topology/fill.hpp"
#include "lib/topology/settings.hpp"

namespace obsctl {
namespace {

constexpr std::size_t k_token_length = 32;
constexpr auto k_token_tag = "[% token %]";
constexpr FileMode k_private = 0600;

// Each component's own files; `self` are its settings and limits.
Result<void> add_configs(FileTree& tree, const Topology& topology, const TemplateStore& store,
                         const Words& words, const Values& values) {
  for (const auto& component : topology.components) {
    Values all = values;
    all["self"] = component_values(component);
    const std::string from = "components/" + component.name + "/";
    const std::string to = fmt::format("{}/{}/", words.configs, component.name);
    for (const auto& file : component.configs.files) {
      OBS_TRY(add_file(tree, store, from + file, to + file, all));
    }
    for (const auto& file : component.configs.own) {
      OBS_TRY(add_file(tree, store, from + file, to + file, all));
      tree[to + file].own = true;
    }
  }
  return {};
}

// What a new secret holds, with the component.yaml that says it.
struct NewSecret {
  std::string file;
  std::string content;
};

using NewSecrets = std::map<std::string, NewSecret>;

Result<NewSecrets> new_secrets(const Topology& topology) {
  NewSecrets out;
  for (const auto& component : topology.components) {
    for (const auto& use : component.secrets) {
      for (const auto& [path, content] : use.contents) {
        const auto [first, fresh] = out.try_emplace(path, NewSecret{component.file, content});
        if (!fresh) {
          return fail_at({component.file}, fmt::format("the secret '{}' is made twice", path),
                         fmt::format("{} makes it too; give one another path", first->second.file));
        }
      }
    }
  }
  return out;
}

// The same for a person who brings them: without the random part, and commented out where a secret
// is not read as environment.
Values secret_values(const NewSecrets& secrets) {
  Values out = Values::array();
  for (const auto& [path, secret] : secrets) {
    std::string text = replace_all(secret.content, k_token_tag, "");
    if (!path.ends_with(".env")) {
      text = "# one line, such as: " + text;
    }
    out.push_back(Values{{"path", path}, {"content", trim(text)}});
  }
  return out;
}

// Which alerts silence which while they fire, as the matchers of an inhibition.
Values outranked(const std::vector<catalog::AlertRule>& alerts) {
  Values out = Values::array();
  for (const auto& alert : alerts) {
    if (!alert.outranks.empty()) {
      out.push_back(Values{{"by", alert.name}, {"alerts", join(alert.outranks, "|")}});
    }
  }
  return out;
}

Result<void> add_secrets(FileTree& tree, const NewSecrets& secrets, const Values& values,
                         Random& random) {
  for (const auto& [path, secret] : secrets) {
    Values all = values;
    if (secret.content.find(k_token_tag) != std::string::npos) {
      OBS_TRY_ASSIGN(all["token"], random.token(k_token_length));
    }
    OBS_TRY_ASSIGN(std::string bytes, fill_in(secret.file, "secrets.content", secret.content, all));
    tree[path] = {.bytes = std::move(bytes), .mode = k_private, .origin = "secret", .secret = true};
  }
  return {};
}

}  // namespace

Result<void> add_file(FileTree& tree, const TemplateStore& store, const std::string& source,
                      const std::string& path, const Values& values) {
  OBS_TRY_ASSIGN(const Template found, store.find(source));
  OBS_TRY_ASSIGN(std::string bytes, render_template(found, values, store));
  tree[path] = {.bytes = std::move(bytes), .origin = source};
  return {};
}

Result<Rendered> render_stack(const Topology& topology, const TemplateStore& store,
                              const Words& words, Random& random) {
  OBS_TRY_ASSIGN(Watch watch, read_watch(topology, store, words));
  Rendered out;
  Values& values = out.values;
  values = stack_values(topology, words);
  values["cmd"] = watch.values.at("cmd");
  values["outranked"] = outranked(watch.alerts);
  OBS_TRY_ASSIGN(values["data_sources"],
                 data_sources(watch.sources, topology, watch.values, store));
  OBS_TRY_ASSIGN(const NewSecrets secrets, new_secrets(topology));
  values["secrets"] = secret_values(secrets);
  OBS_TRY(add_component_values(values, topology));
  OBS_TRY(add_configs(out.tree, topology, store, words, values));
  OBS_TRY(add_file(out.tree, store, "shared/gitignore", ".gitignore", values));
  add_observability(out.tree, topology, words, watch);
  OBS_TRY(add_secrets(out.tree, secrets, values, random));
  out.alerts = std::move(watch.alerts);
  return out;
}

}  // namespace obsctl

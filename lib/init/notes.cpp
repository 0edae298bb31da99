// SPDX-License-Identifier: Apache-2.0
// Words of init's notes.
#include "lib/init/notes.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lib/base/text.hpp"
#include "lib/stack/paths.hpp"

namespace obsctl::init {
namespace {

// What becomes of the dashboards: their login in clear, or that they stay on this host while the
// receivers do not.
std::optional<Note> dashboards_note(const StackSpec& spec, const Provider& view, const Port& port) {
  if (!is_loopback(port.bind) && !port.tls) {
    return Note{fmt::format("{}'s password travels unencrypted", view.title),
                {{"security.tls", "self-signed"}},
                "encrypts it"};
  }
  if (is_loopback(port.bind) && !is_loopback(spec.security.bind) &&
      !spec.asked.contains("security.bind_ui")) {
    return Note{fmt::format("{} stays on {}, for this host alone", view.title, port.bind),
                {{"security.bind_ui", spec.security.bind}},
                "publishes it"};
  }
  return std::nullopt;
}

}  // namespace

std::vector<Note> exposure_notes(const stack::Stack& stack) {
  std::vector<Note> out;
  const SecuritySpec& security = stack.spec.security;
  const bool open = !is_loopback(security.bind);
  if (open && security.auth == Auth::none) {
    out.push_back(
        {fmt::format("the receivers listen on {} and accept telemetry from anyone", security.bind),
         {{"security.auth", "bearer"}},
         "requires a token"});
  }
  if (open && security.auth == Auth::bearer && security.tls == Tls::off) {
    out.push_back(
        {"the bearer token travels unencrypted", {{"security.tls", "self-signed"}}, "encrypts it"});
  }
  const Provider* view = stack.topology.provider("dashboards.view");
  const Port* pages = stack.topology.port_of("dashboards.view");
  if (stack.target->on_this_host && pages != nullptr && pages->host != 0) {
    if (auto note = dashboards_note(stack.spec, *view, *pages)) {
      out.push_back(std::move(*note));
    }
  }
  return out;
}

Result<std::vector<Note>> origin_notes(const FileSystem& files, const stack::Stack& stack,
                                       const FileTree& tree, bool fresh) {
  std::vector<Note> out;
  OBS_TRY_ASSIGN(const auto templates, stack::own_templates(files, stack.directory));
  if (!templates.empty()) {
    out.push_back(
        {fmt::format("templates of this directory are used: {} file{} in {}", templates.size(),
                     templates.size() == 1 ? "" : "s", stack_paths::templates)});
  }
  std::vector<std::string> kept;
  for (const auto& [path, file] : tree) {
    if (fresh && file.secret && !file.replaces && files.exists(stack.directory / path)) {
      kept.push_back(path);
    }
  }
  if (!kept.empty()) {
    out.push_back(
        {fmt::format("kept secrets that were already here: {}; if others know them, "
                     "remove them, and the next init makes new ones",
                     join(kept, ", "))});
  }
  return out;
}

}  // namespace obsctl::init

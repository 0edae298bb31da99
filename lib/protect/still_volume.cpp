// SPDX-License-Identifier: Apache-2.0
// Stop, read, start: in this order and undone in the opposite one, whatever fails.
#include "lib/protect/still_volume.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "lib/archive/tar_source.hpp"
#include "lib/backup/failpoint.hpp"
#include "lib/base/text.hpp"
#include "lib/engine/inspect.hpp"
#include "lib/engine/volume.hpp"
#include "lib/protect/engine_stream.hpp"
#include "lib/protect/helper.hpp"

namespace obsctl::protect {
namespace {

class StillVolume final : public archive::TreeSource {
 public:
  StillVolume(Engine& engine, StillOptions options, std::vector<Earlier>& touched)
      : engine_(engine), options_(std::move(options)), touched_(touched) {}
  ~StillVolume() override { static_cast<void>(let_go()); }
  StillVolume(const StillVolume&) = delete;
  StillVolume& operator=(const StillVolume&) = delete;

  Result<void> open() {
    // The lock of the standstill first: a helper that is there then belongs to nobody.
    OBS_TRY_ASSIGN(standstill_, quiesce::Standstill::begin(engine_.parts, engine_.journal,
                                                           engine_.start_companion));
    OBS_TRY(engine::remove_helpers(http(), environment(), options_.volume));
    OBS_TRY_ASSIGN(helper_, Helper::open(engine_, options_.volume));
    if (options_.stop_users) {
      OBS_TRY_ASSIGN(const auto users,
                     engine::volume_users(http(), environment(), options_.volume));
      OBS_TRY(stop(users));
    }
    backup::failpoint("still");
    OBS_TRY_ASSIGN(stream_, EngineStream::open(http(), environment(), helper_->id(), engine_.stop));
    tar_ = std::make_unique<archive::TarSource>(
        [this](std::span<char> into) { return stream_->read(into); });
    return {};
  }

  Result<std::optional<archive::Member>> next() override {
    OBS_TRY_ASSIGN(auto member, tar_->next());
    if (!member) {
      problems_ = tar_->problems();
      OBS_TRY(look_for_writers());
      // Bytes that were read are worth keeping; who does not run is found by wait_as_before().
      if (const auto ended = let_go(); !ended) {
        engine_.note(ended.error().message);
      }
    }
    return member;
  }
  Result<std::size_t> read(std::span<char> into) override { return tar_->read(into); }
  [[nodiscard]] const std::vector<archive::Problem>& problems() const override {
    return helper_ && tar_ ? tar_->problems() : problems_;
  }

 private:
  HttpClient& http() { return engine_.parts.http; }
  const Environment& environment() { return engine_.parts.environment; }

  Result<void> stop(const std::vector<engine::VolumeUser>& users) {
    for (const engine::VolumeUser& user : users) {
      if (!user.running || !user.writes || user.helper) {
        continue;
      }
      OBS_TRY_ASSIGN(const ContainerFacts facts, inspect_container(http(), environment(), user.id));
      const quiesce::Stopped stopped{
          .id = user.id, .name = user.name, .project = user.project, .service = user.service};
      begun_ = begun_ ? begun_ : engine_.parts.clock.monotonic();
      OBS_TRY(standstill_->stop(stopped, {facts.stop_seconds}));
      mine_.push_back({.container = stopped, .healthy = facts.health == "healthy"});
    }
    return {};
  }

  // Somebody may have started a container while its volume was read.
  Result<void> look_for_writers() {
    if (!options_.stop_users) {
      return {};
    }
    OBS_TRY_ASSIGN(const auto users, engine::volume_users(http(), environment(), options_.volume));
    for (const engine::VolumeUser& user : users) {
      if (user.running && user.writes && !user.helper) {
        problems_.push_back({.gravity = archive::Gravity::incomplete,
                             .path = std::string(archive::k_top),
                             .what = fmt::format("may have changed while it was read: somebody "
                                                 "started '{}'",
                                                 user.name)});
      }
    }
    return {};
  }

  Result<void> let_go() {
    tar_.reset();
    stream_.reset();
    helper_.reset();
    if (!standstill_) {
      return {};
    }
    const auto ended = standstill_->end();
    standstill_.reset();
    for (Earlier& one : mine_) {
      one.away = engine_.parts.clock.since(*begun_);
      engine_.note(
          fmt::format("{} was stopped for {}", one.container.name, human_duration(one.away)));
      touched_.push_back(one);
    }
    mine_.clear();
    return ended;
  }

  Engine& engine_;
  StillOptions options_;
  std::vector<Earlier>& touched_;
  std::unique_ptr<quiesce::Standstill> standstill_;
  std::unique_ptr<Helper> helper_;
  std::unique_ptr<EngineStream> stream_;
  std::unique_ptr<archive::TarSource> tar_;
  std::vector<archive::Problem> problems_;
  std::optional<std::chrono::steady_clock::time_point> begun_;
  std::vector<Earlier> mine_;
};

Result<bool> is_as_before(Engine& engine, const Earlier& one) {
  const auto facts =
      inspect_container(engine.parts.http, engine.parts.environment, one.container.id);
  if (!facts) {
    return tl::make_unexpected(facts.error());
  }
  return facts->running && !facts->restarting && (!one.healthy || facts->health == "healthy");
}

}  // namespace

Result<std::unique_ptr<archive::TreeSource>> open_still(Engine& engine, const StillOptions& options,
                                                        std::vector<Earlier>& touched) {
  auto out = std::make_unique<StillVolume>(engine, options, touched);
  OBS_TRY(out->open());
  return out;
}

Result<void> wait_as_before(Engine& engine, const std::vector<Earlier>& touched, Duration longest) {
  const auto start = engine.parts.clock.monotonic();
  std::vector<std::string> missing;
  while (true) {
    missing.clear();
    for (const Earlier& one : touched) {
      OBS_TRY_ASSIGN(const bool well, is_as_before(engine, one));
      if (!well) {
        missing.push_back(fmt::format("'{}'", one.container.name));
      }
    }
    if (missing.empty()) {
      return {};
    }
    if (engine.parts.clock.since(start).seconds > longest.seconds ||
        !engine.parts.clock.sleep({1}, engine.stop)) {
      return fail(Code::failed, fmt::format("not as before the backup: {}", join(missing, ", ")),
                  "`obsctl health` says why");
    }
  }
}

}  // namespace obsctl::protect

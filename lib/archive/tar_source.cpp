// SPDX-License-Identifier: Apache-2.0
// The reader of tar streams, with the policy in front of it.
#include "lib/archive/tar_source.hpp"

#include <utility>

#include "lib/archive/policy.hpp"
#include "lib/archive/tar_reader.hpp"

namespace obsctl::archive {

struct TarSource::State {
  TarReader reader;
  // What a volume holds is stored; whether devices are made again is decided when it is unpacked.
  Policy policy{PolicyOptions{.devices = true}};
  std::vector<Problem> problems;
};

TarSource::TarSource(ByteSource tar)
    : state_(new State{.reader = TarReader(std::move(tar)), .problems = {}}) {}
TarSource::~TarSource() = default;

Result<std::optional<Member>> TarSource::next() {
  OBS_TRY_ASSIGN(std::optional<Member> member, state_->reader.next());
  if (member) {
    for (Problem& problem : state_->policy.check(member->entry)) {
      if (problem.gravity == Gravity::refused) {
        return fail(Code::integrity, problem.str());
      }
      state_->problems.push_back(std::move(problem));
    }
    member->entry.offset = 0;
  }
  return member;
}

Result<std::size_t> TarSource::read(std::span<char> into) {
  return state_->reader.read(into);
}

const std::vector<Problem>& TarSource::problems() const {
  return state_->problems;
}

}  // namespace obsctl::archive

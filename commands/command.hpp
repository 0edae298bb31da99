// SPDX-License-Identifier: Apache-2.0
// What a command is: one value from which the parser, help, man page, completions and reference
// are all made. A flag is written once, here where its meaning is.
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "lib/base/choice.hpp"
#include "lib/base/error.hpp"
#include "lib/io/clock.hpp"
#include "lib/io/environment.hpp"
#include "lib/io/filesystem.hpp"
#include "lib/io/http.hpp"
#include "lib/io/process.hpp"
#include "lib/io/random.hpp"
#include "lib/io/terminal.hpp"

namespace obsctl {

enum class ColorMode { automatic, always, never };
constexpr auto names_of(ColorMode) {
  return std::to_array<Named<ColorMode>>(
      {{ColorMode::automatic, "auto"}, {ColorMode::always, "always"}, {ColorMode::never, "never"}});
}

// Output settings that every command shares.
struct GlobalOptions {
  ColorMode color = ColorMode::automatic;
  bool quiet = false;
  int verbose = 0;
};

// Everything outside the program that it may touch; nothing else is reachable, so tests can run it
// whole.
struct System {
  const Environment& environment;
  FileSystem& files;
  HttpClient& http;
  Processes& processes;
  Clock& clock;
  Random& random;
  Terminal& terminal;
  StopFlag& stop;  // raised by a test, or by Ctrl-C while a command holds StopSignals
};

// What a command gets when it runs.
struct Context : System {
  const GlobalOptions& global;

  // True when text on that stream may carry ANSI colour (--color, NO_COLOR, CLICOLOR_FORCE,
  // terminal).
  [[nodiscard]] bool color_out() const;
  [[nodiscard]] bool color_err() const;

  // Says something on stderr unless --quiet.
  void note(std::string_view text) const;
};

// A value that is read from text into a field of its own type; commands/typed_flags.hpp makes them.
struct TypedValue {
  // Stores the value that `text` stands for. `what` names the input in errors: "--rate", or the
  // environment variable that stands in for it.
  std::function<Result<void>(std::string_view text, std::string_view what)> read;
  std::vector<std::string> choices = {};  // the only accepted texts; empty: not a closed list
  std::string initial = {};               // what the field holds without the flag, as text
  bool repeatable = false;                // each use adds a value
};

// Where the value of a flag goes. A bool is a switch, an int counts how often a switch was given,
// a vector takes the flag several times.
using FlagValue = std::variant<bool*, int*, std::string*, std::optional<std::string>*,
                               std::vector<std::string>*, TypedValue>;

struct Flag {
  std::string name;     // without dashes
  char short_name = 0;  // 0 when there is none
  // Placeholder such as "TIER"; empty for a switch, in brackets when the value may be left out
  // (the text is empty then).
  std::string value = {};
  FlagValue into;
  // The only accepted values; completion offers them. A typed value brings its own.
  std::vector<std::string> choices = {};
  bool open = false;  // there are more choices, and the command knows them
  // Values that completion offers without restricting the flag to them.
  std::vector<std::string> suggestions = {};
  std::string completes = {};  // "file" or "directory" for path completion
  // Names of flags of the same command. `excludes` holds in both directions, so one of two flags
  // names the other; `needs` lists those that have to be given too.
  std::vector<std::string> excludes = {};
  std::vector<std::string> needs = {};
  std::string env = {};         // environment variable read when the flag is absent
  bool env_by_command = false;  // the command reads the variable: it depends on more than the flag
  std::string fallback = {};    // shown as the default; a typed value shows its own
  std::string group = {};       // heading in help; empty: "Options"
  bool common = false;          // shown by -h; when a command marks none, -h shows all
  std::string doc = {};         // one line, begins with a verb, lower case, no full stop
};

struct Argument {
  std::string name;  // placeholder such as "TOPIC"
  FlagValue into;
  bool required = false;
  std::vector<std::string> choices = {};
  std::string completes = {};  // "file" or "directory" for path completion
  std::string doc = {};
};

struct Example {
  std::string command;  // without the leading "$ "
  std::string doc;
};

// A command either runs or has commands of its own (`obsctl loadgen sink`); then it has no flags,
// arguments or `run` of its own.
struct Command {
  std::string name;
  std::string group = {};        // heading in `obsctl help`
  std::string summary;           // one line, begins with a verb, lower case, no full stop
  std::string description = {};  // paragraphs for --help and the man page
  std::vector<Command> commands = {};
  std::string default_command = {};  // of `commands`: the one that is meant when none is named
  std::vector<Flag> flags = {};
  std::vector<Argument> arguments = {};
  std::vector<Example> examples = {};                        // -h shows the first four
  std::vector<std::pair<int, std::string>> exit_codes = {};  // those with a special meaning here
  // Other commands ("size", "loadgen sink") and help topics.
  std::vector<std::string> see_also = {};
  bool hidden = false;
  std::function<Result<int>(Context&)> run = {};  // the exit code
};

// The values that a flag or an argument accepts; empty: any.
[[nodiscard]] const std::vector<std::string>& choices_of(const Flag& flag);
[[nodiscard]] const std::vector<std::string>& choices_of(const Argument& argument);

[[nodiscard]] bool repeatable(const FlagValue& into);

// The default that help shows; empty when there is none.
[[nodiscard]] const std::string& default_of(const Flag& flag);

// A flag that takes the path of a file.
[[nodiscard]] Flag file_flag(std::string name, std::string* into, std::string group,
                             std::string doc);

// The flag `-o, --output` with the formats a command offers.
[[nodiscard]] Flag output_flag(std::string* into, std::vector<std::string> formats);

// The same for a typed value, which brings its formats.
[[nodiscard]] Flag output_flag(TypedValue into);

// Every command, in the order of `obsctl help`. (commands/registry.cpp)
[[nodiscard]] std::vector<Command> all_commands();

}  // namespace obsctl

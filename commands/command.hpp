// What a command is: one value from which the parser, help, man page, completions and README tables
// are all made. A flag is written once, here where its meaning is.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "lib/base/error.hpp"
#include "lib/io/clock.hpp"
#include "lib/io/environment.hpp"
#include "lib/io/filesystem.hpp"
#include "lib/io/http.hpp"
#include "lib/io/random.hpp"
#include "lib/io/terminal.hpp"

namespace obsctl {

// Output settings that every command shares.
struct GlobalOptions {
  std::string color = "auto";  // auto, always, never
  bool quiet = false;
  int verbose = 0;
};

// Everything outside the program that it may touch; nothing else is reachable, so tests can run it
// whole.
struct System {
  const Environment& environment;
  FileSystem& files;
  HttpClient& http;
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

// Where the value of a flag goes. A bool is a switch; a vector takes the flag several times.
using FlagValue =
    std::variant<bool*, std::string*, std::optional<std::string>*, std::vector<std::string>*>;

struct Flag {
  std::string name;     // without dashes
  char short_name = 0;  // 0 when there is none
  // Placeholder such as "TIER"; empty for a switch, in brackets when the value may be left out
  // (then the target is an optional, and becomes an empty text).
  std::string value = {};
  FlagValue into;
  std::vector<std::string> choices = {};  // the only accepted values; completion offers them
  bool open = false;                      // there are more choices, and the command knows them
  // Values that completion offers without restricting the flag to them.
  std::vector<std::string> suggestions = {};
  std::string completes = {};   // "file" or "directory" for path completion
  std::string env = {};         // environment variable read when the flag is absent
  std::string env_unless = {};  // a flag that, when given, outranks the variable
  std::string fallback = {};    // shown as the default; the option struct holds the real one
  std::string group = {};       // heading in help; empty: "Options"
  std::string doc = {};         // one line, lower case, no full stop
};

struct Argument {
  std::string name;  // placeholder such as "TOPIC"
  FlagValue into;
  bool required = false;
  std::vector<std::string> choices = {};
  std::string doc = {};
};

struct Example {
  std::string command;  // without the leading "$ "
  std::string doc;
};

struct Command {
  std::string name;
  std::string group = {};        // heading in `obsctl help`
  std::string summary;           // one line, lower case, no full stop
  std::string description = {};  // paragraphs for --help and the man page
  std::vector<Flag> flags = {};
  std::vector<Argument> arguments = {};
  std::vector<Example> examples = {};
  std::vector<std::pair<int, std::string>> exit_codes = {};  // those with a special meaning here
  std::vector<std::string> see_also = {};                    // other commands and help topics
  bool hidden = false;
  std::function<Result<int>(Context&)> run;  // the exit code
};

// The flag `-o, --output` with the formats a command offers.
[[nodiscard]] Flag output_flag(std::string* into, std::vector<std::string> formats);

// Every command, in the order of `obsctl help`. (commands/registry.cpp)
[[nodiscard]] std::vector<Command> all_commands();

}  // namespace obsctl

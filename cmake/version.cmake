# SPDX-License-Identifier: Apache-2.0
# Run by every build, because a commit changes no file that the build depends on: writes OUTPUT from INPUT with VERSION
# and the commit of SOURCE, and leaves it alone when nothing has changed.
set(COMMIT "")
set(DIRTY false)
find_program(GIT git)
# Only the project's own repository: a source archive may be unpacked inside another one.
if(GIT AND EXISTS ${SOURCE}/.git)
  execute_process(COMMAND ${GIT} -C ${SOURCE} rev-parse --short=12 HEAD
                  OUTPUT_VARIABLE COMMIT OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()
if(COMMIT)
  execute_process(COMMAND ${GIT} -C ${SOURCE} --no-optional-locks status --porcelain --untracked-files=no
                  OUTPUT_VARIABLE changes ERROR_QUIET)
  if(changes)
    set(DIRTY true)
  endif()
endif()
configure_file(${INPUT} ${OUTPUT} @ONLY)

# SPDX-License-Identifier: Apache-2.0
# Warnings, sanitizers, hardening and the two kinds of target: one library per folder, one test binary per library.
add_library(obsctl_warnings INTERFACE)
target_compile_options(obsctl_warnings INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion
                       $<$<BOOL:${OBSCTL_WERROR}>:-Werror>
                       # GCC 12 warns falsely about std::string concatenation (GCC PR 105651) and about
                       # values moved out of an expected; the sanitizer builds look for the real thing.
                       $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict -Wno-maybe-uninitialized>)
if(OBSCTL_SANITIZE)
  add_compile_options(-fsanitize=${OBSCTL_SANITIZE} -fno-omit-frame-pointer
                      -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${OBSCTL_SANITIZE})
endif()

if(OBSCTL_LIBFUZZER)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

# The program reads bytes from strangers. What the compiler offers against a mistake in that is on in every build but
# the sanitizers', which find the mistake itself, and debug builds, because _FORTIFY_SOURCE needs the optimizer.
# tests/cli/test_hardening.py looks for each in the program.
add_compile_options(-fPIE)
add_link_options(-pie -Wl,-z,relro,-z,now,-z,noexecstack)
if(NOT OBSCTL_SANITIZE AND NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
  set(OBSCTL_HARDENED ON)
  add_compile_options(-fstack-protector-strong -fstack-clash-protection
                      -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -D_GLIBCXX_ASSERTIONS)
  include(CheckCXXCompilerFlag)
  foreach(flag -fcf-protection -mbranch-protection=standard) # x86-64, arm64
    string(MAKE_C_IDENTIFIER "OBSCTL_HAS${flag}" has)
    check_cxx_compiler_flag(${flag} ${has})
    if(${has})
      add_compile_options(${flag})
    endif()
  endforeach()
endif()

# obsctl_library(NAME [PUBLIC lib…] [PRIVATE lib…]): the sources of the current folder.
function(obsctl_library name)
  cmake_parse_arguments(arg "" "" "PUBLIC;PRIVATE" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  if(NOT sources)
    message(FATAL_ERROR "${CMAKE_CURRENT_SOURCE_DIR} has no sources")
  endif()
  add_library(${name} STATIC ${sources})
  target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name} PUBLIC ${arg_PUBLIC} PRIVATE ${arg_PRIVATE} obsctl_warnings)
endfunction()

# obsctl_unit_test(NAME lib…): tests/unit/NAME/*.cpp as one doctest binary.
function(obsctl_unit_test name)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/unit/${name}/*.cpp)
  if(NOT sources)
    return()
  endif()
  add_executable(unit_${name} ${sources} ${CMAKE_CURRENT_SOURCE_DIR}/unit/main.cpp)
  target_link_libraries(unit_${name} PRIVATE ${ARGN} doctest::doctest obsctl_warnings)
  # Only where it is used: a path in the command line keeps ccache from sharing objects between clones.
  foreach(source IN LISTS sources)
    file(STRINGS ${source} uses REGEX OBSCTL_SOURCE_DIR LIMIT_COUNT 1)
    if(uses)
      set_source_files_properties(${source} PROPERTIES COMPILE_DEFINITIONS OBSCTL_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
    endif()
  endforeach()
  add_test(NAME unit_${name} COMMAND unit_${name})
  set_tests_properties(unit_${name} PROPERTIES LABELS unit)
endfunction()

# SPDX-License-Identifier: Apache-2.0
# Warnings, sanitizers and the two kinds of target: one library per folder, one test binary per library.
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
  target_compile_definitions(unit_${name} PRIVATE OBSCTL_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  add_test(NAME unit_${name} COMMAND unit_${name})
  set_tests_properties(unit_${name} PROPERTIES LABELS unit)
endfunction()

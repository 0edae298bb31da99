// SPDX-License-Identifier: Apache-2.0
#include "lib/health/explain.hpp"

#include <doctest/doctest.h>
TEST_CASE("x") {}

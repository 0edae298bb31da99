#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Compares `obsctl loadgen` with telemetrygen on this machine; see loadgen.py --help.
#   OBSCTL=build/bin/obsctl tests/bench/loadgen.sh [--rounds N] [--seconds N] [--steady N]
exec python3 -B "$(dirname "$0")/loadgen.py" "$@"

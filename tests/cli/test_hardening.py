# SPDX-License-Identifier: Apache-2.0
"""The program as the compiler left it: the defences that cmake/targets.cmake asks for are really in it."""

import os
import platform
import subprocess
import unittest

from support import BINARY


def readelf(*options):
    return subprocess.run(["readelf", "-W", *options, BINARY], check=True, capture_output=True, text=True).stdout


class Layout(unittest.TestCase):
    def test_the_program_is_loaded_anywhere(self):
        self.assertIn("DYN (Position-Independent Executable file)", readelf("-h"))

    def test_tables_of_addresses_are_read_only_once_it_runs(self):
        dynamic = readelf("-d")
        self.assertRegex(dynamic, r"FLAGS_1\).*\bNOW\b")
        self.assertNotIn("TEXTREL", dynamic)
        self.assertIn("GNU_RELRO", readelf("-l"))

    def test_the_stack_is_not_executable(self):
        stack = next(line for line in readelf("-l").splitlines() if "GNU_STACK" in line)
        self.assertIn(" RW ", stack)


@unittest.skipUnless(os.environ.get("HARDENED") == "ON", "a debug or sanitizer build")
class Checks(unittest.TestCase):
    symbols = ""

    @classmethod
    def setUpClass(cls):
        cls.symbols = readelf("--dyn-syms")

    def test_an_overwritten_stack_ends_the_program(self):
        self.assertRegex(self.symbols, r"UND __stack_chk_fail\b")

    def test_calls_of_the_c_library_know_the_size_of_what_they_write(self):
        self.assertRegex(self.symbols, r"UND __(read|recv|memcpy|vsnprintf|snprintf|fdelt)_chk\b")

    def test_the_standard_library_checks_indices(self):
        self.assertRegex(self.symbols, r"UND \w*(glibcxx_assert_fail|replacement_assert)")

    @unittest.skipUnless(platform.machine() == "x86_64", "control-flow enforcement of x86-64")
    def test_functions_begin_with_a_mark_for_indirect_jumps(self):
        code = subprocess.run(["objdump", "-d", "--no-show-raw-insn", "--disassemble=main", BINARY], check=True,
                              capture_output=True, text=True).stdout
        self.assertIn("endbr64", code)


if __name__ == "__main__":
    unittest.main()

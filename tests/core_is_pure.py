#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks that libcomar-core.a reaches neither the kernel, nor a clock, nor the environment.

usage: core_is_pure.py NM ARCHIVE

Whatever the archive needs from outside must be of the C++ library or its run time; of C it may
use only functions that compute.
"""

import re
import subprocess
import sys

# Symbols that are the compiler's or the C++ library's own.
LANGUAGE = re.compile(r"^(_Z|__cxa_|__gxx_|__gcc_|_Unwind_|__stack_chk_fail|__dso_handle|_GLOBAL_"
                      r"|__(asan|ubsan|tsan|lsan|sanitizer)_)")
COMPUTES = re.compile(r"^(mem(cpy|move|set|cmp|chr)|str(len|cmp|ncmp|chr)|__(mem\w+|str\w+)_chk|abort|"
                      r"__assert_fail|free|malloc|log|pow|exp|ldexp|frexp|ceil|floor|round)$")
# C++ names that hide a clock, a thread, a file or the environment.
IMPURE = re.compile(r"chrono.*clock3nowEv|this_thread|filesystem|basic_(if|of|f)stream|basic_filebuf|"
                    r"random_device|St6thread|_ZSt4c(out|err|log|in)$")


def undefined_symbols(nm, archive):
    """Names that the archive uses and does not define."""
    lines = subprocess.run([nm, archive], check=True, capture_output=True, text=True).stdout
    used, defined = set(), set()
    for line in lines.splitlines():
        words = line.split()
        if len(words) == 2 and words[0] in "Uw":
            used.add(words[1])
        elif len(words) == 3:
            defined.add(words[2])
    return sorted(used - defined)


def is_pure(symbol):
    return (LANGUAGE.match(symbol) or COMPUTES.match(symbol)) and not IMPURE.search(symbol)


def main():
    nm, archive = sys.argv[1:]
    impure = [symbol for symbol in undefined_symbols(nm, archive) if not is_pure(symbol)]
    for symbol in impure:
        print(f"core/ may not use {symbol}")
    print(f"{archive}: {len(impure)} symbols from outside the language")
    return 1 if impure else 0


if __name__ == "__main__":
    sys.exit(main())

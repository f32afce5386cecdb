#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Puts source files into groups that can be read as one file, so that headers are read once for all of them.

Two files do not go together when both have something of the same name in an anonymous namespace.

    unity.py MOST FILE...    prints "GROUP FILE" for each file; MOST: files in a group
"""

import pathlib
import re
import sys

_ANONYMOUS = re.compile(r"^namespace \{$(.*?)^\}  // namespace$", re.MULTILINE | re.DOTALL)
# Declarations as clang-format leaves them: their first line begins at the margin.
_TYPE = re.compile(r"^(?:template .*> )?(?:class|struct|union|enum(?: class)?) (\w+)", re.MULTILINE)
_ALIAS = re.compile(r"^using (\w+) =", re.MULTILINE)
_MATCHER = re.compile(r"^MATCHER\w*\((\w+)", re.MULTILINE)
_OTHER = re.compile(r"^(?![A-Z_]+\(|using |namespace |class |struct |enum |template |friend |//|#|\}|\s)[^(={;\[]*?(\w+)\s*[(={;\[]",
                    re.MULTILINE)


def own_names(text):
    """What is in anonymous namespaces of the file, at their top level."""
    names = set()
    for found in _ANONYMOUS.finditer(text):
        for pattern in (_TYPE, _ALIAS, _MATCHER, _OTHER):
            names.update(pattern.findall(found.group(1)))
    return names


def groups(files, most):
    """Lists of files, each of which goes into the first group where it has room and fits."""
    found = []
    for file in files:
        names = own_names(pathlib.Path(file).read_text(encoding="utf-8"))
        for group, taken in found:
            if len(group) < most and not names & taken:
                group.append(file)
                taken |= names
                break
        else:
            found.append(([file], set(names)))
    return [group for group, _ in found]


def main():
    for number, group in enumerate(groups(sys.argv[2:], int(sys.argv[1]))):
        for file in group:
            print(number, file)


if __name__ == "__main__":
    main()

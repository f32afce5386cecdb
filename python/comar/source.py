# SPDX-License-Identifier: MIT
"""The bytes of a service script as text: encodings (PEP 263), size, kind of file."""

from __future__ import annotations

import io
import os
import re
import stat
import tokenize

#: What scripts from before UTF-8 were written in: ISO-8859-9, "Turkish". It decodes any bytes.
OLD_ENCODING = "iso-8859-9"

#: A service script is a page of text; what is larger than this is something else.
LARGEST = 1 << 20

# PEP 263: a comment in the first or second line.
_DECLARATION = re.compile(r"^([ \t\f]*#.*?coding[:=][ \t]*)([-\w.]+)")


class SourceError(Exception):
    """A file that cannot be read as a script. The text says why, without the file's name."""


def read_source(path: str) -> bytes:
    """The bytes of a script. Raises SourceError for what is no ordinary file of a sane size."""
    try:
        # O_NONBLOCK: opening a FIFO must not wait for whoever might write to it.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        with open(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise SourceError("it is not an ordinary file")
            data = file.read(LARGEST + 1)
    except OSError as error:
        raise SourceError(os.strerror(error.errno or 0)) from None
    if len(data) > LARGEST:
        raise SourceError(f"it is larger than {LARGEST >> 20} MiB, too large for a service script")
    return data


def decode_source(data: bytes) -> str:
    """The text of a script: as it declares (PEP 263), else UTF-8, else ISO-8859-9. Never fails."""
    return data.decode(source_encoding(data))


def source_encoding(data: bytes) -> str:
    """The name of the encoding that decode_source() reads `data` with."""
    for encoding in (_declared(data), "utf-8-sig"):
        try:
            data.decode(encoding)
        except (UnicodeError, LookupError):
            continue
        return encoding
    return OLD_ENCODING


def is_guessed(data: bytes) -> bool:
    """Whether the encoding was neither declared nor UTF-8, so that ISO-8859-9 is a guess."""
    return source_encoding(data) == OLD_ENCODING and _declared(data) != OLD_ENCODING


def declare_utf8(text: str) -> str:
    """Corrects a declaration that is not true of the text as UTF-8, as which it is kept."""
    lines = text.split("\n", 2)
    for number, line in enumerate(lines[:2]):
        found = _DECLARATION.match(line)
        if found and not _reads_the_same(text, found[2]):
            lines[number] = found[1] + "utf-8" + line[found.end() :]
    return "\n".join(lines)


def _declared(data: bytes) -> str:
    try:
        return tokenize.detect_encoding(io.BytesIO(data).readline)[0]
    except SyntaxError:  # an encoding that nobody knows, or none declared and not UTF-8
        return "utf-8-sig"


def _reads_the_same(text: str, encoding: str) -> bool:
    try:
        return text.encode().decode(encoding) == text
    except (UnicodeError, LookupError):
        return False

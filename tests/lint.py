#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Checks form and finds likely bugs: clang-format, clang-tidy, mypy, shellcheck.

script/lint runs it, everything or the files that are named; --fix lets clang-format write.
clang-tidy looks at whole groups of files at once (cmake/unity.py): it goes through all headers each
time, which takes far longer than the files themselves. It is not asked again about what it found good:
build/lint-cache remembers files with all project headers they include, their compile command and the
settings.
"""

import argparse
import concurrent.futures
import functools
import hashlib
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY / "cmake"))
import unity  # noqa: E402

BUILD = REPOSITORY / "build"
MOST_AT_ONCE = 12
DATABASE = BUILD / "lint"
CACHE = BUILD / "lint-cache"
CLANG_FORMAT = "clang-format-19"
CLANG_TIDY = "clang-tidy-19"
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)
DEEP = ["--checks=clang-analyzer-*,-clang-analyzer-optin.*,-clang-analyzer-unix.StdCLibraryFunctions"]
CPP_FOLDERS = ("src", "tests", "bench")
TIDY_FOLDERS = (REPOSITORY / "src", REPOSITORY / "tests/support", REPOSITORY / "bench")    # unit tests are not worth its time
SHELL_FOLDERS = ("script", ".ci", "packaging", "data", "tests")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fix", action="store_true", help="let clang-format write")
    parser.add_argument("--deep", action="store_true", help="with clang's static analyzer: twice the time")
    parser.add_argument("files", nargs="*", type=lambda name: pathlib.Path(name).resolve())
    options = parser.parse_args()
    os.chdir(REPOSITORY)
    CACHE.mkdir(parents=True, exist_ok=True)
    chosen = set(options.files)
    bad = [check.__name__ for check in CHECKS if not check(options, chosen)]
    print(f"lint: {', '.join(bad)} failed" if bad else "lint: all is well")
    return 1 if bad else 0


def files_in(folders, accept, chosen):
    found = [file for folder in folders for file in sorted((REPOSITORY / folder).rglob("*"))
             if file.is_file() and accept(file)]
    return [file for file in found if not chosen or file in chosen]


def run(command, files):
    """Whether the command is content with the files; no file, no complaint."""
    return not files or subprocess.run([*command, *files], check=False).returncode == 0


def clang_format(options, chosen):
    files = files_in(CPP_FOLDERS, lambda file: file.suffix in (".cpp", ".h"), chosen)
    return run([CLANG_FORMAT, "-i"] if options.fix else [CLANG_FORMAT, "--dry-run", "-Werror"], files)


def clang_tidy(options, chosen):
    commands = compile_commands()
    entries = [entry for entry in commands
               if any(pathlib.Path(entry["file"]).is_relative_to(folder) for folder in TIDY_FOLDERS)
               and (not chosen or pathlib.Path(entry["file"]) in chosen)]
    extra = DEEP if options.deep else []
    keys = {entry["file"]: key_of(entry, extra) for entry in entries}
    unknown = [entry for entry in entries if not (CACHE / keys[entry["file"]]).exists()]
    if not chosen:
        forget_all_but(keys.values())
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        good = [file for files in pool.map(lambda group: good_of(group, extra), grouped(unknown)) for file in files]
    for file in good:
        (CACHE / keys[file]).touch()
    print(f"clang-tidy: {len(keys)} files, {len(unknown)} of them new or changed")
    return len(good) == len(unknown)


def compile_commands():
    """How each file of the project is compiled by itself."""
    said = subprocess.run(["cmake", "--preset", "lint"], capture_output=True, text=True, check=False)
    if said.returncode:
        sys.exit(said.stdout + said.stderr)
    commands = json.loads((DATABASE / "compile_commands.json").read_text())
    known = {entry["file"] for entry in commands}
    forgotten = [str(file) for folder in TIDY_FOLDERS for file in folder.rglob("*.cpp") if str(file) not in known]
    if forgotten:
        sys.exit("lint: nobody compiles " + ", ".join(sorted(forgotten)))
    return commands


def grouped(entries):
    """Those that are compiled alike, largest groups first."""
    alike = {}
    for entry in entries:
        alike.setdefault(generic(entry), []).append(entry)
    by_file = {entry["file"]: entry for entry in entries}
    found = [[by_file[file] for file in files] for some in alike.values()
             for files in unity.groups([entry["file"] for entry in some], MOST_AT_ONCE)]
    return sorted(found, key=len, reverse=True)


def generic(entry):
    """The compile command without what it compiles."""
    words = shlex.split(entry["command"])
    return shlex.join(word for word, before in zip(words, ["", *words])
                      if before not in ("-o", "-MF", "-MT", "-c") and word not in ("-o", "-MF", "-MT", "-MD", "-c"))


def good_of(group, extra):
    """The files of the group that clang-tidy has nothing to say about; what it says is printed."""
    files = [entry["file"] for entry in group]
    if len(files) > 1 and tidy_together(group, extra):
        return files
    return [file for file in files if tidy(DATABASE, file, extra)]


def tidy_together(group, extra):
    """Whether all of them are good. Where not, they are looked at one by one, for what is said to be of use."""
    with tempfile.TemporaryDirectory(dir=CACHE) as folder:
        file = f"{folder}/together.cpp"
        pathlib.Path(file).write_text("".join(f'#include "{entry["file"]}"  // NOLINT\n' for entry in group))
        command = f"{generic(group[0])} -c {file}"
        database = [{"directory": group[0]["directory"], "command": command, "file": file}]
        pathlib.Path(folder, "compile_commands.json").write_text(json.dumps(database))
        return tidy(folder, file, [*extra, f"--config-file={REPOSITORY}/.clang-tidy"], is_told=False)


def tidy(database, file, extra, is_told=True):
    result = subprocess.run([CLANG_TIDY, "--quiet", *extra, "-p", database, file],
                            capture_output=True, text=True, check=False)
    if result.returncode and is_told:
        print(result.stdout, result.stderr if not result.stdout else "", sep="", flush=True)
    return result.returncode == 0


def key_of(entry, extra):
    digest = hashlib.sha256(settings() + entry["command"].encode() + "".join(extra).encode())
    for file in sorted(closure(pathlib.Path(entry["file"]))):
        digest.update(file.read_bytes())
    return digest.hexdigest()


@functools.cache
def settings():
    version = subprocess.run([CLANG_TIDY, "--version"], capture_output=True, check=True).stdout
    return version + (REPOSITORY / ".clang-tidy").read_bytes()


def closure(file):
    """The file and all files of the project that it includes."""
    found, open_ends = set(), [file]
    while open_ends:
        current = open_ends.pop()
        if current not in found:
            found.add(current)
            open_ends += included_by(current)
    return found


def included_by(file):
    names = INCLUDE.findall(file.read_text())
    places = (REPOSITORY / "src", REPOSITORY / "tests", file.parent)
    return [place / name for name in names for place in places if (place / name).exists()]


def forget_all_but(keys):
    for old in CACHE.iterdir():
        if old.is_file() and old.name not in set(keys):
            old.unlink()


def mypy(options, chosen):
    files = files_in(["python/comar"], lambda file: file.suffix == ".py", chosen)
    return not files or run(["mypy", "--strict", "--cache-dir", CACHE / "mypy"], ["python/comar"])


def shellcheck(options, chosen):
    return run(["shellcheck"], files_in(SHELL_FOLDERS, is_shell, chosen))


def is_shell(file):
    with open(file, "rb") as start:
        return re.match(rb"#!/(usr/)?bin/(env )?(ba|da)?sh\b", start.readline()) is not None


CHECKS = (clang_format, clang_tidy, mypy, shellcheck)

if __name__ == "__main__":
    sys.exit(main())

# SPDX-License-Identifier: MIT
"""The package `comar` of the build, and what its tests have in common.

COMAR_PYTHON names the folder that holds the package, if it is not build/lib/comar/python.
"""

import os
import pathlib
import signal
import sys
import textwrap

import pytest

REPOSITORY = pathlib.Path(__file__).resolve().parents[3]
PACKAGE_PARENT = pathlib.Path(
    os.environ.get("COMAR_PYTHON") or REPOSITORY / "build/lib/comar/python"
)

sys.path.insert(0, str(PACKAGE_PARENT))

# Who runs in the background ignores SIGINT, and so would the programs that tests start and stop.
signal.signal(signal.SIGINT, signal.default_int_handler)

try:
    from comar import _native
except ImportError as error:
    pytest.exit(f"cannot test: {error}; run script/build, or set COMAR_PYTHON", 1)

from comar import _call  # noqa: E402
from fake_comard import FakeComard  # noqa: E402
from recordings import IMPORT, contents  # noqa: E402

# Whatever a worker leaves behind becomes a child of the tests.
_native.become_subreaper()


@pytest.fixture(autouse=True)
def no_process_left():
    """Fails a test that leaves a process behind, and ends the process."""
    yield
    _native.reap_children()
    left = _native.descendants(os.getpid())
    names = [end(pid) for pid, _ in left if not is_leaving(pid)]
    assert not names, f"left behind: {names}"


def is_leaving(pid):
    """One that a script has forked may take a moment to end, though its worker is gone."""
    try:
        return _native.open_process(pid).wait_gone(5)
    except ProcessLookupError:
        return True


def end(pid):
    """Kills a process below us and waits until it is gone; returns what it was."""
    try:
        process = _native.open_process(pid)
        name = process.arguments()
        process.signal(signal.SIGKILL)
        process.wait_gone()
    except ProcessLookupError:
        name = pid
    _native.reap_children()
    return name


@pytest.fixture
def inside():
    """Makes a call the current one: inside(app="web", language="tr"); undone at the end."""
    before = _call.current()

    def begin(**parts):
        call = _call.Call(_call.Request(**parts))
        _call.begin(call)
        return call

    yield begin
    _call.begin(before)


@pytest.fixture
def comard(tmp_path):
    """A stand-in for comard: asks workers, and answers their questions."""
    fake = FakeComard(tmp_path, PACKAGE_PARENT)
    yield fake
    fake.close()


@pytest.fixture
def answered(comard, tmp_path):
    """The outcome of a dry run of a script, whose text may say FOLDER; it leaves no trace there."""

    def record(text, method="start", **parts):
        text = IMPORT + textwrap.dedent(text).replace("FOLDER", str(tmp_path))
        request = {**comard.request(text, method, **parts), "op": "record"}
        before = contents(tmp_path)
        worker = comard.worker()
        worker.send(request)
        outcome = worker.finish()
        assert contents(tmp_path) == before
        assert outcome.last["again"] is False
        assert outcome.left == []
        assert [each["op"] for each in outcome.messages] == ["return"]
        return outcome

    return record


@pytest.fixture
def recorded(answered):
    """The entries of a dry run of a method with that body, or of a whole script."""

    def record(text, method="start", **parts):
        if "def " not in text:
            text = f"def {method}():\n" + textwrap.indent(textwrap.dedent(text), "    ")
        return answered(text, method, **parts).value["entries"]

    return record

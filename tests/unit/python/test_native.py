# SPDX-License-Identifier: MIT
"""comar._native: how src/os looks from Python. What it does is tested in tests/unit/os."""

import contextlib
import errno
import os
import signal
import threading

import pytest

from comar import _native

CAT = "/bin/cat"


@pytest.fixture
def cat():
    """A child that runs until its input is closed: (process, pidfd, close the input)."""
    read_end, write_end = os.pipe()
    pid, start_time, pidfd = _native.spawn([CAT], stdin=read_end)
    os.close(read_end)
    input_file = open(write_end, "wb")
    process = _native.open_process(pid, start_time)
    while not process.arguments():  # the kernel sets them up after spawn() has returned
        os.sched_yield()
    yield process, pidfd, input_file.close
    input_file.close()
    with contextlib.suppress(ChildProcessError):
        _native.wait_exit(pidfd)
    os.close(pidfd)


def output_of(arguments, **options):
    read_end, write_end = os.pipe()
    try:
        _, _, pidfd = _native.spawn(arguments, stdout=write_end, **options)
    finally:
        os.close(write_end)
    with open(read_end, "rb") as output:
        text = output.read()
    assert _native.wait_exit(pidfd) == 0
    os.close(pidfd)
    return text


# --- spawn ------------------------------------------------------------------------------------


def test_arguments_are_text_bytes_and_paths(tmp_path):
    odd = "surrogate \udcff"
    output = output_of(["/usr/bin/printf", "%s|", "ü", b"\xfe", tmp_path, odd])
    assert output == "ü|".encode() + b"\xfe|" + os.fsencode(tmp_path) + b"|surrogate \xff|"


def test_the_environment_is_any_mapping_of_text():
    assert output_of(["/usr/bin/env"], environment={"A": "1", b"B": b"\xff"}) == b"A=1\nB=\xff\n"
    ours = output_of(["/usr/bin/env", "-0"], environment=os.environ)
    assert set(ours.strip(b"\0").split(b"\0")) == {
        key + b"=" + value for key, value in os.environb.items()
    }


@pytest.mark.parametrize("name", ["", "A=B", "="])
def test_a_variable_needs_a_name(name):
    with pytest.raises(ValueError):
        _native.spawn(["/bin/true"], environment={name: "x"})


def test_a_zero_byte_is_refused():
    with pytest.raises(ValueError):
        _native.spawn(["/bin/true", "a\0b"])
    with pytest.raises(ValueError):
        _native.spawn(["/bin/true"], environment={"A": "\0"})


@pytest.mark.parametrize("arguments", ["/bin/true", b"/bin/true", [1], [None], None])
def test_arguments_of_another_type_are_refused(arguments):
    with pytest.raises(TypeError):
        _native.spawn(arguments)


def test_a_missing_program_is_a_missing_file():
    with pytest.raises(FileNotFoundError) as caught:
        _native.spawn(["/none"])
    assert caught.value.errno == errno.ENOENT
    assert caught.value.strerror == "cannot start /none: No such file or directory"


def test_an_unknown_user_is_named():
    with pytest.raises(FileNotFoundError, match="cannot find user 'no-such-user'"):
        _native.spawn(["/bin/true"], user="no-such-user")


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to become another user")
def test_user_and_group_are_taken():
    text = output_of(["/usr/bin/id"], user="nobody:daemon")
    assert b"(nobody)" in text.split()[0] and b"(daemon)" in text.split()[1]


# --- waiting ------------------------------------------------------------------------------------


def test_wait_exit_tells_the_code_or_the_signal(cat):
    _, _, pidfd = _native.spawn(["/bin/sh", "-c", "exit 7"])
    assert _native.wait_exit(pidfd) == 7
    os.close(pidfd)
    process, pidfd, _ = cat
    process.signal(signal.SIGKILL)
    assert _native.wait_exit(pidfd) == -signal.SIGKILL
    with pytest.raises(ChildProcessError):
        _native.wait_exit(pidfd)


def test_wait_exit_ends_with_its_time(cat):
    _, pidfd, close_input = cat
    assert _native.wait_exit(pidfd, 0) is None
    assert _native.wait_exit(pidfd, 0.01) is None
    assert _native.wait_exit(pidfd, -1.0) is None
    assert _native.wait_exit(pidfd, float("nan")) is None
    close_input()
    assert _native.wait_exit(pidfd, float("inf")) == 0


def test_waiting_on_what_is_not_open_is_an_error():
    with pytest.raises(OSError) as caught:
        _native.wait_exit(1_000_000, 1)
    assert caught.value.errno == errno.EBADF


def test_other_threads_run_while_one_waits(cat):
    process, _, close_input = cat
    thread = threading.Thread(target=close_input)
    thread.start()
    assert process.wait_gone()
    thread.join()


def test_a_signal_handler_runs_while_we_wait_and_can_end_that(cat):
    process, _, _ = cat

    def end(*_):
        raise TimeoutError("enough")

    before = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, 0.01)
    try:
        with pytest.raises(TimeoutError):
            process.wait_gone()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_a_signal_handler_that_returns_does_not_end_the_wait(cat):
    process, _, close_input = cat
    before = signal.signal(signal.SIGALRM, lambda *_: close_input())
    signal.setitimer(signal.ITIMER_REAL, 0.01)
    try:
        assert process.wait_gone()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


# --- processes ------------------------------------------------------------------------------------


def test_a_process_tells_about_itself(cat):
    process, _, _ = cat
    assert process.arguments() == [CAT]
    assert process.comm() == "cat"
    assert process.parent() == os.getpid()
    assert process.uid() == os.geteuid()
    assert os.path.samefile(process.executable(), CAT)
    assert process.executes(CAT) and process.matches(CAT)
    assert not process.executes("/bin/sh") and not process.matches("/bin/sh")
    assert not process.executes("") and not process.matches("")
    assert process.state() in "RSD"
    assert process.cgroup() is None or process.cgroup().startswith("/")
    assert repr(process) == f"<comar._native.Process {process.pid}>"


def test_argv_that_lies_is_told_from_the_executable():
    read_end, write_end = os.pipe()
    pid, start_time, pidfd = _native.spawn(
        ["/bin/bash", "-c", f"exec -a /usr/sbin/nginx {CAT}"], stdin=read_end
    )
    os.close(read_end)
    process = _native.open_process(pid, start_time)
    while not process.matches("/usr/sbin/nginx"):
        os.sched_yield()
    assert process.arguments() == ["/usr/sbin/nginx"] and process.executes(CAT)
    assert not process.executes("/usr/sbin/nginx")
    os.close(write_end)
    assert _native.wait_exit(pidfd) == 0
    os.close(pidfd)


def test_one_that_is_gone_is_not_asked_any_more(cat):
    process, pidfd, close_input = cat
    pid, start_time = process.pid, process.start_time
    close_input()
    assert process.wait_gone()
    for ask in (process.arguments, process.comm, process.uid, process.parent, process.cgroup,
                process.state, process.executable):
        with pytest.raises(ProcessLookupError):
            ask()
    with pytest.raises(ProcessLookupError):
        process.executes(CAT)
    process.signal(signal.SIGTERM)
    with pytest.raises(ProcessLookupError):
        _native.open_process(pid, start_time)
    _native.wait_exit(pidfd)


def test_a_pid_with_another_start_time_is_another_process(cat):
    process, _, _ = cat
    with pytest.raises(ProcessLookupError):
        _native.open_process(process.pid, process.start_time + 1)
    assert _native.open_process(process.pid).start_time == process.start_time


@pytest.mark.parametrize("pid", [0, -1])
def test_groups_and_everybody_are_no_processes(pid):
    with pytest.raises(OSError):
        _native.open_process(pid)


def test_the_tree_is_known_by_pid_and_start_time(cat):
    process, _, _ = cat
    identity = (process.pid, process.start_time)
    assert identity in _native.children(os.getpid())
    assert identity in _native.descendants(os.getpid())
    assert process.pid in _native.list_pids()
    with pytest.raises(FileNotFoundError):
        _native.children(2**31 - 1)


# --- pidfiles, pipes, cgroups ---------------------------------------------------------------------


def test_a_pidfile_is_a_claim(tmp_path):
    path = tmp_path / "x.pid"
    assert _native.read_pidfile(path) is None
    path.write_text("starting\n")
    assert _native.read_pidfile(path) is None
    path.unlink()
    os.mkfifo(path)
    assert _native.read_pidfile(path) is None
    _native.write_pidfile(path, 4711)
    pid, trusted, modified = _native.read_pidfile(str(path))
    assert (pid, trusted, modified) == (4711, True, path.stat().st_mtime_ns)
    path.chmod(0o666)
    assert _native.read_pidfile(path)[1] is False


def test_a_pidfile_that_is_a_link_is_refused(tmp_path):
    (tmp_path / "real").write_text("1\n")
    (tmp_path / "link").symlink_to("real")
    with pytest.raises(OSError) as caught:
        _native.read_pidfile(tmp_path / "link")
    assert caught.value.errno == errno.ELOOP


def test_a_reopened_pipe_has_no_sigpipe():
    read_end, write_end = os.pipe()
    both = _native.reopen_read_write(write_end)
    os.close(write_end)
    os.close(read_end)
    assert not os.get_inheritable(both)
    assert os.write(both, b"x") == 1
    os.close(both)


def test_only_pipes_are_reopened(tmp_path):
    with open(tmp_path / "file", "w") as file, pytest.raises(OSError) as caught:
        _native.reopen_read_write(file.fileno())
    assert caught.value.errno == errno.EINVAL


def test_users_are_found():
    assert _native.find_uid("root") == 0
    assert _native.find_uid("4000000000") == 4000000000
    with pytest.raises(FileNotFoundError):
        _native.find_uid("no-such-user")


def test_a_cgroup_that_is_not_there_is_not_found(tmp_path):
    with pytest.raises(FileNotFoundError):
        _native.cgroup_processes(tmp_path / "none")
    with pytest.raises(FileNotFoundError):
        _native.join_cgroup(tmp_path / "none")


def test_everything_has_a_docstring():
    for holder in (_native, _native.Process):
        for name in dir(holder):
            if not name.startswith("_"):
                assert getattr(holder, name).__doc__, name

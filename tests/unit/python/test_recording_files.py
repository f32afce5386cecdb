# SPDX-License-Identifier: MIT
"""Dry runs: what would become of files is told, and they stay as they are."""

import os

import pytest

from recordings import does, texts

ROOT = os.geteuid() == 0



@pytest.mark.parametrize("line", [
    "open('FOLDER/trace', 'w').write('x')",
    "with open('FOLDER/there', 'r+') as f: assert f.read() == 'old'; f.write('x')",
    "open('FOLDER/there', 'ab').write(b'x')",
    "file('FOLDER/trace', 'w').write('x')",
    "import io; io.open('FOLDER/trace', 'x').close()",
    "os.close(os.open('FOLDER/trace', os.O_WRONLY | os.O_CREAT))",
    "os.write(os.open('FOLDER/there', os.O_RDWR), b'x')",
    "import pathlib; pathlib.Path('FOLDER/trace').write_text('x')",
    "import codecs; codecs.open('FOLDER/trace', 'w', 'utf-8').write('x')",
])
def test_what_is_written_goes_nowhere(recorded, comard, line):
    comard.write("there", "old")
    entries = recorded(f"{line}\nrun('next')")
    assert does(entries) == ["write", "run"], entries
    assert entries[0]["path"].startswith("/")


@pytest.mark.parametrize("line", [
    "os.mkdir('FOLDER/new')", "os.makedirs('FOLDER/a/b')", "os.remove('FOLDER/there')",
    "os.unlink('FOLDER/there')", "os.rename('FOLDER/there', 'FOLDER/new')",
    "os.replace('FOLDER/there', 'FOLDER/new')", "os.chmod('FOLDER/there', 0o600)",
    "os.chown('FOLDER/there', 65534, -1)", "os.symlink('x', 'FOLDER/new')",
    "os.link('FOLDER/there', 'FOLDER/new')", "os.rmdir('FOLDER/empty')", "os.utime('FOLDER/there')",
    "os.truncate('FOLDER/there', 0)", "os.mkfifo('FOLDER/new')",
    "import shutil; shutil.copy('FOLDER/there', 'FOLDER/new')",
    "import shutil; shutil.copy2('FOLDER/there', 'FOLDER/new')",
    "import shutil; shutil.move('FOLDER/there', 'FOLDER/new')",
    "import shutil; shutil.rmtree('FOLDER/empty')",
    "import shutil; shutil.copytree('FOLDER/empty', 'FOLDER/new')",
    "import shutil; shutil.chown('FOLDER/there', 'nobody')",
    "import pathlib; pathlib.Path('FOLDER/new').mkdir()",
    "import pathlib; pathlib.Path('FOLDER/there').unlink()",
    "import pathlib; pathlib.Path('FOLDER/there').chmod(0)",
    "os.mknod('FOLDER/new')",
])
def test_changes_are_recorded(recorded, comard, tmp_path, line):
    comard.write("there", "old")
    (tmp_path / "empty").mkdir()
    entries = recorded(f"{line}\nrun('next')")
    assert does(entries) == ["change", "run"], entries
    assert str(tmp_path) in entries[0]["text"]


def test_what_would_fail_fails_until_it_would_be_there(recorded, comard):
    comard.write("there", "old")
    assert texts(recorded("os.mkdir('FOLDER/there')"))[0].startswith("FileExistsError")
    assert texts(recorded("os.unlink('FOLDER/none')"))[0].startswith("FileNotFoundError")
    assert does(recorded("open('FOLDER/new', 'w')\nos.unlink('FOLDER/new')\nos.mkdir('FOLDER/new')")) == [
        "write", "change", "change",
    ]
    assert recorded("os.makedirs('FOLDER', exist_ok=True)\nopen('/dev/null', 'w').write('x')") == []


def test_reading_is_real(recorded, comard):
    comard.write("there", "said so")
    assert recorded("run(open('FOLDER/there').read())")[0]["command"] == ["said", "so"]
    comard.write("conf/web", "PORT=80\n")
    assert recorded("run(config['PORT'])")[0]["command"] == ["80"]
    assert does(recorded("if os.access('FOLDER/there', os.W_OK): run('writable')")) == ["run"]


@pytest.fixture
def fifo(tmp_path):
    """A FIFO in FOLDER with something in it, which is still there afterwards."""
    os.mkfifo(tmp_path / "fifo")
    os.symlink("fifo", tmp_path / "link")
    end = os.open(tmp_path / "fifo", os.O_RDWR | os.O_NONBLOCK)
    os.write(end, b"precious")
    yield
    assert os.read(end, 100) == b"precious"
    os.close(end)


READING_OF_FIFOS = [
    "os.read(os.open('FOLDER/fifo', os.O_RDONLY), 100)",
    "os.read(os.open('FOLDER/link', os.O_RDONLY | os.O_NONBLOCK), 100)",
    "os.chdir('FOLDER'); os.read(os.open('fifo', os.O_RDONLY), 100)",
    "os.read(os.open('fifo', os.O_RDONLY, dir_fd=os.open('FOLDER', os.O_RDONLY)), 100)",
    "f = os.open('FOLDER/fifo', os.O_PATH); os.read(os.open(f'/proc/self/fd/{f}', os.O_RDONLY), 100)",
    "open('FOLDER/fifo').read(1)",
    "open(b'FOLDER/link', 'rb', 0).read(1)",
    "open('FOLDER/fifo', 'rb', 0, None, None, None, True, None).read(1)",
    "open('FOLDER/fifo', 'rb', 0, opener=os.open).read(1)",
    "open('FOLDER/fifo', 'r+b', 0).read(1); import pathlib; pathlib.Path('FOLDER/fifo').read_bytes()",
    "import posix; posix.read(posix.open('FOLDER/fifo', os.O_RDONLY), 100)",
    "import posix; os.chdir('/'); d = os.open('FOLDER', os.O_RDONLY); "
    "posix.read(posix.open('fifo', os.O_RDONLY, dir_fd=d), 100)",
    "import _io; _io.FileIO('FOLDER/link').read(1)",
    "import _io, pathlib; _io.FileIO(pathlib.Path('FOLDER/link')).read(1)",
    "import io; io.open_code('FOLDER/fifo').read(1)",
    "isServiceRunning('FOLDER/fifo')",
]


@pytest.mark.parametrize("line", READING_OF_FIFOS)
def test_what_is_in_a_fifo_is_left_there(recorded, fifo, line):
    entries = recorded(line + "\nrun('next')")
    assert does(entries)[-1] == "end" and "run" not in does(entries), entries
    assert "would open " in entries[-1]["text"] and "; the dry run ends here" in entries[-1]["text"]


def test_a_fifo_is_named(recorded, fifo, tmp_path):
    (entry,) = recorded("\nopen('FOLDER/fifo')")
    assert (entry["text"], entry["line"]) == (
        f"would open the FIFO {tmp_path}/fifo; the dry run ends here", 4)


def test_devices_are_not_opened_but_for_the_harmless_ones(recorded):
    assert does(recorded("os.open('/dev/tty', os.O_RDONLY)\nrun('next')")) == ["end"]
    assert does(recorded("open('/dev/tty', 'rb', 0)\nrun('next')")) == ["end"]
    entries = recorded("""\
        assert open("/dev/null").read() == "" and open("/dev/stdin").read() == ""
        assert open("/dev/zero", "rb").read(2) == os.read(os.open("/dev/full", os.O_RDONLY), 2) == b"\\0\\0"
        for path in ("/dev/random", "/dev/urandom"): assert len(open(path, "rb", 0).read(3)) == 3
        run("next")
        """)
    assert does(entries) == ["run"], entries


def test_files_are_opened_as_ever(recorded, comard, tmp_path):
    comard.write("there", "said so")
    os.symlink("there", tmp_path / "link")
    assert does(recorded("""\
        import pathlib, errno
        assert open("FOLDER/link").name == "FOLDER/link"
        assert open(file="FOLDER/there", mode="rb").read() == b"said so"
        assert pathlib.Path("FOLDER/there").read_text() == "said so"
        fd = os.open("FOLDER", os.O_RDONLY | os.O_DIRECTORY)
        assert os.read(os.open(b"link", os.O_RDONLY, dir_fd=fd), 9) == b"said so"
        assert sorted(os.listdir(fd))
        for flags, path, expected in ((os.O_NOFOLLOW, "FOLDER/link", errno.ELOOP), (0, "FOLDER/none", errno.ENOENT),
                                      (os.O_DIRECTORY, "FOLDER/there", errno.ENOTDIR)):
            try: os.open(path, flags)
            except OSError as error: assert (error.errno, error.filename) == (expected, path)
            else: raise AssertionError(path)
        run("next")
        """)) == ["run"]

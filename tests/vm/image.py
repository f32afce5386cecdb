# SPDX-License-Identifier: MIT
"""A machine of a test's own: what this one has installed, and comar, as the initial file system of Debian's kernel.

Nothing is downloaded but the kernel, which is unpacked and not installed. The machine is emulated in software, so this
needs no rights and no /dev/kvm.
"""

import pathlib
import re
import shutil
import subprocess

BUSYBOX = "/bin/busybox"
KERNEL_PACKAGE = "linux-image-cloud-amd64"
MEMORY_MIB = 1024
LIMIT_SECONDS = 600    # of an emulated machine on a busy one


def kernel(folder):
    """The path of a kernel, which is unpacked there once."""
    images = sorted(folder.glob("boot/vmlinuz-*"))
    if images:
        return images[-1]
    folder.mkdir(parents=True, exist_ok=True)
    package = _package_of_kernel()
    if package is None:
        subprocess.run(["apt-get", "-q", "update"], check=True, stdout=subprocess.DEVNULL)
        package = _package_of_kernel()
    subprocess.run(["apt-get", "-q", "download", package], check=True, cwd=folder, stdout=subprocess.DEVNULL)
    archive, = folder.glob("*.deb")
    subprocess.run(["dpkg-deb", "-x", archive, folder], check=True)
    archive.unlink()
    return sorted(folder.glob("boot/vmlinuz-*"))[-1]


def _package_of_kernel():
    """None: apt has no list that has it."""
    shown = subprocess.run(["apt-cache", "depends", KERNEL_PACKAGE], capture_output=True, text=True).stdout
    found = re.search(r"Depends: (linux-image-\S+)", shown)
    return found and found[1]


def _libraries_of(path):
    """Those that a program or library loads."""
    told = subprocess.run(["ldd", path], capture_output=True, text=True).stdout
    return re.findall(r"(?:=> |^\s*)(/\S+) \(0x", told, re.MULTILINE)


def _text(console):
    return console.decode(errors="replace").replace("\r", "")


class Image:
    """A root file system that grows in a folder."""

    def __init__(self, folder):
        self.root = folder / "root"
        self._packed = folder / "initrd.gz"
        for name in ("dev", "proc", "sys", "run", "tmp", "etc", "var/log", "var/run", "root"):
            (self.root / name).mkdir(parents=True)
        for name in ("bin", "sbin", "lib", "lib64"):
            (self.root / "usr" / name).mkdir(parents=True)
            (self.root / name).symlink_to(f"usr/{name}")
        self.add(BUSYBOX)
        self.link("/sbin/init", BUSYBOX)
        self.link("/bin/sh", BUSYBOX)

    def add(self, path):
        """A program or library of this machine, with the libraries that it loads."""
        target = self.path(path)
        if target.exists():
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, target)
        for library in _libraries_of(path):
            self.add(library)

    def add_tree(self, path, without=()):
        """A folder of this machine; `without`: patterns. With the libraries that its own load."""
        shutil.copytree(path, self.path(path), symlinks=True, dirs_exist_ok=True, ignore=shutil.ignore_patterns(*without))
        for library in pathlib.Path(path).rglob("*.so"):
            self.path(str(library)).unlink(missing_ok=True)
            self.add(str(library))

    def install(self, build):
        """comar, where a package has it."""
        subprocess.run(["cmake", "--install", build, "--prefix", "/usr"], check=True, stdout=subprocess.DEVNULL,
                       env={"DESTDIR": str(self.root), "PATH": "/usr/bin:/bin"})
        for program in ("usr/sbin/comard", "usr/bin/comar", "usr/lib/comar/comar-script-host",
                        "usr/lib/comar/comar-log-compress"):
            for library in _libraries_of(self.root / program):
                self.add(library)

    def write(self, path, text, mode=0o644):
        target = self.path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
        target.chmod(mode)

    def link(self, path, target):
        self.path(path).symlink_to(target)

    def path(self, path):
        """Where a path of the machine is here; /bin and the like are links to /usr."""
        plain = re.sub(r"^/(bin|sbin|lib|lib64)/", r"/usr/\1/", str(path))
        return self.root / plain.lstrip("/")

    def boot(self, kernel_image, command_line=""):
        """Runs the machine until it switches itself off; returns all that it wrote to its console."""
        if not self._packed.exists():
            self._pack()
        words = f"console=ttyS0 rdinit=/sbin/init quiet panic=-1 {command_line}"
        machine = ["qemu-system-x86_64", "-accel", "tcg", "-m", str(MEMORY_MIB), "-smp", "2", "-nographic", "-no-reboot",
                   "-nic", "none", "-kernel", kernel_image, "-initrd", self._packed, "-append", words]
        try:
            console = subprocess.run(list(map(str, machine)), stdin=subprocess.DEVNULL, capture_output=True,
                                     timeout=LIMIT_SECONDS).stdout
        except subprocess.TimeoutExpired as late:
            raise AssertionError(f"not off after {LIMIT_SECONDS} s; its console ended with:\n"
                                 f"{_text(late.stdout or b'')[-4000:]}") from None
        return _text(console)

    def repack(self):
        """It was written to since it has booted."""
        self._packed.unlink(missing_ok=True)

    def _pack(self):
        names = subprocess.run(["find", ".", "-print0"], cwd=self.root, check=True, capture_output=True).stdout
        with open(self._packed, "wb") as packed:
            archive = subprocess.Popen(["cpio", "-0", "-o", "-H", "newc", "--quiet", "-R", "0:0"], cwd=self.root,
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            gzip = subprocess.Popen(["gzip", "-1"], stdin=archive.stdout, stdout=packed)
            archive.stdout.close()
            archive.stdin.write(names)
            archive.stdin.close()
            assert archive.wait() == 0 and gzip.wait() == 0

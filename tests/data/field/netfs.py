from comar.service import *

serviceType = "script"
serviceDesc = _({"en": "Network file systems", "tr": "Ağ dosya sistemleri"})
serviceConf = "mount"

class MountError(StandardError):
    pass

def entries():
    table = {}
    for line in open("/etc/fstab", "rU"):
        words = line.split()
        if len(words) > 2 and words[2] in ("nfs", "cifs"):
            if not table.has_key(words[2]):
                table[words[2]] = []
            table[words[2]].append(words[1])
    return table

@synchronized
def start():
    startDependencies(*["portmap", "nfslock"])
    try:
        for kind, points in entries().iteritems():
            for point in points:
                if run("/bin/mount", "-t", kind, point) <> 0:
                    raise MountError, "cannot mount " + point
    except MountError, (e):
        fail(str(e))

@synchronized
def stop():
    total = reduce(lambda x, y: x + y, entries().values(), [])
    for point in sorted(total): run("/bin/umount", point)

def status():
    mounted = file("/proc/mounts").read()
    return " nfs " in mounted or " cifs " in mounted

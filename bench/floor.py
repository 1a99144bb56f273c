"""What the machine itself needs to move a merge's bytes: its files read once, and as many bytes as it writes written by dd.

Warm: the files are in the page cache, and reading is one copy out of it by one thread. Cold: they were dropped from it
(posix_fadvise), and reading is the disk's. Writing is `dd if=/dev/zero conv=fsync`, to the same disk, to its end there.
"""

import ctypes
import mmap
import os
import time

from measuring import Run, measure

BLOCK = 1 << 20


def read(files):
    """Seconds that it takes to read files from beginning to end, one after the other."""
    buffer = memoryview(bytearray(BLOCK))
    start = time.monotonic()
    for path in files:
        with open(path, "rb", buffering=0) as file:
            while file.readinto(buffer):
                pass
    return time.monotonic() - start


def write(path, count):
    """A Run of dd, which writes `count` zeros to a file that is removed afterwards."""
    try:
        return measure(["dd", "if=/dev/zero", f"of={path}", f"bs={BLOCK}", f"count={count}", "iflag=count_bytes", "conv=fsync"])
    finally:
        path.unlink(missing_ok=True)


def floor(files, path, count, is_cold=False):
    """A Run: reading and writing, one after the other."""
    cool(files) if is_cold else read(files)
    start = os.times()
    reading = read(files)
    stop = os.times()
    run = write(path, count)
    if run.error:
        return run
    cpu = stop.user + stop.system - start.user - start.system
    return Run(reading + run.seconds, cpu + run.cpu, run.peak)


def cool(files):
    """Drops files from the page cache; an OSError says so where the system keeps more than a hundredth of them."""
    os.sync()  # what is not yet on the disk is not dropped
    for path in files:
        with open(path, "rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    share = resident(files)
    if share > 0.01:
        raise OSError(f"the page cache keeps {100 * share:.0f} % of the inputs after posix_fadvise")


def resident(files):
    """The share of files that the page cache holds."""
    held = pages = 0
    library = ctypes.CDLL(None, use_errno=True)
    for path in files:
        with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY) as view:
            count = -(-len(view) // mmap.PAGESIZE)
            flags = (ctypes.c_ubyte * count)()
            start = ctypes.c_char.from_buffer(view)
            if library.mincore(ctypes.c_void_p(ctypes.addressof(start)), ctypes.c_size_t(len(view)), flags):
                raise OSError(ctypes.get_errno(), "mincore fails", str(path))
            del start  # or the map cannot be closed
            held, pages = held + sum(flag & 1 for flag in flags), pages + count
    return held / max(1, pages)

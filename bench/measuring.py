"""Measures a process: wall time, processor time, private memory, and what it said when it failed.

Seconds are from the start of the process to its end; processor seconds are user and system time of it and of its children;
peak private memory is the largest sum of RssAnon over the process and its descendants, sampled from /proc every 20 ms (pages
of the file cache do not count). Linux only.
"""

import dataclasses
import os
import pathlib
import signal
import statistics
import subprocess
import tempfile
import threading
import time

INTERVAL = 0.02  # seconds between two looks at the memory
PATIENCE = 10.0  # seconds that a process has to end after it was asked to
LONG = 20.0  # seconds; a run of as many is measured once: a machine's swings are small beside it


@dataclasses.dataclass
class Run:
    """One run of a command; with `error` the numbers mean nothing."""

    seconds: float = 0.0
    cpu: float = 0.0
    peak: int = 0
    error: str | None = None


def processes(pid):
    """A process and all its descendants."""
    found = [pid]
    for parent in found:
        try:
            for task in os.listdir(f"/proc/{parent}/task"):
                text = pathlib.Path(f"/proc/{parent}/task/{task}/children").read_text()
                found += [int(child) for child in text.split()]
        except OSError:
            continue  # it has ended
    return found


def private_bytes(pid):
    """RssAnon of a process tree; 0 for what has ended."""
    total = 0
    for process in processes(pid):
        try:
            for line in pathlib.Path(f"/proc/{process}/status").read_text().splitlines():
                if line.startswith("RssAnon:"):
                    total += int(line.split()[1]) * 1024
        except OSError:
            continue
    return total


class MemorySampler(threading.Thread):
    """Looks at the private memory of a process tree until it is stopped."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid, self.peak, self.ended = pid, 0, threading.Event()

    def run(self):
        while not self.ended.is_set():
            self.peak = max(self.peak, private_bytes(self.pid))
            self.ended.wait(INTERVAL)

    def stop(self):
        self.ended.set()
        self.join()


def end(process):
    """Ends a process and its group: an interrupt first, so that it can remove what it was writing."""
    for number, patience in ((signal.SIGINT, PATIENCE), (signal.SIGKILL, None)):
        try:
            os.killpg(process.pid, number)
            process.wait(patience)
            return
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue


def measure(command, environment=None, limit=3600.0):
    """Runs a command to its end, or to `limit` seconds. It has a process group of its own, which ends with this program."""
    with tempfile.TemporaryFile("w+") as log:
        start = time.monotonic()
        try:
            process = subprocess.Popen([str(part) for part in command], stdin=subprocess.DEVNULL, stdout=log,
                                       stderr=subprocess.STDOUT, env=environment, start_new_session=True)
        except OSError as error:
            return Run(error=f"{pathlib.Path(command[0]).name} does not start: {error.strerror}")
        sampler = MemorySampler(process.pid)
        sampler.start()
        late = threading.Event()
        alarm = threading.Timer(limit, lambda: (late.set(), os.killpg(process.pid, signal.SIGKILL)))
        alarm.start()
        try:
            _, status, usage = os.wait4(process.pid, 0)
            seconds = time.monotonic() - start
            process.returncode = os.waitstatus_to_exitcode(status)
        except BaseException:
            end(process)
            raise
        finally:
            alarm.cancel()
            sampler.stop()
        if process.returncode == 0:
            return Run(seconds, usage.ru_utime + usage.ru_stime, sampler.peak)
        log.seek(0)
        lines = [line for line in log.read()[-4000:].splitlines() if line.strip()]
        said = f"not done after {limit:.0f} s" if late.is_set() else f"ended with {process.returncode}"
        return Run(error=": ".join([f"{pathlib.Path(command[0]).name} {said}"] + lines[-1:]))


def summary(runs):
    """Median seconds with all of them, median processor seconds and the largest peak; or the first error."""
    for run in runs:
        if run.error:
            return {"error": run.error}
    return {
        "seconds": statistics.median(run.seconds for run in runs), "cpu": statistics.median(run.cpu for run in runs),
        "peak": max(run.peak for run in runs), "all_seconds": [round(run.seconds, 4) for run in runs],
    }


def alternate(sides, repeats):
    """{name: summary} of functions that give a Run each, taken by turns; `repeats` says how often, for each name.

    What one has written is on the disk before the next begins; one that failed, or was long, is not tried again.
    """
    runs = {name: [] for name in sides}
    for turn in range(max(repeats[name] for name in sides)):
        for name, run in sides.items():
            if turn < repeats[name] and not any(done.error or done.seconds > LONG for done in runs[name]):
                os.sync()
                try:
                    runs[name].append(run())
                except OSError as error:
                    runs[name].append(Run(error=str(error)))
    return {name: summary(done) for name, done in runs.items()}

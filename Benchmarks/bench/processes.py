# Starts and ends processes, waits until they listen, and reads what they cost. Each leads a process group of its own
# below timeout(1), which ends the group at its limit, and also when this program is killed. Knows no proxy.

import ctypes
import os
import pathlib
import re
import resource
import signal
import socket
import subprocess
import time

TICK = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
LIBC = ctypes.CDLL(None)
SIGNAL_AT_PARENTS_DEATH = 1  # PR_SET_PDEATHSIG of prctl(2)


class Failure(Exception):
    """Something that a person must read; its text says what and, where known, what to do."""


class Process:
    """One program and its children: a process group, its files of output, and its costs."""

    def __init__(self, name, argv, work, limit, cores=None, environment=None):
        self.name = name
        self.output = work / f"{name}.out"
        self.errors = work / f"{name}.err"
        argv = ["timeout", "-k", "2", str(limit)] + [str(part) for part in argv]
        with open(self.output, "wb") as output, open(self.errors, "wb") as errors:
            self.child = subprocess.Popen(
                argv, cwd=work, stdin=subprocess.DEVNULL, stdout=output, stderr=errors, start_new_session=True,
                env={**os.environ, **(environment or {})}, preexec_fn=lambda: prepare(cores))

    @property
    def alive(self):
        return self.child.poll() is None

    def members(self):
        """The fields of /proc/PID/stat after the name, by PID, of all of the group but timeout(1) itself."""
        found = {}
        for entry in os.listdir("/proc"):
            if not entry.isdigit() or int(entry) == self.child.pid:
                continue
            try:
                fields = pathlib.Path("/proc", entry, "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[2]) == self.child.pid and fields[0] != "Z":
                found[int(entry)] = fields
        return found

    def cpu(self):
        """Seconds in user and in system mode so far."""
        members = self.members().values()
        return sum(int(m[11]) for m in members) / TICK, sum(int(m[12]) for m in members) / TICK

    def resident(self):
        """Bytes of resident memory."""
        return sum(int(m[21]) for m in self.members().values()) * PAGE

    def stop(self):
        """Ends the group: SIGTERM, two seconds, SIGKILL. Harmless when it has ended."""
        for number, patience in ((signal.SIGTERM, 2), (signal.SIGKILL, 5)):
            end = time.monotonic() + patience
            while time.monotonic() < end:
                self.child.poll()
                try:
                    # Again and again: a child that was being forked has not seen the first one.
                    os.killpg(self.child.pid, number)
                except ProcessLookupError:
                    return
                time.sleep(0.02)
        raise Failure(f"process group {self.child.pid} ({self.name}) cannot be ended")

    def complaint(self):
        """The last lines that it wrote, for a message."""
        text = b"".join(path.read_bytes()[-1500:] for path in (self.output, self.errors))
        plain = re.sub(r"\x1b\[[0-9;]*m", "", text.decode(errors="replace"))
        lines = plain.strip().splitlines()[-8:]
        return "\n".join(f"    {line[:300]}" for line in lines) or "    (it wrote nothing)"

    def ending(self):
        code = self.child.poll()
        if code is None:
            return "is running"
        return "ran into its time limit" if code == 124 else f"ended with code {code}"


def prepare(cores):
    """What the child does before it becomes the program."""
    LIBC.prctl(SIGNAL_AT_PARENTS_DEATH, signal.SIGTERM)
    if cores:
        os.sched_setaffinity(0, cores)


class Processes:
    """All that was started and not yet ended."""

    def __init__(self):
        self.running = []

    def start(self, *arguments, **named):
        process = Process(*arguments, **named)
        self.running.append(process)
        return process

    def stop(self, process):
        process.stop()
        self.running.remove(process)

    def stop_all(self):
        for process in reversed(self.running[:]):
            self.stop(process)

    def run(self, name, argv, work, limit, cores=None):
        """Runs to the end and returns what was printed; an exit code other than 0 is a failure."""
        process = self.start(name, argv, work, limit, cores)
        try:
            process.child.wait()
            if process.child.returncode != 0:
                raise Failure(f"{name} {process.ending()}:\n{process.complaint()}")
            return process.output.read_text(errors="replace")
        finally:
            self.stop(process)


def free_port():
    """A port of the loopback interface that nobody has just now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def await_port(process, port, patience=20):
    """Waits until `process` itself listens on a port; another's listener there is not taken for it."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if not process.alive:
            raise Failure(f"{process.name} {process.ending()} before it listened:\n{process.complaint()}")
        if listens(process, port):
            return
        time.sleep(0.02)
    raise Failure(f"{process.name} does not listen on port {port} after {patience} s:\n{process.complaint()}")


def listens(process, port):
    """Whether one of the process's own sockets listens on the port."""
    inodes = set()
    for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[3] == "0A" and int(fields[1].split(":")[1], 16) == port:
            inodes.add(f"socket:[{fields[9]}]")
    return bool(inodes) and any(holds(pid, inodes) for pid in process.members())


def holds(pid, inodes):
    folder = f"/proc/{pid}/fd"
    try:
        return any(os.readlink(f"{folder}/{entry}") in inodes for entry in os.listdir(folder))
    except OSError:
        return False


def core_times(cores):
    """Seconds that the cores were busy and stolen so far, as /proc/stat has them."""
    busy = stolen = 0
    for line in pathlib.Path("/proc/stat").read_text().splitlines():
        name, *values = line.split()
        if name[:3] == "cpu" and name[3:].isdigit() and int(name[3:]) in cores:
            user, nice, system, _, _, irq, softirq, steal = (int(value) for value in values[:8])
            busy += user + nice + system + irq + softirq
            stolen += steal
    return busy / TICK, stolen / TICK


def raise_descriptors(wanted):
    """Lets this program and all that it starts open so many files, as far as the system allows; says how many."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    for limit in ((wanted, max(wanted, hard)), (hard, hard)):
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, limit)
            return limit[0]
        except (ValueError, OSError):
            continue
    return soft

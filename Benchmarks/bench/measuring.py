# One measurement: a proxy started for one scenario, warmed up, loaded, and ended, and what that cost it.
# Which measurements there are, and in which order, is decided in `compare`.

import copy
import os
import pathlib
import re
import shutil
import signal
import struct
import tempfile
import time

from bench.loads import Resting, await_answer, check_answer, closed_loop, open_loop, tls_loop
from bench.origin import Origin
from bench.peers import Place, logged_lines
from bench.scraping import scraping
from bench.processes import Failure, core_times
from bench.scenarios import RATE


class Bench:
    """What all measurements share: the processes, the origin, the cores, the length of a load."""

    def __init__(self, processes, build, cores, seconds):
        self.processes = processes
        self.work = pathlib.Path(tempfile.mkdtemp(prefix="run-", dir=build))
        self.proxy_cores, self.load_cores = cores
        self.seconds = seconds
        self.openloop = None
        self.tlsload = None
        self.identity = None
        self.allocation_counter = None
        self.origin = None

    def start_origin(self, program):
        workers = 1 if len(self.load_cores) < 3 else 2
        place = Place(self.work / "origin", self.load_cores, None, self.identity)
        self.origin = Origin(self.processes, program, place, workers)

    def close(self):
        # A second ^C must not keep anything running.
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        self.processes.stop_all()
        shutil.rmtree(self.work, ignore_errors=True)

    def measure(self, peer, scenario):
        """Figures of one run, or what failed."""
        try:
            return self.run(peer, scenario, self.loads(scenario))
        except Failure as failure:
            self.origin.check()
            return {"failure": str(failure)}

    def run(self, peer, scenario, load):
        """Starts the proxy, hands it and its port to `load`, and ends it whatever happens."""
        cores = self.proxy_cores if scenario.pinned else self.proxy_cores | self.load_cores
        # Loads without a proxy of their own to measure need none: `direct` is the origin itself.
        if peer is None:
            return load(scenario, None, self.origin.port, self.load_place(scenario))
        folder = pathlib.Path(tempfile.mkdtemp(prefix=f"{peer.name}-", dir=self.work))
        origin = self.origin.tls_port if scenario.setup.tls == "origin" else self.origin.port
        place = Place(folder, cores, origin, self.identity)
        process, port = peer.start(self.processes, scenario.setup, place, self.seconds * 3 + 180)
        try:
            await_answer(scenario, process, port, self.identity)
            with scraping(folder / "admin.sock" if scenario.setup.observed else None) as failures:
                result = load(scenario, process, port, self.load_place(scenario))
            if failures:
                raise Failure(f"its metrics could not be had: {failures[0]}")
            if not process.alive:
                raise Failure(f"it {process.ending()} during the load")
            if scenario.setup.log:
                result["logged"] = self.await_log(peer, place, result)
            return result
        except Failure as failure:
            raise Failure(f"{failure}\n{peer.name} {process.ending()}; it wrote:\n{process.complaint()}") from failure
        finally:
            self.processes.stop(process)
            shutil.rmtree(folder, ignore_errors=True)

    def load_place(self, scenario):
        cores = self.load_cores if scenario.pinned else self.proxy_cores | self.load_cores
        return Place(self.work, cores, self.origin.port, self.identity)

    def loads(self, scenario):
        return {"load": self.closed, "rate": self.at_rate, "idle": self.idle}[scenario.kind]

    def send(self, scenario, port, seconds, place):
        """A closed loop as the scenario has it."""
        if scenario.setup.tls == "clients":
            return tls_loop(self.processes, scenario, port, seconds, place, self.tlsload)
        return closed_loop(self.processes, scenario, port, seconds, place)

    def closed(self, scenario, process, port, place):
        warm = self.send(scenario, port, 1, place)
        result = self.costs(process, scenario, lambda: self.send(scenario, port, self.seconds, place))
        result["warm_requests"] = warm["requests"]
        return result

    def at_rate(self, scenario, process, port, place):
        def load():
            return open_loop(self.processes, scenario, port, self.seconds, place, RATE, self.openloop)
        return self.costs(process, scenario, load) if process else load()

    def costs(self, process, scenario, load):
        """What `load` reports, and beside it the proxy's CPU time, the cores' use and the connections to the origin."""
        opened = self.origin.opened()
        began, before = time.monotonic(), process.cpu()
        proxy_before, load_before = core_times(self.proxy_cores), core_times(self.load_cores)
        result = load()
        proxy_after, load_after = core_times(self.proxy_cores), core_times(self.load_cores)
        after, wall = process.cpu(), time.monotonic() - began
        if not process.alive:
            raise Failure(f"it {process.ending()} during the load")
        user, system = after[0] - before[0], after[1] - before[1]
        volume = scenario.volume(result["requests"], result["bytes"])
        result.update(
            user=user / volume, system=system / volume, cpu=(user + system) / volume, cpu_seconds=user + system,
            wall=wall, proxy_load=(user + system) / wall,
            load_cores_busy=(load_after[0] - load_before[0]) / wall / len(self.load_cores),
            stolen=(proxy_after[1] - proxy_before[1]) / wall,
            opened=self.origin.opened() - opened, resident=process.resident())
        if scenario.pinned:
            # Ticks of 10 ms: a little below zero is nothing.
            foreign = (proxy_after[0] - proxy_before[0]) - (user + system)
            result["foreign"] = max(0.0, foreign / wall)
        return result

    def idle(self, scenario, process, port, place):
        """Growth of resident memory by connections that rest after one request each."""
        for _ in range(200):
            check_answer(scenario, port, place.identity)
        time.sleep(0.5)
        before = process.resident()
        resting = Resting(scenario, port, place.identity)
        try:
            time.sleep(1)
            after = process.resident()
            ended = resting.ended()
        finally:
            resting.close()
        return {
            "errors": ended, "before": before, "after": after, "connections": scenario.connections,
            "kib_per_connection": (after - before) / 1024 / scenario.connections,
        }

    def await_log(self, peer, place, result):
        """Lines of the access log for each request, once nothing more is written."""
        lines, previous = logged_lines(peer.name, place), -1
        for _ in range(20):
            if lines == previous:
                break
            time.sleep(1.1 if peer.name.startswith("nginx") else 0.3)
            lines, previous = logged_lines(peer.name, place), lines
        share = lines / (result["requests"] + result["warm_requests"])
        if share < 0.999:
            raise Failure(f"it logged only {share:.3f} lines for each request")
        return share

    def syscalls(self, peer, scenario):
        """System calls for each request, by name, counted by strace on a run of its own."""
        try:
            return self.run(peer, scenario, self.traced)
        except Failure as failure:
            self.origin.check()
            return {"failure": str(failure)}

    def allocations(self, peer, scenario):
        """Heap allocations for each further request, libevent's apart, on a run of its own.

        Every load opens its connections anew; what that takes is the same in a short load and in a long one.
        """
        counts = self.work / "allocations.counts"
        watched = copy.copy(peer)
        watched.environment = {
            **peer.environment, "LD_PRELOAD": str(self.allocation_counter), "RELEVO_ALLOCATIONS": str(counts)}

        def load(scenario, process, port, place):
            def costs(seconds):
                before = struct.unpack("QQ", counts.read_bytes())
                result = self.send(scenario, port, seconds, place)
                after = struct.unpack("QQ", counts.read_bytes())
                return [late - early for early, late in zip(before, after)], result["requests"], result["errors"]
            costs(2)
            (few, fewer, _), (many, more, errors) = costs(1), costs(5)
            libevent, own = ((late - early) / (more - fewer) for early, late in zip(few, many))
            return {"libevent": libevent, "own": own, "errors": errors}
        try:
            return self.run(watched, scenario, load)
        except Failure as failure:
            self.origin.check()
            return {"failure": str(failure)}

    def traced(self, scenario, process, port, place):
        self.send(scenario, port, 1, place)
        target = self.work / "strace.counts"
        target.unlink(missing_ok=True)
        argv = ["strace", "-c", "-f", "-q", "-o", target]
        for pid in process.members():
            argv += ["-p", str(pid)]
        tracer = self.processes.start("strace", argv, self.work, 60, self.proxy_cores)
        try:
            await_tracer(tracer, process)
            result = self.send(scenario, port, 2, place)
            for pid in tracer.members():
                # To strace alone: timeout(1) would end its whole group.
                signal_quietly(pid, signal.SIGINT)
            tracer.child.wait(timeout=20)
        finally:
            self.processes.stop(tracer)
        return {**read_counts(target, scenario.volume(result["requests"], result["bytes"])), "errors": result["errors"]}


def signal_quietly(pid, number):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def await_tracer(tracer, process):
    """Waits until every thread of the proxy is traced."""
    for _ in range(200):
        if not tracer.alive:
            raise Failure(f"strace {tracer.ending()}:\n{tracer.complaint()}")
        states = [
            path.read_text() for pid in process.members() for path in pathlib.Path(f"/proc/{pid}/task").glob("*/status")
        ]
        if all("TracerPid:\t0\n" not in state for state in states):
            return
        time.sleep(0.05)
    raise Failure("strace did not attach to every thread within 10 s")


def read_counts(path, volume):
    """The table of `strace -c`: calls for each request, the most frequent first."""
    counts = {}
    for line in path.read_text().splitlines():
        fields = line.split()
        if len(fields) >= 5 and re.fullmatch(r"[\d.]+", fields[0]) and fields[-1] != "total":
            counts[fields[-1]] = int(fields[3]) / volume
    if not counts:
        raise Failure("strace counted nothing")
    ordered = dict(sorted(counts.items(), key=lambda item: -item[1]))
    return {"calls": sum(counts.values()), "by_name": {name: round(count, 3) for name, count in ordered.items()}}

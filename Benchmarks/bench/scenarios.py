# What is measured: every scenario with its load. How a load is sent is in loads.py, how costs are read in measuring.py.

from dataclasses import dataclass, field

from bench.peers import LOGGING, Setup

KIBIBYTE, MEBIBYTE, GIBIBYTE = 1 << 10, 1 << 20, 1 << 30


@dataclass
class Scenario:
    """One kind of load on every peer that can take part."""

    name: str
    title: str
    kind: str = "load"  # load: closed loop; rate: open loop; idle: connections at rest
    path: str = "/"
    request: tuple = ("plain",)  # what load/requests.lua is told
    connections: int = 64
    body: int = KIBIBYTE  # bytes that each answer carries
    unit: str = "request"  # what costs are divided by: request, or GiB of body
    sent: int = 0  # bytes of body that each request carries
    setup: Setup = field(default_factory=Setup)
    handshakes: str = "kept"  # with TLS to the proxy: kept connections, or new ones, all full or all resumed
    only: set = None  # the peers that take part; all if none are named
    without: set = field(default_factory=set)
    pinned: bool = True
    syscalls: bool = False

    def admits(self, peer):
        return (self.only is None or peer in self.only) and peer not in self.without

    def volume(self, requests, received):
        """What the costs of a load are divided by."""
        return requests if self.unit == "request" else max(requests * self.sent, received) / GIBIBYTE


# The prototype forwards GET with Content-Length on kept plain connections, and nothing else; it has one thread.
LIMITED = {"prototype"}
CLIENT_TLS = Setup(tls="clients")
RATE = 5000

ALL = [
    Scenario("small", "1 KiB answer, kept connections", syscalls=True),
    Scenario(
        "close", "1 KiB answer, a new client connection for each request", request=("close",), without=LIMITED,
        syscalls=True),
    Scenario("fields", "1 KiB answer, 30 request fields as of a browser", request=("fields",), syscalls=True),
    Scenario(
        "chunked", "64 KiB chunked answer", path="/chunked", body=64 * KIBIBYTE, connections=16, without=LIMITED,
        syscalls=True),
    Scenario(
        "download", "10 MiB answer", path="/ten-mebibytes", body=10 * MEBIBYTE, connections=8, unit="GiB",
        syscalls=True),
    Scenario(
        "upload", "1 MiB request body", path="/upload", request=("upload",), body=3, sent=MEBIBYTE, connections=8,
        unit="GiB", without=LIMITED, syscalls=True),
    Scenario("log", "1 KiB answer, access log to a file", setup=Setup(log=True), only=LOGGING),
    Scenario(
        "observed", "1 KiB answer; access log, memory of failures, traces of 1 %, metrics asked for each second",
        setup=Setup(log=True, observed=True), only={"relevo"}),
    Scenario("unobserved", "1 KiB answer; none of it", setup=Setup(observed=False), only={"relevo"}),
    Scenario(
        "workers-2", "1 KiB answer, two workers, unpinned", setup=Setup(workers=2), without=LIMITED, pinned=False,
        connections=128),
    Scenario(
        "domains", "1,000 domains with 20 routes each, at random", request=("domains", "1000", "20"), only={"relevo"},
        path="/r1/item", setup=Setup(domains=1000, routes=20)),
    Scenario(
        "domains-1", "one domain with one route, by the same load", request=("domains", "1", "1"), only={"relevo"},
        path="/r1/item", setup=Setup(domains=1, routes=1)),
    Scenario("rate", f"1 KiB answer at {RATE:,} requests per second", kind="rate"),
    Scenario("idle-2000", "2,000 idle client connections", kind="idle", connections=2000),
    Scenario("idle-10000", "10,000 idle client connections", kind="idle", connections=10000),
    Scenario(
        "tls", "1 KiB answer over TLS 1.3, kept connections", setup=CLIENT_TLS, without=LIMITED, syscalls=True),
    Scenario(
        "handshake", "1 KiB answer, a new TLS connection with a full handshake for each request", handshakes="full",
        setup=CLIENT_TLS, without=LIMITED, syscalls=True),
    Scenario(
        "resume", "1 KiB answer, a new TLS connection that resumes by a ticket for each request", handshakes="resumed",
        setup=CLIENT_TLS, without=LIMITED, syscalls=True),
    Scenario(
        "tls-big", "10 MiB answer over TLS 1.3", path="/ten-mebibytes", body=10 * MEBIBYTE, connections=8, unit="GiB",
        setup=CLIENT_TLS, without=LIMITED, syscalls=True),
    Scenario(
        "tls-upstream", "1 KiB answer, TLS 1.3 to the origin, kept connections", setup=Setup(tls="origin"),
        without=LIMITED, syscalls=True),
    Scenario(
        "idle-tls", "2,000 idle client connections with TLS 1.3", kind="idle", connections=2000, setup=CLIENT_TLS,
        without=LIMITED),
]


def select(names):
    """The scenarios of these names in the order above; `idle` and `domains` bring all of theirs."""
    unknown = [name for name in names if name != "idle" and name not in {each.name for each in ALL}]
    if unknown:
        raise ValueError(f"there is no scenario {', '.join(unknown)}; there are: {', '.join(s.name for s in ALL)}")
    return [each for each in ALL if each.name in names or each.name.split("-")[0] in set(names) & {"idle", "domains"}]

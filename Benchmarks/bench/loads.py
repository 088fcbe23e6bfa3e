# Sends the loads: closed loops by wrk, and with TLS by a generator of our own, the open loop at a fixed rate,
# connections that rest. Reads what they report and nothing of what they cost the proxy.

import http.client
import json
import pathlib
import socket
import ssl
import time

from bench.peers import DOMAIN
from bench.processes import Failure

LOADS = pathlib.Path(__file__).resolve().parent.parent / "load"


def host(scenario):
    return f"d1.{DOMAIN}" if scenario.request[0] == "domains" else DOMAIN


def connect(scenario, port, identity):
    """A connection as the scenario's clients have them."""
    if scenario.setup.tls == "clients":
        return identity.connect(port)
    return socket.create_connection(("127.0.0.1", port), timeout=10)


def check_answer(scenario, port, identity):
    """One request of the scenario: its answer must be 200 with the whole body, or nothing is worth measuring."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.sock = connect(scenario, port, identity)
        body = b"x" * scenario.sent if scenario.sent else None
        connection.request("POST" if body else "GET", scenario.path, body=body, headers={"Host": host(scenario)})
        answer = connection.getresponse()
        length = len(answer.read())
    except (OSError, http.client.HTTPException) as error:
        raise Failure(f"one request failed: {error!r}") from error
    finally:
        connection.close()
    if answer.status != 200 or length != scenario.body:
        raise Failure(f"one request was answered {answer.status} with {length} bytes, not 200 with {scenario.body}")
    if scenario.name == "chunked" and answer.headers["Transfer-Encoding"] != "chunked":
        raise Failure("the answer is not chunked")


def await_answer(scenario, process, port, identity, patience=10):
    """Waits for the right answer: some proxies listen before they know their routes."""
    end = time.monotonic() + patience
    while True:
        try:
            return check_answer(scenario, port, identity)
        except Failure:
            if time.monotonic() > end or not process.alive:
                raise
            time.sleep(0.1)


def closed_loop(processes, scenario, port, seconds, place):
    """Runs wrk and returns its figures, latencies in milliseconds."""
    argv = ["wrk", "-t1", f"-c{scenario.connections}", f"-d{seconds}s", "--timeout", "10s"]
    if scenario.request[0] != "domains":
        argv += ["-H", f"Host: {DOMAIN}"]
    argv += ["-s", LOADS / "requests.lua", f"http://127.0.0.1:{port}{scenario.path}", "--", *scenario.request]
    text = processes.run("wrk", argv, place.work, seconds + 20, place.cores)
    lines = [line for line in text.splitlines() if line.startswith("@")]
    if not lines:
        raise Failure(f"wrk reported nothing:\n{text[-500:]}")
    return closed_figures(scenario, json.loads(lines[0][1:]))


def tls_loop(processes, scenario, port, seconds, place, program):
    """Runs the closed loop over TLS and returns its figures, latencies in milliseconds."""
    argv = [program, port, DOMAIN, scenario.path, place.identity.certificate, scenario.handshakes,
            scenario.connections, seconds, scenario.body]
    told = json.loads(processes.run("tlsload", argv, place.work, seconds + 20, place.cores))
    figures = closed_figures(scenario, told)
    return {**figures, **{key: told[key] for key in ("handshakes", "resumed", "tickets", "cut")}}


def closed_figures(scenario, told):
    """The figures of a closed loop, if it went as it should."""
    errors = sum(told["errors"].values())
    if told["requests"] < 1:
        raise Failure(f"not one request succeeded ({told['errors']} {told.get('words', '')})")
    # wrk takes a redirection for success; its length gives it away.
    if not errors and told["bytes"] < told["requests"] * scenario.body:
        raise Failure(f"{told['requests']} answers have {told['bytes']} bytes: some had no body")
    return {
        "requests": told["requests"], "bytes": told["bytes"], "seconds": told["seconds"],
        "per_second": told["requests"] / told["seconds"], "errors": errors, "error_kinds": told["errors"],
        "p50": told["p50"] / 1000, "p99": told["p99"] / 1000, "worst": told["worst"] / 1000,
    }


def open_loop(processes, scenario, port, seconds, place, rate, program):
    """Runs the open loop, one second more than is counted; latencies in milliseconds from when requests were due."""
    argv = [program, port, host(scenario), scenario.path, rate, 1, max(1, int(seconds)), scenario.connections]
    told = json.loads(processes.run("openloop", argv, place.work, seconds + 20, place.cores))
    if told["requests"] < 1:
        raise Failure("not one request succeeded")
    return {
        "requests": told["requests"], "errors": told["failed"], "counted": told["counted"], "bytes": 0,
        **{key: told[key] / 1000 for key in ("p50", "p99", "p999", "worst", "sent_late_p99")},
    }


class Resting:
    """Client connections that were used once and are kept."""

    def __init__(self, scenario, port, identity, patience=120):
        request = f"GET {scenario.path} HTTP/1.1\r\nHost: {host(scenario)}\r\n\r\n".encode()
        self.sockets = []
        end = time.monotonic() + patience
        try:
            for number in range(scenario.connections):
                one = connect(scenario, port, identity)
                self.sockets.append(one)
                one.sendall(request)
                read_answer(one, scenario.body)
                if time.monotonic() > end:
                    raise Failure(f"only {number + 1} connections after {patience} s")
        except OSError as error:
            self.close()
            raise Failure(f"connection {len(self.sockets)} of {scenario.connections}: {error}") from error
        except BaseException:
            self.close()
            raise

    def ended(self):
        """How many the proxy has closed meanwhile."""
        count = 0
        for one in self.sockets:
            one.setblocking(False)
            try:
                one.recv(1)
                count += 1
            except (BlockingIOError, ssl.SSLWantReadError):
                continue
            except OSError:
                count += 1
        return count

    def close(self):
        for one in self.sockets:
            one.close()
        self.sockets = []


def read_answer(connection, length):
    """Reads a whole answer whose body has this length."""
    data = b""
    while (end := data.find(b"\r\n\r\n")) < 0 or len(data) < end + 4 + length:
        part = connection.recv(65536)
        if not part:
            raise OSError(f"ended after {data[:60]!r}")
        data += part
    if not data.startswith(b"HTTP/1.1 200"):
        raise OSError(f"answered {data[:60]!r}")

# The origin behind the proxies, an nginx, and what only it can tell: the connections that a proxy opened to it, and a
# request head as it arrives there.

import http.client
import socket
import threading
import time

from bench.peers import TEMPLATES, account, files, fill
from bench.processes import Failure, await_port, free_port

MEBIBYTE = 1 << 20


class Origin:
    """A running origin."""

    def __init__(self, processes, program, place, workers):
        work = place.work
        self.record = work / "opened"
        (work / "files").mkdir(parents=True)
        (work / "files/ten-mebibytes").write_bytes(bytes(range(256)) * (10 * MEBIBYTE // 256))
        (work / "files/chunked").write_text("0123456789abcde\n" * 4096)
        for attempt in range(3):
            self.port, self.tls_port, sink = free_port(), free_port(), free_port()
            values = {
                "origin": self.port, "origin_tls": self.tls_port, "sink": sink, "work": work, "workers": workers,
                "kibibyte": "x" * 1024, **account(), **files(place.identity)}
            conditions = {"tls-origin"} if place.identity else set()
            fill(TEMPLATES / "origin.conf.in", work / "origin.conf", values, conditions)
            argv = [program.path, "-e", "stderr", "-p", work, "-c", "origin.conf"]
            self.process = processes.start("origin", argv, work, 4 * 3600, place.cores)
            try:
                await_port(self.process, self.port)
                return
            except Failure as failure:
                processes.stop(self.process)
                if attempt == 2 or "in use" not in str(failure):
                    raise

    def check(self):
        if not self.process.alive:
            raise Failure(f"the origin {self.process.ending()}:\n{self.process.complaint()}")

    def opened(self):
        """Connections that brought a request so far."""
        return self.record.stat().st_size // 2


def received_head(start, patience=10):
    """The head that reaches an origin: `start(port)` starts a proxy for that port and returns its own."""
    heads = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(patience)
        thread = threading.Thread(target=take_head, args=(listener, heads))
        port = start(listener.getsockname()[1])
        thread.start()
        end = time.monotonic() + patience
        while True:
            status, told = ask(port)
            if status == 200 or time.monotonic() > end:
                break
            time.sleep(0.1)
        thread.join()
    if not heads:
        raise Failure(f"the request did not reach the origin; the proxy answered {status}")
    return heads[0], told


def ask(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/", headers={"Host": "bench.example"})
        answer = connection.getresponse()
        answer.read()
        return answer.status, str(answer.headers).strip()
    finally:
        connection.close()


def take_head(listener, heads):
    try:
        connection, _ = listener.accept()
    except socket.timeout:
        return
    with connection:
        connection.settimeout(10)
        head = b""
        while b"\r\n\r\n" not in head and (part := connection.recv(65536)):
            head += part
        heads.append(head.decode("latin-1").strip())
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

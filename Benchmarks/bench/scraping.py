# Asks a proxy's admin listener for its metrics again and again, as Prometheus would.
# What that costs is part of the proxy's CPU time.

import contextlib
import http.client
import socket
import threading

INTERVAL = 1


class UnixConnection(http.client.HTTPConnection):
    """HTTP to a socket in the file system."""

    def __init__(self, path):
        super().__init__("localhost", timeout=5)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self.path))


def scrape(path):
    """The bytes of one answer."""
    connection = UnixConnection(path)
    try:
        connection.request("GET", "/metrics")
        return len(connection.getresponse().read())
    finally:
        connection.close()


@contextlib.contextmanager
def scraping(path):
    """Asks once every second until the block ends; does nothing without a path."""
    over = threading.Event()
    failures = []

    def run():
        while not over.wait(INTERVAL):
            try:
                scrape(path)
            except OSError as error:
                failures.append(error)

    thread = threading.Thread(target=run, daemon=True)
    if path:
        thread.start()
    try:
        yield failures
    finally:
        over.set()
        if path:
            thread.join(10)

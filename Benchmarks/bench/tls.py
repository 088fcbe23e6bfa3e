# What the scenarios with TLS need: a certificate of this run's own, and a client for single connections. What loads
# agree on with the proxies is in load/tlsload.c, what the proxies are told in Benchmarks/peers.

import socket
import ssl
import subprocess

from bench.peers import DOMAIN
from bench.processes import Failure


class Identity:
    """A certificate for the domain (ECDSA, P-256) that is its own authority, and its key, as files."""

    def __init__(self, folder):
        folder.mkdir(parents=True)
        self.certificate, self.key = folder / "certificate.pem", folder / "key.pem"
        # HAProxy reads both from one file.
        self.bundle = folder / "bundle.pem"
        argv = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-days", "30", "-subj", f"/CN={DOMAIN}", "-addext", f"subjectAltName=DNS:{DOMAIN}",
                "-keyout", str(self.key), "-out", str(self.certificate)]
        ran = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30)
        if ran.returncode != 0:
            raise Failure(f"`{' '.join(argv)}` failed:\n{ran.stderr}")
        self.bundle.write_text(self.certificate.read_text() + self.key.read_text())
        self.bundle.chmod(0o600)
        self.context = ssl.create_default_context(cafile=self.certificate)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_3
        self.context.set_alpn_protocols(["http/1.1"])

    def connect(self, port, patience=10):
        """A connection to a proxy whose certificate is the one above; nothing is resumed."""
        plain = socket.create_connection(("127.0.0.1", port), timeout=patience)
        # The last word of the handshake and the request are two writes.
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            return self.context.wrap_socket(plain, server_hostname=DOMAIN)
        except OSError:
            plain.close()
            raise

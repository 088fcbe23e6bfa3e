#!/usr/bin/env python3
"""An origin to look at: answers every request with its own name and the request as it arrived.

Usage: origin.py PORT...     one origin on 127.0.0.1 for each port; 0 lets the system choose

Each port is printed when it listens. For the examples and their smoke test; not a server for anything else.
"""
import http.server
import sys
import threading


class Origin(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30

    def answer(self):
        body = self.read_body()
        lines = [f"origin {self.server.server_address[1]}", "", self.requestline]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        lines += ["", body.decode("latin-1")] if body else [""]
        text = "\n".join(lines).encode("latin-1")
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; charset=iso-8859-1")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = answer

    def read_body(self):
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return body

    def log_message(self, *_):
        pass


def main(ports):
    servers = [http.server.ThreadingHTTPServer(("127.0.0.1", port), Origin) for port in ports]
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        print(server.server_address[1], flush=True)
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main([int(port) for port in sys.argv[1:]])

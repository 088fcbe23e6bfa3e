// Certificates that are replaced while clients come and go: none of them may notice. And many certificates at once,
// each for its name. The clients are Python's.
// One replacement after the other, with what is said of each: CertificateRenewalTests.

import CLibevent
import Foundation
import RelevoPolicy
import RelevoProxy
import TestSupport
import Testing

extension Integration {
    @Suite("Certificates that are replaced under traffic") struct RenewalTraffic {
        /// Clients that connect anew for each request, clients that resume, and one that keeps its connection. They go
        /// on until a file is there, and then say what they have seen. Any failure ends the program with 1.
        private static let load = """
            import json, os, socket, ssl, sys, threading, time
            port, authority, stop, name = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]
            end = time.monotonic() + 120
            lock, seen, counts, failures = threading.Lock(), [], {"new": 0, "resumed": 0, "kept": 0}, []
            def context():
                made = ssl.create_default_context(cafile=authority)
                made.set_alpn_protocols(["http/1.1"])
                return made
            def going(): return not os.path.exists(stop) and time.monotonic() < end and not failures
            def connect(made, before=None):
                plain = socket.create_connection(("127.0.0.1", port), timeout=30)
                return made.wrap_socket(plain, server_hostname=name, session=before)
            def ask(secure, last):
                fate = "close" if last else "keep-alive"
                secure.sendall(f"GET / HTTP/1.1\\r\\nHost: {name}\\r\\nConnection: {fate}\\r\\n\\r\\n".encode())
                answer = b""
                while not answer.endswith(b"hello"):
                    piece = secure.recv(4096)
                    if not piece: raise OSError(f"ended after {answer!r}")
                    answer += piece
                assert answer.startswith(b"HTTP/1.1 200"), answer
            def anew():
                while going():
                    made = context()
                    with connect(made) as secure:
                        number = int(secure.getpeercert()["serialNumber"], 16)
                        ask(secure, True)
                    with lock:
                        counts["new"] += 1
                        if number not in seen: seen.append(number)
            def again():
                made, before = context(), None
                while going():
                    with connect(made, before) as secure:
                        ask(secure, True)
                        with lock: counts["resumed"] += secure.session_reused
                        before = secure.session
            def keep():
                with connect(context()) as secure:
                    while going():
                        ask(secure, False)
                        with lock: counts["kept"] += 1
            def guarded(body):
                try: body()
                except Exception as error: failures.append(f"{body.__name__}: {error!r}")
            threads = [threading.Thread(target=guarded, args=(body,)) for body in (anew, anew, again, keep)]
            for thread in threads: thread.start()
            print("running", flush=True)
            for thread in threads: thread.join()
            print(json.dumps({"seen": seen, "counts": counts, "failures": failures}), flush=True)
            sys.exit(1 if failures else 0)
            """

        private struct Report: Decodable {
            var seen: [Int]
            var counts: [String: Int]
            var failures: [String]
        }

        @Test("thirty replacements under traffic: nobody fails, everybody new sees the last one, tickets stay good")
        func traffic() async throws {
            let (authority, tree) = (try TestAuthority(), try FileTree())
            let pairs = try (0..<6).map { _ in try authority.issue("a.example") }
            let files = CertificateFiles(tree.path("a.pem"), key: tree.path("a.key"))
            try tree.write(pairs[0].certificate, to: "a.pem")
            try tree.write(pairs[0].key, to: "a.key")
            let origin = try Origin.ok("hello")
            let configuration = ProxyConfiguration.loopback([.to("a.example", origin)], workers: 2) {
                $0.listeners[0].tls = ListenerTLS(certificates: [files])
            }
            try await withProxy(configuration, adjust: { $0.pace.quiet = .milliseconds(10) }) { proxy in
                let port = proxy.address.port ?? 0
                let load = try Program(
                    "/usr/bin/env",
                    ["python3", "-c", Self.load, "\(port)", authority.file, tree.path("stop"), "a.example"])
                _ = load.output { $0.contains("running") }
                for round in 1...30 {
                    let pair = pairs[round % pairs.count]
                    try tree.replace("a.key", with: pair.key)
                    try tree.replace("a.pem", with: pair.certificate)
                    #expect(proxy.notices.wait { $0.count { $0.contains("certificateReplaced") } >= round })
                }
                let before = await proxy.group.statistics().handshakes
                #expect(await eventually { await proxy.group.statistics().handshakes > before + 20 })
                try tree.write([], to: "stop")
                let outcome = try load.outcome()
                #expect(outcome.status == 0, "\(outcome.output) \(outcome.complaints)")
                let text = try #require(outcome.output.split(separator: "\n").last)
                let report = try JSONDecoder().decode(Report.self, from: Data(text.utf8))
                #expect(report.failures.isEmpty)
                #expect(report.seen.count > 1)
                #expect(report.counts.values.allSatisfy { $0 > 0 }, "\(report.counts)")
                let statistics = await proxy.group.statistics()
                #expect(statistics.handshakesFailed == 0)
                #expect(statistics.handshakesResumed == report.counts["resumed"])
                #expect(!proxy.notices.current.contains { $0.contains("certificateKept") })
            }
        }

        /// Connects once for each name and says which certificate was shown.
        private static let tour = """
            import socket, ssl, sys
            made = ssl.create_default_context(cafile=sys.argv[2])
            for name in sys.argv[3:]:
                plain = socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=30)
                with made.wrap_socket(plain, server_hostname=name) as secure:
                    print(name, int(secure.getpeercert()["serialNumber"], 16))
            """

        @Test("of forty certificates each is shown for its name, and the replacement of one changes that one")
        func many() async throws {
            let (authority, tree) = (try TestAuthority(), try FileTree())
            let names = (0..<40).map { "n\($0).example" }
            var files: [CertificateFiles] = []
            var expected: [String: String] = [:]
            for name in names {
                let pair = try authority.issue(name)
                try tree.write(pair.certificate, to: "\(name).pem")
                try tree.write(pair.key, to: "\(name).key")
                files.append(CertificateFiles(tree.path("\(name).pem"), key: tree.path("\(name).key")))
                expected[name] = pair.serial
            }
            let fresh = try authority.issue("n17.example")
            var configuration = ProxyConfiguration.loopback([.init("*.example", endpoints: ["127.0.0.1:9"])])
            configuration.listeners[0].tls = ListenerTLS(certificates: files)
            try await withProxy(configuration, adjust: { $0.pace.quiet = .milliseconds(10) }) { proxy in
                let arguments = ["python3", "-c", Self.tour, "\(proxy.address.port ?? 0)", authority.file] + names
                func seen() throws -> [String: String] {
                    let outcome = try Program("/usr/bin/env", arguments).outcome()
                    #expect(outcome.status == 0, "\(outcome.complaints)")
                    return Dictionary(
                        outcome.output.split(separator: "\n").map { line in
                            let parts = line.split(separator: " ")
                            return (String(parts[0]), String(Int(parts[1]) ?? 0, radix: 16))
                        }
                    ) { first, _ in first }
                }
                #expect(try seen() == expected)
                try tree.replace("n17.example.pem", with: fresh.certificate)
                try tree.replace("n17.example.key", with: fresh.key)
                expected["n17.example"] = fresh.serial
                #expect(await eventually { (try? seen()) == expected })
                #expect(proxy.notices.current.count { $0.contains("certificateReplaced") } == 1)
            }
        }
    }
}

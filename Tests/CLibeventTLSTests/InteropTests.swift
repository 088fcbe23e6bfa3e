// Programs of others on the other side: OpenSSL's own, and Python's ssl module.
// What the connections are made of: HandshakeTests.

import CLibevent
import CLibeventTLS
import Foundation
import TestSupport
import Testing

@Suite struct InteropTests {
    private func authority() throws -> Authority { try Authority.shared.get() }

    @Test(
        "openssl s_client is served by each version, verifies, and resumes with another context that has the same keys",
        arguments: ["-tls1_2", "-tls1_3"])
    func opensslClient(version: String) throws {
        let keys = TicketKeys()
        let served = try (0..<2).map { _ in
            try Served(TLSServerContext([.init(authority().identity("a.test"))], ticketKeys: keys))
        }
        let kept = try authority().path("kept\(version)")
        let arguments = [
            "-servername", "a.test", "-verify_return_error", "-verify_hostname", "a.test", "-CAfile",
            try authority().path("ca.pem"), version,
        ]
        let commands = served.map { ["openssl", "s_client", "-connect", "127.0.0.1:\($0.port)"] + arguments }
        let first = try converse(commands[0] + ["-sess_out", kept], saying: "one\n", until: "\none\n")
        #expect(first.contains("Verification: OK"))
        #expect(first.contains("New, "))
        let again = try converse(commands[1] + ["-sess_in", kept], saying: "one\n", until: "\none\n")
        #expect(again.contains("Reused, "))
    }

    @Test("versions before 1.2, renegotiation and unsafe suites are refused")
    func refusals() throws {
        let served = try Served(authority().server("a.test"))
        let refused: [[String]] = [
            ["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"], ["-tls1_2", "-cipher", "AES128-GCM-SHA256"],
            ["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA256"],
        ]
        for arguments in refused {
            let command = ["openssl", "s_client", "-connect", "127.0.0.1:\(served.port)"] + arguments
            #expect(try converse(command, saying: "", until: "SSL alert number").contains("SSL alert number"))
        }
        let command = ["openssl", "s_client", "-connect", "127.0.0.1:\(served.port)", "-tls1_2"]
        #expect(try converse(command, saying: "R\n", until: "no renegotiation").contains("no renegotiation"))
    }

    @Test("a Python client echoes a megabyte through us and takes leave in order", arguments: ["TLSv1_2", "TLSv1_3"])
    func pythonClient(version: String) throws {
        let served = try Served(authority().server("a.test"))
        let script = """
            import socket, ssl, threading
            context = ssl.create_default_context(cafile="\(try authority().path("ca.pem"))")
            context.minimum_version = context.maximum_version = ssl.TLSVersion.\(version)
            plain = socket.create_connection(("127.0.0.1", \(served.port)))
            secure = context.wrap_socket(plain, server_hostname="a.test")
            data = bytes(range(256)) * 4096
            threading.Thread(target=lambda: secure.sendall(data), daemon=True).start()
            got = b""
            while len(got) < len(data):
                got += secure.recv(65536)
            assert got == data
            plain = secure.unwrap()
            print(context.maximum_version.name, "whole")
            """
        #expect(try run("python3", "-c", script) == "\(version) whole\n")
    }

    /// A program that listens, ended with the object.
    private final class Program {
        private let process: ChildProcess
        private let input = Pipe()
        let port: UInt16

        init(_ arguments: [String], portIn read: (String) -> UInt16?) throws {
            let output = Pipe()
            process = try ChildProcess(
                arguments[0], Array(arguments.dropFirst()), input: input.fileHandleForReading,
                output: output.fileHandleForWriting)
            try output.fileHandleForWriting.close()
            var text = ""
            while read(text) == nil {
                let piece = output.fileHandleForReading.availableData
                try #require(!piece.isEmpty, "the program has ended: \(text)")
                text += String(decoding: piece, as: UTF8.self)
            }
            port = try #require(read(text))
        }

        deinit { process.signal(SIGTERM) }
    }

    /// Connects to a port, says a line, and gives what comes back.
    private func say(_ line: String, to port: UInt16, _ client: TLSClientContext) throws -> End {
        let loop = try EventLoop()
        let layer = try client.makeConnection(host: "a.test", endpoint: "\(port)")
        let end = End(try Bufferevent(loop: loop, connectingTo: .loopback(port: port), layer: layer), layer)
        try #require(serve(loop) { end.isOpen || end.failure != nil })
        end.say(line)
        try #require(serve(loop) { end.text.contains("\n") || end.failure != nil || end.hasEnded })
        end.bufferevent.shutdownOutput()
        try #require(serve(loop) { end.hasEnded || end.failure != nil })
        return end
    }

    @Test("openssl s_server is reached, verified and resumed")
    func opensslServer() throws {
        let place = try authority().issue(["a.test"])
        let arguments = [
            "openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", place + ".pem", "-key", place + ".key", "-rev",
        ]
        let server = try Program(arguments) { text in
            guard text.contains("\n") else { return nil }
            return text.split(separator: "\n").lazy.compactMap { line in
                line.hasPrefix("ACCEPT ") ? UInt16(line.split(separator: ":").last ?? "") : nil
            }.first
        }
        let client = try authority().client()
        let first = try say("abc\n", to: server.port, client)
        #expect(first.text.contains("cba"))
        #expect(first.layer?.facts.isResumed == false)
        let second = try say("abc\n", to: server.port, client)
        #expect(second.text.contains("cba"))
        #expect(second.layer?.facts.isResumed == true)
    }

    @Test("a Python server is reached, takes our certificate and our leave")
    func pythonServer() throws {
        let place = try authority().issue(["a.test"])
        let script = """
            import socket, ssl
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain("\(place).pem", "\(place).key")
            context.load_verify_locations("\(try authority().path("ca.pem"))")
            context.verify_mode = ssl.CERT_REQUIRED
            context.set_alpn_protocols(["http/1.1"])
            server = socket.create_server(("127.0.0.1", 0))
            print(server.getsockname()[1], flush=True)
            while True:
                plain, _ = server.accept()
                secure = context.wrap_socket(plain, server_side=True)
                line = secure.recv(1000)
                name = dict(x[0] for x in secure.getpeercert()["subject"])["commonName"]
                secure.sendall(name.encode() + b" " + secure.selected_alpn_protocol().encode() + b" " + line)
                secure.unwrap().close()
            """
        let server = try Program(["python3", "-c", script]) { text in
            text.contains("\n") ? UInt16(text.trimmingCharacters(in: .whitespacesAndNewlines)) : nil
        }
        let client = try authority().client(authority().identity("client.test"), protocols: ["h2", "http/1.1"])
        let end = try say("hello\n", to: server.port, client)
        #expect(end.text == "client.test http/1.1 hello\n")
        #expect(end.hasEnded)
        #expect(end.failure == nil)
    }
}

// `relevo demo`: six real origins and a proxy in one process, to look at.
// Not a server for anything else: its origins answer every request alike.

import ArgumentParser
import CLibevent
import CLibeventHTTP
import Foundation
import RelevoConfig

/// Runs a proxy in front of origins of its own.
struct Demo: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run a proxy for two domains with three embedded origins each, and say what to try.")

    @Option(help: "Where the proxy listens.")
    var listen = "127.0.0.1:8080"

    func run() async throws {
        let origins = try await DemoOrigins.start(domains: ["a.example", "b.example"], each: 3)
        let text = configurationText(origins)
        let loaded: LoadedConfiguration
        do {
            loaded = try ConfigurationLoader().load(text: text, file: "demo.yaml")
        } catch {
            throw CommandFailure(status: .usage, message: error.rendered())
        }
        Terminal.complain("This configuration is served:\n\n\(indented(text))")
        try await Serving(loaded).serve { addresses in
            if let address = addresses.first { Terminal.complain(invitation(address)) }
        }
    }

    private func configurationText(_ origins: DemoOrigins) -> String {
        var lines = ["listeners: [\"\(listen)\"]", "domains:"]
        for (domain, addresses) in origins.addresses {
            let list = addresses.map { "\"\($0)\"" }.joined(separator: ", ")
            lines.append("  \(domain): [\(list)]")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private func indented(_ text: String) -> String {
        text.split(separator: "\n").map { "    \($0)\n" }.joined()
    }

    private func invitation(_ address: SocketAddress) -> String {
        """

        Try, in another terminal:

            curl -H 'Host: a.example' http://\(address)/          one of three origins, chosen at random
            curl -H 'Host: b.example' http://\(address)/hello     another domain, other origins
            curl -i -H 'Host: c.example' http://\(address)/       a domain that is not configured: 421
            for i in $(seq 30); do curl -s -H 'Host: a.example' http://\(address)/ | head -1; done | sort | uniq -c

        Each request writes a line below. Ctrl-C ends the demo.

        """
    }
}

/// The demo's origins, all on one thread.
struct DemoOrigins: Sendable {
    /// Each domain with the addresses of its origins.
    let addresses: [(domain: String, origins: [SocketAddress])]

    /// Starts the origins; they run until the process ends.
    static func start(domains: [String], each count: Int) async throws -> DemoOrigins {
        let result: Result<DemoOrigins, SystemError> = await withCheckedContinuation { continuation in
            do throws(SystemError) {
                _ = try LoopThread(name: "relevo-origins") {
                    serve(domains, count) { continuation.resume(returning: $0) }
                }
            } catch {
                continuation.resume(returning: .failure(error))
            }
        }
        switch result {
        case .success(let origins): return origins
        case .failure(let error):
            throw CommandFailure(status: .start, message: "relevo: cannot start the demo's origins: \(error)")
        }
    }

    private static func serve(
        _ domains: [String], _ count: Int, report: (Result<DemoOrigins, SystemError>) -> Void
    ) {
        do throws(SystemError) {
            let loop = try EventLoop()
            var servers: [EvhttpServer] = []
            var addresses: [(domain: String, origins: [SocketAddress])] = []
            for domain in domains {
                var origins: [SocketAddress] = []
                for number in 1...count {
                    let name = "\(domain), origin \(number) of \(count)"
                    let server = try EvhttpServer(loop: loop, port: 0) { answer($0, from: name) }
                    origins.append(server.address)
                    servers.append(server)
                }
                addresses.append((domain, origins))
            }
            report(.success(DemoOrigins(addresses: addresses)))
            withExtendedLifetime(servers) { loop.run() }
        } catch {
            report(.failure(error))
        }
    }

    private static func answer(_ request: EvhttpRequest, from name: String) -> EvhttpReply {
        let fields = request.fields.map { "  \($0.name): \($0.value)\n" }.joined()
        let size = request.body.isEmpty ? "" : "and \(request.body.count) bytes of body\n"
        return EvhttpReply(
            fields: [("Content-Type", "text/plain; charset=utf-8"), ("X-Origin", name)],
            body: """
                Hello from \(name)

                Your request, as it arrived here:
                \(request.method) \(request.target)
                \(fields)\(size)
                """
        )
    }
}

// The server that the proxy stands in front of: two routes of FlyingFox on a loopback port that the system chooses.
// It knows nothing of the proxy.

import FlyingFox
import FlyingSocks
import Foundation

/// A running FlyingFox server.
struct Origin {
    /// Where it listens: `127.0.0.1:40123`.
    let address: String
    private let server: HTTPServer

    /// Starts the server; returns when it listens.
    static func start() async throws -> Origin {
        let server = HTTPServer(address: try .inet(ip4: "127.0.0.1", port: 0), logger: .disabled)
        await server.appendRoute("GET /") { _ in text("Hello from FlyingFox.\n") }
        await server.appendRoute("GET /account") { request in
            // The proxy's word, not the client's: see Gate.
            text("This is the account of \(request.headers[HTTPHeader("X-Account")] ?? "nobody").\n")
        }
        Task { try await server.run() }
        try await server.waitUntilListening()
        guard case .ip4(_, let port)? = await server.listeningAddress else { throw SocketError.unsupportedAddress }
        return Origin(address: "127.0.0.1:\(port)", server: server)
    }

    /// Ends the server.
    func stop() async { await server.stop(timeout: 1) }

    private static func text(_ body: String) -> HTTPResponse {
        HTTPResponse(statusCode: .ok, headers: [.contentType: "text/plain"], body: Data(body.utf8))
    }
}

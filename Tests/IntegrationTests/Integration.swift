// The root of the tests that drive a whole proxy over loopback. They run one after another: some of them measure the
// process, and a machine with few cores is busy enough with one proxy, its origins and its clients.

import CLibevent
import RelevoPolicy
import TestSupport
import Testing

/// A whole proxy between raw clients and scripted origins.
@Suite("A whole proxy", .serialized, .timeLimit(.minutes(5)))
enum Integration {}

extension Integration {
    /// Sends one request on a connection of its own and reads the response.
    static func ask(_ proxy: TestProxy, _ request: String, method: String = "GET") throws -> RawResponse {
        let client = try proxy.client()
        try client.send(request)
        return try client.response(to: method)
    }

    /// An address on which nobody listens.
    static func deadAddress() throws -> String {
        let wire = try Wire.listen(on: .loopback(port: 0))
        return SocketAddress.loopback(port: wire.localPort).description
    }
}

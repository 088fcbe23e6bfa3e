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

    /// An address on which nobody listens. No other test uses its host, so no other test gets its port.
    static func deadAddress() throws -> SocketAddress {
        let host = SocketAddress.ipv4(address: 0x7F53_0103, port: 0)
        let wire = try Wire.listen(on: host)
        return host.withPort(wire.localPort)
    }
}

// Who a client is, as far as the connection tells: its address, and whether its word is taken.
// What a trusted peer says about others is read in RelevoPolicy.

import CLibevent
import RelevoHTTP

extension SocketAddress {
    /// The address without its port; nil for paths.
    var ip: IPAddress? {
        switch self {
        case .ipv4(let address, _): .v4(address)
        case .ipv6(let high, let low, _, _): .v6(high, low)
        case .unix: nil
        }
    }

    /// The text for fields, given that for logs: empty for paths, which mean nothing to other hosts (RFC 7239 §6).
    static func fieldText(_ host: [UInt8]) -> [UInt8] { IPAddress(bytes: host.span) == nil ? [] : host }
}

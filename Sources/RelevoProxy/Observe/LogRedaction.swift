// What log lines leave out because it may tell who somebody is.
// Which of it is left out is said by AccessLogSettings.

import RelevoHTTP
import RelevoPolicy

/// Cuts values of log lines.
struct LogRedaction {
    /// Whether addresses lose their end, and their ports.
    let cutsClient: Bool
    private let cutsQuery: Bool

    init(_ redacted: Set<AccessLogSettings.Redaction>) {
        cutsClient = redacted.contains(.client)
        cutsQuery = redacted.contains(.query)
    }

    /// The text of an address: `192.0.2.0`, `2001:db8:1::`.
    func host(_ text: [UInt8]) -> [UInt8] {
        guard cutsClient, let address = IPAddress(bytes: text.span) else { return text }
        switch address {
        case .v4(let bits): return Array(IPAddress.v4(bits & ~0xFF).description.utf8)
        case .v6(0, let lower) where lower >> 32 == 0xFFFF:
            // An IPv4 address in other clothes (RFC 4291 §2.5.5.2).
            return Array(IPAddress.v6(0, lower & ~0xFF).description.utf8)
        case .v6(let upper, _): return Array(IPAddress.v6(upper & ~0xFFFF, 0).description.utf8)
        }
    }

    /// A target, as far as it may be told: `/search?`.
    func target(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        guard cutsQuery, let mark = bytes.firstIndex(of: 0x3F) else { return bytes }
        return bytes[...mark]
    }
}

// The identifier of a request: accepted from trusted peers, else made.
// Not a secret, and not for security.

import RelevoHTTP

/// Makes and judges request identifiers.
enum RequestID {
    /// Bytes of an accepted identifier at most.
    static let maxBytes = 128

    /// The identifier that a trusted peer sent, if it is fit to be written into heads and log lines.
    static func accepted(from fields: borrowing HeaderFields) -> [UInt8]? {
        guard fields.count(of: .xRequestID) == 1, let line = fields.first(.xRequestID) else { return nil }
        let value = fields.value(of: line)
        guard (1...maxBytes).contains(value.count), value.allSatisfy({ (0x21...0x7E).contains($0) }) else { return nil }
        return Array(value)
    }

    /// Appends 16 hexadecimal digits.
    static func append(_ number: UInt64, to output: inout [UInt8]) {
        output.append(addingCapacity: 16) { digits in
            for shift in stride(from: UInt64(60), through: 0, by: -4) {
                let digit = UInt8(truncatingIfNeeded: number &>> shift) & 15
                digits.append(digit < 10 ? 0x30 + digit : 0x57 + digit)
            }
        }
    }
}

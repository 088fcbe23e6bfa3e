// The identifier of a request that brings none to be taken over (TrustedProxies).
// Not a secret, and not for security.

/// Makes request identifiers.
enum RequestID {
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

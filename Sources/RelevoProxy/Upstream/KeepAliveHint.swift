// What an endpoint says about how long it keeps an idle connection. A hint, never a promise.
// The field was described in RFC 2068 §19.7.1.1 and is in use to this day.

import RelevoHTTP

/// Reads `Keep-Alive: timeout=5, max=100`.
enum KeepAliveHint {
    /// How long to keep a connection after this response: the usual time, or a second less than the endpoint says; in
    /// nanoseconds.
    static func patience(_ response: borrowing ResponseHead, usual: UInt64) -> UInt64 {
        guard let line = response.fields.first(.keepAlive) else { return usual }
        guard let seconds = timeout(in: response.fields.value(of: line)) else { return usual }
        return min(usual, UInt64(max(0, seconds - 1)) * 1_000_000_000)
    }

    /// The number behind `timeout=`, at least 0.
    static func timeout(in value: ArraySlice<UInt8>) -> Int? {
        for part in value.split(separator: UInt8(ascii: ",")) {
            let trimmed = part.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
            let pair = trimmed.split(separator: UInt8(ascii: "="), maxSplits: 1)
            guard pair.count == 2, String(decoding: pair[0], as: UTF8.self).lowercased() == "timeout" else { continue }
            let digits = pair[1].prefix { (0x30...0x39).contains($0) }.prefix(9)
            guard let number = Int(String(decoding: digits, as: UTF8.self)) else { return nil }
            return number
        }
        return nil
    }
}

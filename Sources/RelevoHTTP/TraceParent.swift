// The Traceparent field (W3C Trace Context): which trace a request belongs to, and whose part of it has sent it on.
// What is recorded of traces is not known here.

/// A place in a trace, as one field of a request says it: `00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01`.
package struct TraceParent: Sendable, Hashable, BitwiseCopyable {
    /// The trace's identifier, its upper and its lower half; never both zero.
    package var trace: (high: UInt64, low: UInt64)
    /// The identifier of the span that has sent the request; never zero.
    package var span: UInt64
    /// Whether the sender records it.
    package var isSampled: Bool

    /// Bytes of a field of the version that is written here.
    private static let length = 55

    /// Creates a place; the caller vouches that no identifier is zero.
    package init(trace: (high: UInt64, low: UInt64), span: UInt64, isSampled: Bool) {
        self.trace = trace
        self.span = span
        self.isSampled = isSampled
    }

    /// Reads the value of a field. Of later versions the beginning is read, which does not change (§4.3 there).
    package init?(_ value: ArraySlice<UInt8>) {
        let bytes = Array(value.prefix(Self.length + 1))
        guard bytes.count >= Self.length, [2, 35, 52].allSatisfy({ bytes[$0] == ASCII.dash }),
            let version = Self.number(bytes[0..<2]), version != 0xFF,
            version == 0 ? bytes.count == Self.length : bytes.count == Self.length || bytes[Self.length] == ASCII.dash,
            let high = Self.number(bytes[3..<19]), let low = Self.number(bytes[19..<35]), high | low != 0,
            let span = Self.number(bytes[36..<52]), span != 0, let flags = Self.number(bytes[53..<55])
        else { return nil }
        self.init(trace: (high, low), span: span, isSampled: flags & 1 != 0)
    }

    /// The only place that fields name; nil if they name several, or none that is valid.
    package init?(_ fields: borrowing HeaderFields) {
        guard fields.count(of: .traceparent) == 1, let line = fields.first(.traceparent) else { return nil }
        self.init(fields.value(of: line))
    }

    /// Hexadecimal digits, of which upper-case ones are none here.
    private static func number(_ digits: ArraySlice<UInt8>) -> UInt64? {
        var result: UInt64 = 0
        for byte in digits {
            guard !(0x41...0x46).contains(byte), let digit = ASCII.hexValue(byte) else { return nil }
            result = result &<< 4 | UInt64(digit)
        }
        return result
    }

    /// Appends the value of a field.
    package func append(to output: inout [UInt8]) {
        output.append(contentsOf: HeadText.traceVersion)
        ASCII.append(hexadecimal: trace.high, to: &output)
        ASCII.append(hexadecimal: trace.low, to: &output)
        output.append(ASCII.dash)
        ASCII.append(hexadecimal: span, to: &output)
        output.append(contentsOf: isSampled ? HeadText.traceSampled : HeadText.traceNotSampled)
    }

    /// Whether two places are the same.
    package static func == (one: TraceParent, other: TraceParent) -> Bool {
        one.trace == other.trace && one.span == other.span && one.isSampled == other.isSampled
    }

    /// Hashes the identifiers.
    package func hash(into hasher: inout Hasher) {
        hasher.combine(trace.high)
        hasher.combine(trace.low)
        hasher.combine(span)
    }
}

/// What an outgoing request says about its trace.
package struct TracePassage: Sendable, Hashable {
    /// The sender's place in the trace.
    package var parent: TraceParent
    /// Whether the trace begins here: then what others have noted of one (Tracestate) does not go on.
    package var isNew: Bool

    /// Creates a passage.
    package init(_ parent: TraceParent, isNew: Bool) {
        self.parent = parent
        self.isNew = isNew
    }
}

// What an endpoint says about how long it keeps an idle connection. A hint, never a promise.
// The field was described in RFC 2068 §19.7.1.1 and is in use to this day.

import RelevoHTTP

/// Reads `Keep-Alive: timeout=5, max=100`.
enum KeepAliveHint {
    /// How long to keep a connection after this response: a second less than the endpoint says, in nanoseconds; nil if
    /// it says nothing. Of several hints the shortest counts.
    static func patience(_ response: borrowing ResponseHead) -> UInt64? {
        guard response.fields.contains(.keepAlive) else { return nil }
        var shortest: Int?
        for line in response.fields.lines where line.known == .keepAlive && !line.removed {
            guard let seconds = timeout(in: response.fields.value(of: line)) else { continue }
            shortest = min(seconds, shortest ?? seconds)
        }
        return shortest.map { UInt64(max(0, $0 - 1)) * 1_000_000_000 }
    }

    /// The smallest number behind a `timeout=`, at least 0; quotes and blanks around it do not matter.
    static func timeout(in value: ArraySlice<UInt8>) -> Int? {
        let span = value.span
        var elements = ListElements(span.indices)
        var shortest: Int?
        while let element = elements.next(in: span) {
            var equals = element.lowerBound
            while equals < element.upperBound, span[equals] != 0x3D { equals += 1 }
            let name = ASCII.trim(span, element.lowerBound..<equals)
            guard equals < element.upperBound, ASCII.matches(span, name, lowercase: "timeout") else { continue }
            guard let seconds = number(span, ASCII.trim(span, (equals + 1)..<element.upperBound)) else { continue }
            shortest = min(seconds, shortest ?? seconds)
        }
        return shortest
    }

    /// The digits at the beginning of a range, at most nine of them, behind one quote or none.
    private static func number(_ span: borrowing Span<UInt8>, _ range: Range<Int>) -> Int? {
        var index = range.lowerBound
        if index < range.upperBound, span[index] == 0x22 { index += 1 }
        let start = index
        var value = 0
        while index < range.upperBound, index - start < 9, ASCII.isDigit(span[index]) {
            value = value * 10 + Int(span[index] - 0x30)
            index += 1
        }
        return index > start ? value : nil
    }
}

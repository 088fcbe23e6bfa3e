// The time of a log line. Its text up to the second is made once a second.
// Not for measuring, and not for the Date field (DateClock).

import CLibevent

/// Writes points in time as RFC 3339 with milliseconds: `2026-11-22T18:00:00.123Z`. Confined to its worker's thread.
struct LogClock {
    private var second = Int.min
    private var text: [UInt8] = []

    /// Appends a time without the final `Z`.
    mutating func append(_ time: WallTime, to output: inout [UInt8]) {
        if time.seconds != second {
            second = time.seconds
            renew()
        }
        output.append(contentsOf: text)
        JSONText.append(threeDigits: time.nanoseconds / 1_000_000, to: &output)
    }

    private mutating func renew() {
        let civil = CivilTime(seconds: second)
        text.removeAll(keepingCapacity: true)
        JSONText.append(civil.year, to: &text)
        let parts: [(UInt8, Int)] = [
            (0x2D, civil.month), (0x2D, civil.day), (0x54, civil.hour), (0x3A, civil.minute), (0x3A, civil.second),
        ]
        for (separator, number) in parts {
            text.append(separator)
            text.append(0x30 + UInt8(truncatingIfNeeded: number / 10))
            text.append(0x30 + UInt8(truncatingIfNeeded: number % 10))
        }
        text.append(0x2E)
    }
}

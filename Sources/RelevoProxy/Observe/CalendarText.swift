// Points in time for operators: when a certificate ends, and how long that still is.
// Fields and log lines have clocks of their own.

/// Writes seconds since 1970 as people read them.
package enum CalendarText {
    /// In UTC: `2026-11-22T18:00:00Z`.
    package static func write(_ seconds: Int64) -> String {
        let civil = CivilTime(seconds: Int(clamping: seconds))
        let time = [civil.hour, civil.minute, civil.second].map(two).joined(separator: ":")
        return "\(civil.year)-\(two(civil.month))-\(two(civil.day))T\(time)Z"
    }

    private static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

    /// A time that is left, cut to the unit that matters: `13 days`, `30 hours`, `1 minute`.
    package static func write(remaining seconds: Int64) -> String {
        let units: [(Int64, String)] = [(86_400, "day"), (3600, "hour"), (60, "minute")]
        // A day is not said before there are two: what ends in "1 day" may end tonight.
        let unit = units.first { seconds >= 2 * $0.0 } ?? (60, "minute")
        let count = max(1, seconds / unit.0)
        return "\(count) \(unit.1)\(count == 1 ? "" : "s")"
    }
}

// Durations as configuration files write them.
// Reading them is done in RelevoConfig, where a mistake has a place.

/// Writes durations with one unit: `250ms`, `5s`, `1m`, `2h`, `365d`.
package enum DurationText {
    /// The units of configuration files, the largest first, in milliseconds.
    package static let units: [(name: String, milliseconds: Int)] = [
        ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1),
    ]

    /// The shortest exact text; whole milliseconds are what a file can say. A minute and a half is `90s`, a day `24h`.
    package static func write(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        let (whole, overflow) = Int(seconds).multipliedReportingOverflow(by: 1000)
        guard !overflow else { return "\(seconds)s" }
        let total = whole + Int(attoseconds / 1_000_000_000_000_000)
        let unit = units.first { total % $0.milliseconds == 0 && total >= $0.milliseconds * ($0.name == "d" ? 2 : 1) }
        guard let unit else { return "\(total)ms" }
        return "\(total / unit.milliseconds)\(unit.name)"
    }
}

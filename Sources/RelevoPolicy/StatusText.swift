// Statuses and ranges of them as configuration files write them.
// Reading them is done in RelevoConfig, where a mistake has a place.

/// Writes statuses: `200`, `200-399`.
package enum StatusText {
    /// One status or a range.
    package static func write(_ range: ClosedRange<Int>) -> String {
        range.lowerBound == range.upperBound ? String(range.lowerBound) : "\(range.lowerBound)-\(range.upperBound)"
    }

    /// Several, for sentences: `200, 301-302`.
    package static func write(_ ranges: [ClosedRange<Int>]) -> String {
        ranges.map { write($0) }.joined(separator: ", ")
    }
}

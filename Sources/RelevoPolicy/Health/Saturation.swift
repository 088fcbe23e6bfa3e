// Sums and durations that cannot overflow: settings, clocks and counters may have any value.
// For amounts that are not negative.

extension FixedWidthInteger {
    /// The sum, or the largest value if that is too large.
    func addingSaturated(_ other: Self) -> Self {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }

    /// The product, or the largest value if that is too large.
    func multipliedSaturated(by other: Self) -> Self {
        let (product, overflow) = multipliedReportingOverflow(by: other)
        return overflow ? .max : product
    }
}

extension Duration {
    /// Whole nanoseconds; 0 for what is negative, the largest number for what is too long.
    var inNanoseconds: UInt64 {
        let (seconds, attoseconds) = components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        return UInt64(seconds).multipliedSaturated(by: 1_000_000_000)
            .addingSaturated(UInt64(attoseconds) / 1_000_000_000)
    }
}

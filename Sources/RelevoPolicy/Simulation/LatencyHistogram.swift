// Latencies counted so that quantiles can be told without keeping each of them.
// For simulations; workers keep averages.

/// Counts of times in steps of less than one per cent.
struct LatencyHistogram: Sendable {
    /// Steps from one power of two to the next.
    private static let bits = 7
    private static let steps = 1 << bits

    /// As many as the longest time needs: at most (65 - bits) * steps.
    private var counts: [Int] = []
    private var total = 0
    /// The longest time, in nanoseconds.
    private(set) var longest: UInt64 = 0

    /// Counts a time in nanoseconds.
    mutating func add(_ time: UInt64) {
        let index = Self.index(of: time)
        if index >= counts.count { counts.append(contentsOf: repeatElement(0, count: index - counts.count + 1)) }
        counts[index] += 1
        total += 1
        longest = max(longest, time)
    }

    /// The time that so many thousandths of the counted ones do not exceed, off by less than one per cent; 0 if none
    /// was counted.
    func quantile(_ thousandths: Int) -> UInt64 {
        guard total > 0 else { return 0 }
        let rank = max(1, (total * thousandths + 999) / 1000)
        var seen = 0
        for index in counts.indices {
            seen += counts[index]
            if seen >= rank { return min(Self.upperBound(of: index), longest) }
        }
        return longest
    }

    private static func index(of time: UInt64) -> Int {
        let length = 64 - time.leadingZeroBitCount
        guard length > bits + 1 else { return Int(time) }
        let shift = length - bits - 1
        return shift * steps + Int(time >> UInt64(shift))
    }

    private static func upperBound(of index: Int) -> UInt64 {
        guard index >= 2 * steps else { return UInt64(index) }
        let shift = UInt64(index / steps - 1)
        let lower = UInt64(index - Int(shift) * steps) << shift
        return lower | ((1 << shift) - 1)
    }
}

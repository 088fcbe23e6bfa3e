// How long things took, in classes of time. Kept by one thread, added up with others by whoever asks.
// How it is written for others to read: RelevoAdmin.

/// Times by class, with their sum.
package struct LatencyHistogram: Sendable, BitwiseCopyable {
    /// The upper bounds of the classes in nanoseconds, included; the last class has none.
    package static let bounds: [13 of UInt64] = [
        1_000_000, 2_500_000, 5_000_000, 10_000_000, 25_000_000, 50_000_000, 100_000_000, 250_000_000, 500_000_000,
        1_000_000_000, 2_500_000_000, 5_000_000_000, 10_000_000_000,
    ]

    /// How many were in each class.
    package private(set) var counts: [14 of UInt64] = .init(repeating: 0)
    /// All of them together, in nanoseconds.
    package private(set) var sum: UInt64 = 0

    /// No times yet.
    package init() {}

    /// How many there were.
    package var count: UInt64 {
        var count: UInt64 = 0
        for index in counts.indices { count += counts[index] }
        return count
    }

    /// Adds a time in nanoseconds.
    package mutating func add(_ nanoseconds: UInt64) {
        var index = 0
        while index < Self.bounds.count, nanoseconds > Self.bounds[index] { index += 1 }
        counts[index] += 1
        sum &+= nanoseconds
    }

    /// Adds another's times.
    package mutating func add(_ other: LatencyHistogram) {
        for index in counts.indices { counts[index] += other.counts[index] }
        sum &+= other.sum
    }
}

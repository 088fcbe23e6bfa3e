// Points in time: monotonic for waiting and measuring, wall clock for log lines.
// Not a timer.

import CEvent2
import Glibc

/// A point on the system's monotonic clock, in nanoseconds.
public struct MonotonicTime: Sendable, Hashable, Comparable, BitwiseCopyable {
    /// Nanoseconds since an arbitrary start.
    public var nanoseconds: UInt64

    /// Creates a point in time, as tests with a virtual clock do.
    @inlinable
    public init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

    /// Reads the clock (`CLOCK_MONOTONIC`); any thread.
    public static var now: MonotonicTime {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return MonotonicTime(nanoseconds: UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec))
    }

    /// Whether one point lies before another.
    @inlinable
    public static func < (left: MonotonicTime, right: MonotonicTime) -> Bool { left.nanoseconds < right.nanoseconds }

    /// The point `duration` later; saturates.
    public static func + (time: MonotonicTime, duration: Duration) -> MonotonicTime {
        let (sum, overflow) = time.nanoseconds.addingReportingOverflow(duration.wholeNanoseconds)
        return MonotonicTime(nanoseconds: overflow ? .max : sum)
    }

    /// The point so many nanoseconds later; saturates.
    @inlinable
    public func advanced(by nanoseconds: UInt64) -> MonotonicTime {
        let (sum, overflow) = self.nanoseconds.addingReportingOverflow(nanoseconds)
        return MonotonicTime(nanoseconds: overflow ? .max : sum)
    }

    /// Nanoseconds since `earlier`; 0 if that is later.
    @inlinable
    public func nanoseconds(since earlier: MonotonicTime) -> UInt64 {
        nanoseconds > earlier.nanoseconds ? nanoseconds - earlier.nanoseconds : 0
    }
}

extension Duration {
    /// Whole nanoseconds, not negative; saturates.
    public var wholeNanoseconds: UInt64 {
        let (seconds, attoseconds) = components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        let (product, overflow) = UInt64(seconds).multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflow else { return .max }
        let sum = product.addingReportingOverflow(UInt64(attoseconds / 1_000_000_000))
        return sum.overflow ? .max : sum.partialValue
    }

    /// The C form, for libevent's timers.
    var timeval: Glibc.timeval {
        let total = wholeNanoseconds
        let seconds = min(total / 1_000_000_000, UInt64(Int32.max))
        return Glibc.timeval(tv_sec: Int(seconds), tv_usec: Int((total % 1_000_000_000) / 1000))
    }
}

/// A point on the wall clock, for log lines and the Date field.
public struct WallTime: Sendable, Hashable {
    /// Whole seconds since 1970-01-01T00:00:00Z.
    public var seconds: Int
    /// The rest, in nanoseconds.
    public var nanoseconds: Int

    /// Creates a point in time.
    public init(seconds: Int, nanoseconds: Int) {
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }

    /// Reads the clock (`CLOCK_REALTIME`); any thread.
    public static var now: WallTime {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return WallTime(seconds: time.tv_sec, nanoseconds: time.tv_nsec)
    }
}

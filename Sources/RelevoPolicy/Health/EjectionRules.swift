// The settings of ejections in the form in which they are applied: nanoseconds, and no value that could do harm.
// What the settings mean is said in HealthSettings.

/// When an endpoint is ejected, and for how long.
struct EjectionRules: Sendable, Hashable {
    /// The settings as written.
    let settings: Ejection
    /// Nanoseconds in which requests are counted.
    let window: UInt64
    /// Nanoseconds of the first ejection.
    let time: UInt64
    /// Nanoseconds of the longest ejection.
    let maxTime: UInt64

    /// Reads settings; any values will do.
    init(_ settings: Ejection) {
        self.settings = settings
        window = settings.window.inNanoseconds
        time = settings.time.inNanoseconds
        maxTime = settings.maxTime.inNanoseconds
    }

    /// How long an ejection lasts that is the last of so many recent ones.
    func length(_ recent: UInt64) -> UInt64 { min(maxTime, time.multipliedSaturated(by: recent)) }

    /// How many recent ejections are forgiven after so many nanoseconds in service.
    func forgiven(_ nanoseconds: UInt64) -> UInt64 { time == 0 ? .max : nanoseconds / time }

    /// How many of so many endpoints may be ejected at a time: the share, but at least one, and never all.
    func allowance(_ count: Int) -> Int {
        guard count >= 2 else { return 0 }
        let share = count.multipliedSaturated(by: min(100, max(0, settings.share))) / 100
        return min(count - 1, max(1, share))
    }
}

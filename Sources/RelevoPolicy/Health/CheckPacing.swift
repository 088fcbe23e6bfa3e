// When the next check of an endpoint begins.
// What is checked, and how: HealthCheck and who makes the checks.

extension HealthCheck {
    /// Nanoseconds from the beginning of a check to that of the next: the interval, give or take a tenth, so that the
    /// checks of many proxies do not come together.
    package func pause(using random: inout some RandomNumberGenerator) -> UInt64 {
        let nanoseconds = interval.inNanoseconds
        let tenth = nanoseconds / 10
        return (nanoseconds - tenth).addingSaturated(UInt64.random(in: 0...max(1, tenth * 2), using: &random))
    }
}

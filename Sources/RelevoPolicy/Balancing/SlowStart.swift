// How an endpoint that has recovered comes back to its full weight.
// When it has recovered is said by its standing.

/// Slow start: a tenth of the weight at once, the rest in proportion to the time passed.
enum SlowStart {
    /// The part of its weight that an endpoint has, of ``ClusterView/weightScale``: a tenth when it comes back, all of
    /// it when the time for slow start, in nanoseconds, is over; 0 is for no slow start.
    static func share(of standing: EndpointStanding, within time: UInt64, now: UInt64) -> Int {
        let whole = ClusterView.weightScale
        guard time > 0, let recovered = standing.recovered else { return whole }
        let elapsed = now > recovered ? now - recovered : 0
        guard elapsed < time else { return whole }
        return whole / 10 + Int(Double(whole - whole / 10) * Double(elapsed) / Double(time))
    }
}

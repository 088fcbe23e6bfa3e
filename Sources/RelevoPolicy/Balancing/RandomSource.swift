// The dice of a worker.
// Not for secrets.

/// A fast generator with a seed (SplitMix64), so that a balancer's choices can be repeated in a test.
package struct RandomSource: RandomNumberGenerator, Sendable {
    /// 2⁶⁴ divided by the golden ratio: its multiples lie as far from each other as multiples can.
    static let step: UInt64 = 0x9e37_79b9_7f4a_7c15

    private var state: UInt64

    /// Creates a generator; equal seeds give equal sequences.
    package init(seed: UInt64) { state = seed }

    /// The next 64 random bits.
    package mutating func next() -> UInt64 {
        state &+= Self.step
        return Self.mixed(state)
    }

    /// A number from 0 to below a bound of at least 1. By multiplication instead of division: some numbers stand for
    /// one of 2⁶⁴ values more than others, which no number of requests can show.
    mutating func below(_ bound: Int) -> Int {
        Int(truncatingIfNeeded: next().multipliedFullWidth(by: UInt64(truncatingIfNeeded: bound)).high)
    }

    /// Each bit of the result depends on each bit given, and no two values give the same (Stafford's variant 13).
    static func mixed(_ bits: UInt64) -> UInt64 {
        var mixed = bits
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}

// How a fuzz target says that a rule was broken, and the dice with which it cuts its input.
// Not for production: a violation ends the process on purpose, so that the fuzzer keeps the input.

/// Ends the process with a message; libFuzzer then writes the input to a file.
package func violation(_ message: @autoclosure () -> String) -> Never { fatalError("violation: \(message())") }

/// Ends the process unless a rule holds.
package func require(_ rule: Bool, _ message: @autoclosure () -> String) {
    if !rule { violation(message()) }
}

/// Bytes as a person can read them: what is no printable ASCII is escaped.
package func readable(_ bytes: some Collection<UInt8>) -> String {
    String(decoding: bytes, as: UTF8.self).debugDescription
}

/// A generator (SplitMix64) whose seed is a part of the input, so that every input means one run only.
package struct Dice: RandomNumberGenerator {
    private var state: UInt64

    /// Seeds the generator.
    package init(seed: UInt64) { state = seed }

    /// The next 64 bits.
    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}

/// How a stream is cut into pieces.
package enum Cut {
    /// All at once, byte by byte, or in pieces of 1 to 16 bytes.
    case nowhere, everywhere, somewhere(Dice)

    /// The length of the next piece of so many bytes that are left, at least 1.
    package mutating func next(of count: Int) -> Int {
        switch self {
        case .nowhere: return max(1, count)
        case .everywhere: return 1
        case .somewhere(var dice):
            let length = Int.random(in: 1...16, using: &dice)
            self = .somewhere(dice)
            return max(1, min(length, count))
        }
    }
}

// Bytes of a request to numbers that endpoints are chosen by.
// Not for tables in memory (HostTable) and not for secrets.

import RelevoHTTP

/// The keys of ``BalanceMethod/hash(_:)``.
package enum HashKey {
    /// A 64-bit hash, the same in every process, on every machine and after every restart.
    ///
    /// Eight bytes at a time are added to what there is and mixed (``RandomSource``, Stafford's variant 13): each bit
    /// of the result changes with a probability of one half when any bit of the key does. Mixing loses nothing, so keys
    /// of up to eight bytes never collide with others of their length; longer ones do as seldom as random numbers. The
    /// length goes first, so that trailing zero bytes count. FNV, as in `HostTable`, leaves the upper bits of short
    /// keys nearly alone, and the place in the table is taken from these.
    ///
    /// Whoever knows this function can make up keys for one endpoint. A secret would not help, since proxies that share
    /// endpoints have to agree; the bounded load of ``HashBalancer`` does.
    package static func hash(_ bytes: borrowing Span<UInt8>) -> UInt64 {
        var hash = UInt64(truncatingIfNeeded: bytes.count)
        var index = 0
        while index + 8 <= bytes.count {
            hash = mix(hash, ASCII.word(bytes, at: index))
            index += 8
        }
        guard index < bytes.count else { return mix(hash, 0) }
        var rest: UInt64 = 0
        while index < bytes.count {
            rest = rest << 8 | UInt64(bytes[index])
            index += 1
        }
        return mix(hash, rest)
    }

    /// The hash of a part of a head.
    package static func hash(_ bytes: ArraySlice<UInt8>) -> UInt64 { hash(bytes.span) }

    private static func mix(_ hash: UInt64, _ word: UInt64) -> UInt64 {
        RandomSource.mixed((hash ^ word) &+ RandomSource.step)
    }
}

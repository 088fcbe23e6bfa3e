// Names to numbers in constant time and without allocation.
// Knows nothing of domains.

/// A hash table from byte strings to numbers, filled once.
///
/// Lookup hashes a slice of the request's bytes in place: no `String`, no copy. Open addressing with linear probing
/// at a load of at most one half. What a look-up needs lies in two places of memory: the slot and the key's bytes.
struct HostTable: Sendable {
    /// A place of the table; free when it has no value.
    private struct Slot: BitwiseCopyable {
        /// Part of the key's hash, so that other keys are seldom looked at.
        var mark: UInt32 = 0
        /// Where the key begins in `keys`.
        var begin: UInt32 = 0
        /// Bytes of the key.
        var count: UInt32 = 0
        /// The number; negative in a free slot.
        var value: Int32 = -1
    }

    private var slots: [Slot]
    private var keys: [UInt8] = []
    private let mask: Int

    /// Creates a table; of equal keys the first wins (the builder has refused such configurations).
    init(_ entries: [(key: [UInt8], value: Int)]) {
        var size = 8
        while size < entries.count * 2 { size *= 2 }
        mask = size - 1
        slots = [Slot](repeating: Slot(), count: size)
        for (key, value) in entries where self[key[...]] == nil {
            let hash = Self.hash(key.span)
            var place = Int(truncatingIfNeeded: hash) & mask
            while slots[place].value >= 0 { place = (place + 1) & mask }
            slots[place] = Slot(
                mark: Self.mark(hash), begin: UInt32(clamping: keys.count), count: UInt32(clamping: key.count),
                value: Int32(clamping: value))
            keys += key
        }
    }

    /// The number of a key.
    subscript(key: ArraySlice<UInt8>) -> Int? {
        let key = key.span
        let hash = Self.hash(key)
        var place = Int(truncatingIfNeeded: hash) & mask
        while slots[place].value >= 0 {
            let slot = slots[place]
            if slot.mark == Self.mark(hash), holds(slot, key) { return Int(slot.value) }
            place = (place + 1) & mask
        }
        return nil
    }

    private func holds(_ slot: Slot, _ key: Span<UInt8>) -> Bool {
        guard Int(slot.count) == key.count else { return false }
        let begin = Int(slot.begin)
        for index in key.indices where keys[begin + index] != key[index] { return false }
        return true
    }

    /// The half of a hash that does not choose the slot.
    private static func mark(_ hash: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: hash >> 32) }

    /// FNV-1a with 64 bits. The keys are the operator's, so nobody can fill the table with collisions.
    private static func hash(_ bytes: Span<UInt8>) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for index in bytes.indices {
            hash ^= UInt64(bytes[index])
            hash &*= 0x100_0000_01b3
        }
        return hash ^ (hash >> 32)
    }
}

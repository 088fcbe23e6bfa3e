// Names to numbers in constant time and without allocation.
// Knows nothing of domains.

/// A hash table from byte strings to numbers, filled once.
///
/// Lookup hashes a slice of the request's bytes in place: no `String`, no copy. Open addressing with linear probing
/// at a load of at most one half.
struct HostTable: Sendable {
    private var slots: [Int32]
    private var keys: [[UInt8]] = []
    private var values: [Int32] = []
    private let mask: Int

    /// Creates a table; of equal keys the first wins (the builder has refused such configurations).
    init(_ entries: [(key: [UInt8], value: Int)]) {
        var size = 8
        while size < entries.count * 2 { size *= 2 }
        mask = size - 1
        slots = [Int32](repeating: -1, count: size)
        for (key, value) in entries where self[key[...]] == nil {
            var slot = Int(truncatingIfNeeded: Self.hash(key[...])) & mask
            while slots[slot] >= 0 { slot = (slot + 1) & mask }
            slots[slot] = Int32(keys.count)
            keys.append(key)
            values.append(Int32(value))
        }
    }

    /// The number of a key.
    subscript(key: ArraySlice<UInt8>) -> Int? {
        guard !keys.isEmpty else { return nil }
        var slot = Int(truncatingIfNeeded: Self.hash(key)) & mask
        while slots[slot] >= 0 {
            let index = Int(slots[slot])
            if keys[index].elementsEqual(key) { return Int(values[index]) }
            slot = (slot + 1) & mask
        }
        return nil
    }

    /// FNV-1a with 64 bits. The keys are the operator's, so nobody can fill the table with collisions.
    private static func hash(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in bytes {
            hash ^= UInt64(byte)
            hash &*= 0x100_0000_01b3
        }
        return hash ^ (hash >> 32)
    }
}

// The hash of keys: every bit of a key counts, and changes half of the result.
// What keys decide: MaglevTests.

@testable import RelevoPolicy
import Testing

@Suite struct HashKeyTests {
    private func hash(_ text: String) -> UInt64 { HashKey.hash(ArraySlice(text.utf8)) }

    @Test("a bit of a key that flips flips each bit of the hash half of the time", arguments: [3, 7, 8, 9, 16, 23, 64])
    func avalanche(length: Int) {
        var random = RandomSource(seed: UInt64(length))
        var flips = Array(repeating: 0, count: 64)
        let trials = 4000
        for _ in 0..<trials {
            var key = (0..<length).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            let before = HashKey.hash(key[...])
            key[random.below(length)] ^= 1 << UInt8(random.below(8))
            let changed = before ^ HashKey.hash(key[...])
            for bit in 0..<64 where changed >> UInt64(bit) & 1 == 1 { flips[bit] += 1 }
        }
        // Five standard deviations of a fair coin are 158 of 4,000.
        #expect(flips.allSatisfy { abs($0 - trials / 2) < 160 }, "\(flips)")
    }

    @Test("similar keys have different hashes, and fill a table evenly (chi-square, 255 degrees, p > 0.001)")
    func similarKeys() {
        var seen: Set<UInt64> = []
        var counts = Array(repeating: 0, count: 256)
        for number in 0..<50_000 {
            let key = hash("user-\(number)")
            seen.insert(key)
            counts[Int(key >> 56)] += 1
        }
        #expect(seen.count == 50_000)
        #expect(chiSquare(counts, Array(repeating: 1, count: 256)) < 330.6)
    }

    @Test("zero bytes at the end, and keys without any byte, have hashes of their own")
    func lengths() {
        let keys = (0..<40).map { Array(repeating: UInt8(0), count: $0) }
        #expect(Set(keys.map { HashKey.hash($0[...]) }).count == 40)
    }

    @Test("hashes are those of other processes and of earlier versions")
    func stable() {
        #expect(hash("") == 16294208416658607535)
        #expect(hash("relevo") == 1344206212211859655)
        #expect(hash("/articles/2026/11/proxies") == 2150386197192011186)
    }

    @Test("a part of an array has the hash of its bytes, wherever it stands")
    func slices() {
        let bytes = Array("xxrelevoyy".utf8)
        #expect(HashKey.hash(bytes[2..<8]) == hash("relevo"))
        #expect(HashKey.hash(bytes.span.extracting(2..<8)) == hash("relevo"))
    }
}

// The bytes of inotify(7): whole events become values, anything else becomes nothing and reads nothing past its end.
// What the events mean: DirectoryWatchTests.

import Testing

@testable import CLibevent

@Suite struct DirectoryEventTests {
    private func word(_ value: UInt32) -> [UInt8] { unsafe withUnsafeBytes(of: value) { unsafe Array($0) } }

    private func bytes(_ watch: Int32, _ mask: UInt32, _ name: [UInt8], length: UInt32? = nil) -> [UInt8] {
        word(UInt32(bitPattern: watch)) + word(mask) + word(7) + word(length ?? UInt32(name.count)) + name
    }

    @Test("names end at their first zero; an event may have none")
    func whole() throws {
        let text =
            bytes(3, 256, Array("tls.crt".utf8) + [0, 0, 0]) + bytes(-1, 0x4000, []) + bytes(4, 8, [0x61, 0x62])
        let events = try #require(DirectoryEvent.all(in: text[...]))
        #expect(events.map(\.watch) == [3, -1, 4])
        #expect(events.map(\.mask) == [256, 0x4000, 8])
        #expect(events.map(\.name) == ["tls.crt", "", "ab"])
        #expect(DirectoryEvent.all(in: []) == [])
    }

    @Test("an event is read wherever its slice begins")
    func slices() throws {
        let text: [UInt8] = [9, 9, 9] + bytes(3, 256, [0x61, 0])
        #expect(try #require(DirectoryEvent.all(in: text.dropFirst(3))).map(\.name) == ["a"])
    }

    @Test("a part of an event is none, wherever it is cut")
    func cut() {
        let text = bytes(3, 256, [0x61, 0, 0, 0])
        for count in 1..<text.count { #expect(DirectoryEvent.all(in: text.prefix(count)) == nil, "\(count)") }
    }

    @Test(
        "a name that says to be longer than what is there is none",
        arguments: [5, 0x7FFF_FFFF, 0xFFFF_FFFF] as [UInt32])
    func tooLong(_ length: UInt32) {
        #expect(DirectoryEvent.all(in: bytes(3, 256, [0x61, 0, 0, 0], length: length)[...]) == nil)
    }

    @Test("bytes by chance are taken apart within their bounds")
    func chance() {
        var random = SystemRandomNumberGenerator()
        var taken = 0
        for _ in 0..<20_000 {
            let count = 16 * Int.random(in: 0...4, using: &random) + (Bool.random(using: &random) ? 0 : 5)
            var text = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
            // Most lengths would be far too large.
            for place in stride(from: 12, to: max(12, count - 3), by: 16) {
                text.replaceSubrange(place..<(place + 4), with: word([0, 16, 32, .max].randomElement() ?? 0))
            }
            let events = DirectoryEvent.all(in: text[...]) ?? []
            taken += events.count
            #expect(events.count * DirectoryEvent.headSize <= text.count)
        }
        #expect(taken > 0)
    }
}

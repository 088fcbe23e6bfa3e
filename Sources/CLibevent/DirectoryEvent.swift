// What inotify writes into its descriptor, taken apart: a head of 16 bytes and a name for each event.
// What follows from an event is DirectoryWatch's matter.

/// One event of inotify(7).
struct DirectoryEvent: Sendable, Hashable {
    /// The watch that it is about; -1 for none.
    let watch: Int32
    /// What has happened (`IN_…`).
    let mask: UInt32
    /// The entry of the directory; empty for the directory itself.
    let name: String

    /// Bytes before the name: watch, mask, cookie and the name's length, 4 each.
    static let headSize = 16
    /// Bytes that an event has at most: a name of 255 bytes with its zeros.
    static let mostBytes = headSize + 256

    /// The events of a read.
    /// - Returns: nil if the bytes are no whole events, which the system does not write: nothing may be concluded.
    static func all(in bytes: ArraySlice<UInt8>) -> [DirectoryEvent]? {
        var events: [DirectoryEvent] = []
        var rest = bytes
        while !rest.isEmpty {
            guard rest.count >= headSize else { return nil }
            let watch = word(rest, at: 0)
            let mask = word(rest, at: 4)
            // Compared before anything is added to it.
            let length = Int(word(rest, at: 12))
            guard length <= rest.count - headSize else { return nil }
            let name = rest.dropFirst(headSize).prefix(length).prefix { $0 != 0 }
            events.append(
                DirectoryEvent(
                    watch: Int32(bitPattern: watch), mask: mask, name: String(decoding: name, as: UTF8.self)))
            rest = rest.dropFirst(headSize + length)
        }
        return events
    }

    /// Four bytes in the machine's order; the caller has seen that they are there.
    private static func word(_ bytes: ArraySlice<UInt8>, at offset: Int) -> UInt32 {
        var word: UInt32 = 0
        withUnsafeMutableBytes(of: &word) { memory in
            memory.copyBytes(from: bytes.dropFirst(offset).prefix(4))
        }
        return word
    }
}

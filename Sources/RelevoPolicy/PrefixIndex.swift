// Which path prefixes of a domain take a path. The prefixes lie side by side in memory: looking at all of a domain's
// routes touches a few cache lines, not an object for each.

/// The path prefixes of a domain's routes, in the order in which they are tried.
struct PrefixIndex: Sendable {
    /// All prefixes, one behind the other.
    private let bytes: [UInt8]
    /// Where each prefix ends in `bytes`.
    private let ends: [UInt32]

    /// Creates the index of `prefixes`, whose positions are the answers of `first`.
    init(_ prefixes: some Sequence<[UInt8]>) {
        var bytes: [UInt8] = []
        var ends: [UInt32] = []
        for prefix in prefixes {
            bytes += prefix
            ends.append(UInt32(clamping: bytes.count))
        }
        self.bytes = bytes
        self.ends = ends
    }

    /// The position of the first prefix, at `start` or later, that takes `path`.
    func first(from start: Int, taking path: ArraySlice<UInt8>) -> Int? {
        let path = path.span
        let bytes = bytes.span
        let ends = ends.span
        var begin = start == 0 ? 0 : Int(ends[start - 1])
        for position in start..<ends.count {
            let end = Int(ends[position])
            if Self.takes(bytes.extracting(begin..<end), path) { return position }
            begin = end
        }
        return nil
    }

    /// Whether a prefix takes a path: whole segments only, so `/v1` takes `/v1/a` but never `/v1a`.
    ///
    /// Where the segment ends is asked first and bytes are compared from the last one: routes of a domain mostly begin
    /// alike.
    static func takes(_ prefix: Span<UInt8>, _ path: Span<UInt8>) -> Bool {
        let slash = UInt8(ascii: "/")
        let count = prefix.count
        if count == 1 { return true }
        guard 0 < count, count <= path.count else { return false }
        guard count == path.count || path[count] == slash || prefix[count - 1] == slash else { return false }
        var index = count
        while index > 0 {
            index -= 1
            guard prefix[index] == path[index] else { return false }
        }
        return true
    }
}

// Whether a text occurs in bytes that come in pieces.
// Where they come from, and how many are looked at, is decided elsewhere.

/// A search through a stream of bytes; each is looked at once, and only the end of a piece is kept.
package struct TextSearch: Sendable {
    private let wanted: [UInt8]
    /// The last bytes that came, in which an occurrence may have begun.
    private var rest: [UInt8] = []
    /// Whether the text has occurred. The empty text has from the start.
    package private(set) var isFound: Bool
    /// Bytes that have come.
    package private(set) var count = 0

    /// Begins a search for the bytes of a text, exactly as they are.
    package init(_ text: String) {
        wanted = Array(text.utf8)
        isFound = wanted.isEmpty
    }

    /// Looks at the next bytes.
    package mutating func add(_ bytes: [UInt8]) {
        count += bytes.count
        guard !isFound else { return }
        let seen = rest + bytes
        guard seen.count >= wanted.count else {
            rest = seen
            return
        }
        isFound = (0...(seen.count - wanted.count)).contains {
            seen[$0] == wanted[0] && seen[$0..<($0 + wanted.count)].elementsEqual(wanted)
        }
        rest = Array(seen.suffix(wanted.count - 1))
    }
}

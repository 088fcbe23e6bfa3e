// Hides from the YAML library what it would answer with less than is needed here: aliases, which it would copy
// without a bound and without their place, and duplicate keys, of which it tells only the first and then stops.
// One character is put in place of another, so lines and columns stay true.

import RelevoPolicy

/// The text that the YAML library sees instead of the file.
struct YAMLMask {
    /// Stands for every `*`. A plain text that begins with it was an alias.
    static let alias: Unicode.Scalar = "\u{E000}"
    /// Characters that a file may not contain, because they are used here.
    static let reserved: ClosedRange<Unicode.Scalar> = "\u{E000}"..."\u{E0FF}"
    /// How many duplicate keys are hidden at most before the library has its say.
    private static let maxDuplicates = 64
    /// Characters that the library may read again because of duplicate keys.
    private static let maxRereading = 4_000_000

    private let source: SourceText
    private var masked: [Unicode.Scalar]
    private var originals: [Place: Unicode.Scalar] = [:]

    private struct Place: Hashable {
        let line: Int
        let column: Int
    }

    /// Creates the mask of a text, aliases hidden.
    init(_ source: SourceText) {
        self.source = source
        masked = source.scalars.map { $0 == "*" ? YAMLMask.alias : $0 }
    }

    /// The text for the library.
    var text: String { String(scalars: masked) }

    /// Whether a plain text was written as `*…`.
    static func isAlias(_ text: String) -> Bool { text.unicodeScalars.first == alias }

    /// Hides one of two equal keys by a character that no other has.
    /// - Returns: Whether that was possible; not for keys written as aliases of lists, with anchors and such.
    mutating func hideKey(line: Int, column: Int) -> Bool {
        let place = Place(line: line, column: column)
        let allowed = min(YAMLMask.maxDuplicates, max(1, YAMLMask.maxRereading / max(1, masked.count)))
        guard originals.count < allowed, originals[place] == nil,
            var offset = source.offset(line: line, column: column),
            let stand = Unicode.Scalar(YAMLMask.alias.value + 1 + UInt32(originals.count))
        else { return false }
        let isQuoted = source.scalars[offset] == "\"" || source.scalars[offset] == "'"
        if isQuoted { offset += 1 }
        guard offset < source.scalars.count, source.scalars[offset].isPlainWord else { return false }
        originals[place] = masked[offset]
        masked[offset] = stand
        return true
    }

    /// The key as it was written, but for aliases.
    func revealedKey(_ text: String, line: Int, column: Int) -> String {
        guard let original = originals[Place(line: line, column: column)] else { return text }
        return String(scalars: [original] + text.unicodeScalars.dropFirst())
    }

    /// A text as it was written.
    static func revealed(_ text: String) -> String {
        guard text.unicodeScalars.contains(alias) else { return text }
        return String(scalars: text.unicodeScalars.map { $0 == alias ? "*" : $0 })
    }
}

extension Unicode.Scalar {
    /// Whether this is part of a word wherever it stands, in quotes or not.
    fileprivate var isPlainWord: Bool {
        properties.isAlphabetic || ("0"..."9").contains(self) || ["_", ".", "/", "*", "<", "$"].contains(self)
    }
}

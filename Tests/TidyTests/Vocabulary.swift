// Words about how the repository came about, which have no place in it: it speaks of the product alone. They are put
// together from halves, because this file is checked like any other.

/// A phrase that has no place here.
struct BannedPhrase {
    /// In lower case.
    var text: String
    /// The field's own uses of the word: lower-case words after which, or before which, it is right.
    var rightAfter: Set<String> = []
    var rightBefore: Set<String> = []

    static let all: [BannedPhrase] = [
        fieldTerm("ses" + "sion"), fieldTerm("ses" + "sions"),
        BannedPhrase(text: "hel" + "per"), BannedPhrase(text: "hel" + "pers"),
        BannedPhrase(text: "iss" + "ue #"), BannedPhrase(text: "the " + "lead"),
        BannedPhrase(text: "/wo" + "rk/"), BannedPhrase(text: "/ro" + "ot/"), BannedPhrase(text: "/opt/sw" + "ift"),
    ]

    private static func fieldTerm(_ text: String) -> BannedPhrase {
        BannedPhrase(
            text: text,
            rightAfter: ["tls", "ssl", "ssh", "http", "user", "login", "sticky", "quic"],
            rightBefore: ["ticket", "tickets", "resumption", "affinity", "cookie", "cookies", "id", "ids", "cache"])
    }
}

/// The places in a text where a banned phrase stands as words of their own, by line.
func checkVocabulary(_ text: String, path: String) -> [Finding] {
    let bytes = Array(text.utf8)
    guard !bytes.contains(0) else { return [] }
    let phrases = BannedPhrase.all.map { (phrase: $0, bytes: Array($0.text.utf8)) }
    let initials = Set(phrases.map { $0.bytes[0] })
    var found: [Finding] = []
    var line = 1
    for index in bytes.indices {
        if bytes[index] == UInt8(ascii: "\n") { line += 1 }
        guard initials.contains(lowercase(bytes[index])) else { continue }
        for phrase in phrases where stands(phrase.bytes, at: index, in: bytes) {
            let end = index + phrase.bytes.count
            guard !isFieldTerm(phrase.phrase, index..<end, in: bytes) else { continue }
            found.append(Finding(.vocabulary, path, line: line, "says `\(phrase.phrase.text)`"))
        }
    }
    return found
}

private func lowercase(_ byte: UInt8) -> UInt8 {
    byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte | 0x20 : byte
}

/// Whether the phrase is at `index` and neither continues nor is continued by a word, a path or a field's value.
private func stands(_ phrase: [UInt8], at index: Int, in bytes: [UInt8]) -> Bool {
    guard index + phrase.count <= bytes.count else { return false }
    for offset in phrase.indices where lowercase(bytes[index + offset]) != phrase[offset] { return false }
    if index > 0, Lexer.isWordByte(bytes[index - 1]) || "-./%?&".utf8.contains(bytes[index - 1]) { return false }
    let end = index + phrase.count
    guard end < bytes.count, phrase.last.map(Lexer.isWordByte) == true else { return true }
    let isCode = bytes[end] == UInt8(ascii: ".") && end + 1 < bytes.count && Lexer.isWordByte(bytes[end + 1])
    return !isCode && !Lexer.isWordByte(bytes[end]) && !"=-/%&:".utf8.contains(bytes[end])
}

/// Whether the words beside the phrase make it a term of the field.
private func isFieldTerm(_ phrase: BannedPhrase, _ range: Range<Int>, in bytes: [UInt8]) -> Bool {
    let before = bytes[..<range.lowerBound].reversed().drop { $0 == 32 }.prefix { Lexer.isWordByte($0) }
    let after = bytes[range.upperBound...].drop { $0 == 32 }.prefix { Lexer.isWordByte($0) }
    let previous = String(decoding: before.reversed().map(lowercase), as: UTF8.self)
    let next = String(decoding: after.map(lowercase), as: UTF8.self)
    return phrase.rightAfter.contains(previous) || phrase.rightBefore.contains(next)
}

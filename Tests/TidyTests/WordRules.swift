// Rules on single words: unsafe constructs, traps on purpose, open ends. Words of code are tokens, so that a string or
// comment may speak of them. Words that have no place anywhere are in `Vocabulary.swift`.

/// Targets that may touch raw pointers.
private func mayBeUnsafe(_ target: String) -> Bool { target.hasPrefix("CLibevent") }

private func isUnsafe(_ token: Token, after previous: Token?) -> Bool {
    let exact: Set = [
        "Unmanaged", "OpaquePointer", "unsafeBitCast", "unsafeDowncast", "unsafelyUnwrapped", "withUnsafe",
    ]
    let prefixes = ["UnsafeMutable", "UnsafeRaw", "UnsafePointer", "UnsafeBuffer", "withUnsafe"]
    if token.text == "unsafe" { return previous?.isSymbol(".") != true && previous?.isWord("case") != true }
    if token.text == "unchecked" { return previous?.isSymbol("@") == true }
    return exact.contains(token.text) || prefixes.contains { token.text.hasPrefix($0) }
}

private func isTrap(_ token: Token, before next: Token?) -> Bool {
    (token.text == "fatalError" && next?.isSymbol("(") == true)
        || (token.text == "try" && next?.isSpaced == false && next?.text.hasPrefix("!") == true)
}

func checkMemorySafety(_ source: Source) -> [Finding] {
    guard let target = source.target else { return [] }
    let tokens = source.tokens
    return tokens.indices.compactMap { index in
        let token = tokens[index]
        guard token.kind == .word else { return nil }
        if isTrap(token, before: index + 1 < tokens.count ? tokens[index + 1] : nil) {
            return Finding(.memorySafety, source.path, line: token.line, "`\(token.text)` traps: throw, or answer")
        }
        guard !mayBeUnsafe(target), isUnsafe(token, after: index > 0 ? tokens[index - 1] : nil) else { return nil }
        return Finding(.memorySafety, source.path, line: token.line, "`\(token.text)` belongs in CLibevent*")
    }
}

/// An open end is written as its marker and a name in parentheses, and the roadmap repeats it.
func checkOpenEnds(_ source: Source, roadmap: String) -> [Finding] {
    source.comments.compactMap { comment in
        let words = comment.text.split { !($0.isLetter || $0.isNumber || $0 == "(" || $0 == ")" || $0 == "-") }
        let markers = ["TODO", "FIXME", "XXX"]
        guard let word = words.first(where: { word in markers.contains { isMarker(word, $0) } }) else { return nil }
        let entry = word.prefix { $0 != ")" } + ")"
        guard !word.contains("(") || !roadmap.contains(entry) else { return nil }
        return Finding(.openEnds, source.path, line: comment.line, "`\(word)` has no entry in docs/roadmap.md")
    }
}

private func isMarker(_ word: Substring, _ marker: String) -> Bool {
    word == marker || word.hasPrefix(marker + "(")
}

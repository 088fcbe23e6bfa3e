// What a Swift source is made of, as far as the checks need it: tokens, comments and string literals with their lines.
// Not a grammar: `Lexer` makes these, `Outline` finds declarations among them.

/// A piece of code that is neither blank, comment, nor the text of a literal.
struct Token: Equatable {
    enum Kind {
        /// An identifier or keyword, with `#` or without.
        case word
        /// An operator, or one bracket, comma, colon, semicolon or at sign.
        case symbol
        /// A number, string, regular expression or quoted identifier; its text is not kept.
        case literal
    }

    var kind: Kind
    var text: String
    /// Line, from 1.
    var line: Int
    /// Whether white space or a line break stands before it.
    var isSpaced: Bool

    func isWord(_ text: String) -> Bool { kind == .word && self.text == text }
    func isSymbol(_ text: String) -> Bool { kind == .symbol && self.text == text }
}

/// One line of comment, with its slashes.
struct Comment: Equatable {
    /// Line, from 1.
    var line: Int
    var text: String
    /// Whether no code stands before it on its line.
    var isAlone: Bool

    /// Whether it is part of a documentation comment.
    var isDocumentation: Bool { text.hasPrefix("///") && !text.hasPrefix("////") }
}

/// A source file, taken apart.
struct Source {
    /// Path below the root of the repository.
    var path: String
    /// How many columns each line has, line 1 first.
    var columns: [Int] = []
    var tokens: [Token] = []
    var comments: [Comment] = []
    /// Lines of each string literal that spans several.
    var longLiterals: [ClosedRange<Int>] = []

    /// Reads the text of the file at `path`.
    init(_ text: String, path: String = "Sources/RelevoHTTP/Sample.swift") {
        self.path = path
        let bytes = Array(text.utf8)
        columns = Source.columns(of: bytes)
        var lexer = Lexer(bytes)
        lexer.readAll()
        tokens = lexer.tokens
        comments = lexer.comments
        longLiterals = lexer.longLiterals
    }

    /// The target that the file belongs to, if it is one of `Sources`.
    var target: String? {
        let parts = path.split(separator: "/")
        return parts.count > 2 && parts[0] == "Sources" ? String(parts[1]) : nil
    }

    /// Whether the file is a package manifest, whose first line is prescribed.
    var isManifest: Bool { path == "Package.swift" || path.hasSuffix("/Package.swift") }

    /// Scalars of each line: every byte counts that does not continue one.
    private static func columns(of bytes: [UInt8]) -> [Int] {
        var counts: [Int] = []
        var count = 0
        for byte in bytes {
            if byte == UInt8(ascii: "\n") {
                counts.append(count)
                count = 0
            } else if byte & 0xC0 != 0x80 {
                count += 1
            }
        }
        return count > 0 ? counts + [count] : counts
    }
}

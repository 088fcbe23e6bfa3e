// Splits Swift source text into tokens and comments, so that no check mistakes the text of a string or a comment for
// code. It knows nested comments, raw and multi-line strings, and code interpolated into them. Literals in
// `Lexer+Literals.swift`.

/// Reads one source file from its first byte to its last. Text that is not Swift gives tokens too, never a trap.
struct Lexer {
    /// A string whose interpolated code is being read.
    struct OpenString {
        var pounds: Int
        var isMultiline: Bool
        var firstLine: Int
        /// Parentheses open in the interpolated code.
        var depth = 0
    }

    let bytes: [UInt8]
    var position = 0
    var line = 1
    var openStrings: [OpenString] = []
    var tokens: [Token] = []
    var comments: [Comment] = []
    var longLiterals: [ClosedRange<Int>] = []
    private var isSpaced = true
    var lastTokenLine = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The byte at an offset from the position; 0 past the end.
    func byte(_ offset: Int = 0) -> UInt8 {
        position + offset < bytes.count ? bytes[position + offset] : 0
    }

    func isAt(_ character: Unicode.Scalar, _ offset: Int = 0) -> Bool { byte(offset) == UInt8(ascii: character) }

    mutating func readAll() {
        while position < bytes.count { readOne() }
    }

    mutating func emit(_ kind: Token.Kind, _ text: String, line first: Int? = nil) {
        tokens.append(Token(kind: kind, text: text, line: first ?? line, isSpaced: isSpaced))
        isSpaced = false
        lastTokenLine = line
    }

    private mutating func readOne() {
        switch byte() {
        case UInt8(ascii: "\n"):
            line += 1
            skip(1)
        case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"): skip(1)
        case UInt8(ascii: "/") where isAt("/", 1): readLineComment()
        case UInt8(ascii: "/") where isAt("*", 1): readBlockComment()
        case UInt8(ascii: "/") where startsRegex: readRegex(pounds: 0)
        case UInt8(ascii: "#"): readPound()
        case UInt8(ascii: "\""): readString(pounds: 0)
        case UInt8(ascii: "`"): readQuotedIdentifier()
        case let byte where Lexer.isWordByte(byte): readWord()
        default: readSymbol()
        }
    }

    private mutating func skip(_ count: Int) {
        position += count
        isSpaced = true
    }

    /// A letter, digit, underscore, dollar sign or part of a scalar outside ASCII.
    static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "$"), 0x80...0xFF: true
        default: false
        }
    }

    private static func isOperatorByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "*"), UInt8(ascii: "/"), UInt8(ascii: "<"): true
        case UInt8(ascii: "="), UInt8(ascii: ">"), UInt8(ascii: "!"), UInt8(ascii: "&"), UInt8(ascii: "|"): true
        case UInt8(ascii: "^"), UInt8(ascii: "~"), UInt8(ascii: "?"), UInt8(ascii: "%"): true
        default: false
        }
    }

    mutating func readWord() {
        let start = position
        let isNumber = byte() >= UInt8(ascii: "0") && byte() <= UInt8(ascii: "9")
        position += 1
        while Lexer.isWordByte(byte()) { position += 1 }
        emit(isNumber ? .literal : .word, isNumber ? "" : text(from: start))
    }

    /// A bracket or other single character, or the longest run of operator characters that holds no comment.
    private mutating func readSymbol() {
        let start = position
        position += 1
        if Lexer.isOperatorByte(bytes[start]) {
            while Lexer.isOperatorByte(byte()), !(isAt("/") && (isAt("/", 1) || isAt("*", 1))) { position += 1 }
        }
        emit(.symbol, text(from: start))
        if let open = openStrings.last { countParenthesis(bytes[start], in: open) }
    }

    /// Goes back to the text of a string when the parenthesis that ends its interpolated code has been read.
    private mutating func countParenthesis(_ byte: UInt8, in open: OpenString) {
        if byte == UInt8(ascii: "(") { openStrings[openStrings.count - 1].depth += 1 }
        guard byte == UInt8(ascii: ")") else { return }
        openStrings[openStrings.count - 1].depth -= 1
        if open.depth == 1 { continueString(openStrings.removeLast()) }
    }

    func text(from start: Int) -> String { String(decoding: bytes[start..<position], as: UTF8.self) }

    private mutating func readLineComment() {
        let start = position
        while position < bytes.count, !isAt("\n") { position += 1 }
        comments.append(Comment(line: line, text: text(from: start), isAlone: lastTokenLine != line))
    }

    private mutating func readBlockComment() {
        let isAlone = lastTokenLine != line
        var start = position
        var depth = 0
        repeat {
            if isAt("/"), isAt("*", 1) {
                depth += 1
                position += 2
            } else if isAt("*"), isAt("/", 1) {
                depth -= 1
                position += 2
            } else if isAt("\n") {
                comments.append(Comment(line: line, text: text(from: start), isAlone: isAlone))
                line += 1
                position += 1
                start = position
            } else {
                position += 1
            }
        } while depth > 0 && position < bytes.count
        comments.append(Comment(line: line, text: text(from: start), isAlone: isAlone))
        isSpaced = true
    }
}

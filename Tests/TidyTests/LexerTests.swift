// The lexer must never take text for code or code for text: otherwise every other check can be led astray.
// Declarations are tested in `OutlineTests.swift`.

import Testing

@Suite("Text, comments and code are told apart")
struct LexerTests {
    private func words(_ text: String) -> [String] {
        Source(text).tokens.filter { $0.kind == .word }.map(\.text)
    }

    @Test(
        "Text that looks like code gives no words",
        arguments: [
            "\"let a = 1\"", "\"\\\" let a\"", "#\"let \"quoted\" \\(a)\"#", "\"\"\"\nlet a\n\"let\" b\n\"\"\"",
            "##\"\"\"\nlet \"# \"\"\" \\#(a)\n\"\"\"##", "/let a/", "#/let \"a/#", "`let`", "// let a",
            "/* let /* a */ b */",
            "\"a\\\\\"", "\"\"", "\"\"\"\n\"\"\"", "0xFFlet", "\"unterminated let",
        ])
    func passesOverText(_ text: String) {
        #expect(words(text) == [])
    }

    @Test("Code interpolated into a string is code, strings within it are text again")
    func readsInterpolatedCode() {
        #expect(words("\"a \\(first(\"x \\(second) y\")) b\" + third") == ["first", "second", "third"])
        #expect(words("#\"a \\(no) \\#(yes) b\"# + after") == ["yes", "after"])
        #expect(words("\"\"\"\n  \\(inner { $0 })\n  text\n  \"\"\" + after") == ["inner", "$0", "after"])
    }

    @Test("Division is not the start of a regular expression")
    func dividesWithoutRegex() {
        #expect(words("a / b + c / d") == ["a", "b", "c", "d"])
        #expect(words("reduce(1, /)") == ["reduce"])
        #expect(words("f(a)/g/h") == ["f", "a", "g", "h"])
    }

    @Test("Lines are counted through strings, comments and line breaks in code")
    func countsLines() {
        let source = Source("a\n/* x\ny */ b\n\"\"\"\nt\n\"\"\"\nc // last")
        #expect(source.tokens.filter { $0.kind == .word }.map(\.line) == [1, 3, 7])
        #expect(source.longLiterals == [4...6])
        #expect(source.comments.map(\.line) == [2, 3, 7])
        #expect(source.comments.map(\.isAlone) == [true, true, false])
    }

    @Test("A comment ends an operator, and three slashes make documentation but four do not")
    func tellsCommentsApart() {
        #expect(Source("a +// b").comments.map(\.text) == ["// b"])
        #expect(Source("/// a\n//// b\n// c").comments.map(\.isDocumentation) == [true, false, false])
    }

    @Test(
        "Text that is not Swift is read to its end",
        arguments: [
            "\"\"\"", "#", "##", "\"\\(", "\"\\", "/*", "#/", "`", ")}])", "\u{0}", "\"\\(a))))\"", "#\"\\#(",
            "/* /* */", "/",
        ])
    func survivesAnything(_ text: String) {
        _ = Outline(Source(text))
        _ = inspect(text, path: "Sources/RelevoHTTP/Sample.swift")
    }

    @Test("Columns are scalars, not bytes")
    func countsColumns() {
        #expect(Source("aé→\n\n😀").columns == [3, 0, 1])
    }
}

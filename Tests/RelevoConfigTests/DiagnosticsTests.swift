// How problems are shown, and how near words are found.
// Which problems there are is tested by file.

import RelevoPolicy
import Testing

@testable import RelevoConfig

@Suite("Diagnostics")
struct DiagnosticsTests {
    private func render(_ text: String?, line: Int, column: Int, cure: String? = nil) -> String {
        let location = RelevoPolicy.SourceLocation(file: "f", line: line, column: column)
        return ConfigurationDiagnostics.render(
            [ConfigurationProblem("wrong", suggestion: cure, location: location)], text: text)
    }

    @Test("A problem with a place shows its line, a caret and the cure")
    func block() {
        #expect(
            render("a: 1\nbb: cc dd\n", line: 2, column: 5, cure: "so") == """
                f:2:5: error: wrong
                  2 | bb: cc dd
                    |     ^~
                    = so
                """)
    }

    @Test("A problem without a place is one line, and one for its cure")
    func noPlace() {
        let problem = ConfigurationProblem("no listeners", suggestion: "add one")
        #expect(ConfigurationDiagnostics.render([problem], text: "a: 1") == "error: no listeners\n  = add one")
    }

    @Test("Several problems follow one another; no problems are an empty text")
    func several() {
        let problems = [ConfigurationProblem("one"), ConfigurationProblem("two")]
        #expect(ConfigurationDiagnostics.render(problems, text: nil) == "error: one\nerror: two")
        #expect(ConfigurationDiagnostics.render([], text: "a").isEmpty)
    }

    @Test(
        "A place outside the text shows no line that is not there",
        arguments: [
            (0, 0), (-5, 3), (9, 1), (Int.max, Int.max), (Int.min, Int.min),
        ])
    func outside(line: Int, column: Int) {
        #expect(render("a: 1", line: line, column: column) == "f:\(line):\(column): error: wrong")
        #expect(render(nil, line: line, column: column) == "f:\(line):\(column): error: wrong")
    }

    @Test("A column outside its line puts the caret at the nearest end", arguments: [Int.min, 0, 1])
    func columnBefore(column: Int) {
        #expect(render("ab", line: 1, column: column).hasSuffix("    | ^~"))
    }

    @Test("A column behind its line puts the caret behind the last character")
    func columnBehind() {
        #expect(render("ab", line: 1, column: Int.max).hasSuffix("    |   ^"))
    }

    @Test("Characters that command a terminal are not passed on")
    func controlCharacters() {
        let shown = render("a: \u{1B}[31m\u{202E}x\tb\u{7F}", line: 1, column: 1)
        #expect(!shown.unicodeScalars.contains { $0 == "\u{1B}" || $0 == "\u{202E}" || $0 == "\t" || $0 == "\u{7F}" })
        #expect("\u{1B}[2J".quoted == "`\u{FFFD}[2J`")
    }

    @Test("Of a long line the part around the caret is shown", arguments: [1, 2, 499, 500, 501, 999, 1000])
    func longLine(column: Int) throws {
        var text = Array(repeating: Character("x"), count: 1000)
        text[column - 1] = "y"
        let lines = render("k: 1\n" + String(text), line: 2, column: column).split(separator: "\n")
        #expect(lines[1].count < 120)
        let caret = try #require(Array(lines[2]).firstIndex(of: "^"))
        #expect(Array(lines[1])[caret] == "y")
    }

    @Test(
        "The underlined word ends where YAML ends it",
        arguments: [
            ("a.b: c", 1, 3), ("10.0.0.1:80, x", 1, 11), ("[a]", 2, 1), ("{ a: b}", 6, 1), ("\"a b\" c", 1, 5),
            ("'it''s'", 1, 4), ("\"a\\\" b\"", 1, 7), ("\"open", 1, 5), ("${A}:80 x", 1, 7), ("[::1]:80", 1, 8),
            ("[a, b]", 1, 1), ("a", 2, 1), ("", 1, 1),
        ])
    func words(line: String, column: Int, expected: Int) {
        #expect(SourceText.wordLength(in: ArraySlice(line.unicodeScalars), column: column) == expected)
    }

    @Test(
        "A slip in a word is found, a different word is not",
        arguments: [
            ("timeout", "timeouts"), ("lisetners", "listeners"), ("DOMAINS", "domains"), ("acess_log", "access_log"),
            ("worker", "workers"), ("clusters2", "clusters"),
        ])
    func nearWords(word: String, meant: String) {
        #expect(Section.closest(to: word, among: Section.root.keys) == meant)
    }

    @Test(
        "A word that is like none has no near word",
        arguments: [
            "", "x", "server", "上流", String(repeating: "listeners", count: 9),
        ])
    func farWords(word: String) {
        #expect(Section.closest(to: word, among: Section.root.keys) == nil)
    }
}

// Words of the workshop are found wherever they stand, the field's own uses of them are not.
// The words are put together from halves here as well, because this file is checked too.

import Testing

@Suite("The repository speaks of the product alone")
struct VocabularyTests {
    private static let word = "ses" + "sion"

    private func lines(_ text: String) -> [Int] { checkVocabulary(text, path: "docs/a.md").map(\.line) }

    @Test(
        "A word of the workshop is found in prose, comments and strings",
        arguments: [
            "In this \(word) we", "\(word.uppercased())S end.", "(a \(word))", "// the next \(word)", "`\(word)`",
            "a\n\(word)\n",
            "The " + "lead decides", "see iss" + "ue #12", "a hel" + "per did it", "cd /wo" + "rk/main",
            "/ro" + "ot/.cache",
        ])
    func findsWords(_ text: String) {
        #expect(lines(text).count == 1)
    }

    @Test(
        "Terms of the field, code and field values that contain it are left alone",
        arguments: [
            "a TLS \(word)", "\(word) tickets", "sticky \(word)s", "Cookie: \(word)=1", "URL\(word)",
            "\(word)s.count",
            "obsess" + "ion", "the " + "leading zero", "issue tracker", "X-\(word)", "?\(word)=a", "art/wo" + "rk/a",
        ])
    func acceptsTerms(_ text: String) {
        #expect(lines(text) == [])
    }

    @Test("The line of each is named, and binary files are passed over")
    func namesLines() {
        #expect(lines("a\nb \(Self.word)\n\n\(Self.word) c") == [2, 4])
        #expect(lines("\u{0} \(Self.word)") == [])
    }

    @Test("In a text that is not Swift, a reason on the line lifts what it says")
    func liftsInTexts() {
        #expect(inspectText("a \(Self.word) <!-- tidy: a quotation -->\n", path: "docs/a.md") == [])
        #expect(inspectText("a \(Self.word)\n", path: "docs/a.md").count == 1)
    }

    @Test("In a Swift source the usual comment lifts it")
    func liftsInSources() {
        #expect(broken("// a \(Self.word)\n") == [.vocabulary])
        #expect(broken("// tidy: a quotation\n// a \(Self.word)\n") == [])
    }
}

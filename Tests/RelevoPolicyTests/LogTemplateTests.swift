// Templates of access log lines: which texts are some, and what is said about the others.
// What is written by them: TemplateLineTests.

@testable import RelevoPolicy
import Testing

@Suite struct LogTemplateTests {
    @Test("text stays text, names become fields, and a brace that is written twice is one")
    func pieces() throws {
        let template = try LogTemplate("a {client}{{{status}}}\t{header:X-A}")
        #expect(
            template.pieces == [
                .text(Array("a ".utf8)), .field(Array("client".utf8)), .text(Array("{".utf8)),
                .field(Array("status".utf8)), .text(Array("}\t".utf8)), .header("x-a"),
            ])
        #expect(template.description == "a {client}{{{status}}}\t{header:X-A}")
    }

    @Test(
        "whoever errs is told how",
        arguments: [
            ("{statsu}", "there is no field `statsu`", "did you mean `status`?"),
            ("{client", "a `{` is not closed", "`{{` is a brace"),
            ("client}", "a `}` has no `{` before it", "`}}` is a brace"),
            ("nothing", "it names no field", "for example `{client} {status}`"),
            ("", "it names no field", "for example `{client} {status}`"),
            ("{header:}", "`{header:}` names no header", "for example `{header:user-agent}`"),
            ("{header:a b}", "`{header:a b}` names no header", "for example `{header:user-agent}`"),
            ("{client}\n", "it has a character that would break lines", "a line ends by itself"),
        ])
    func errors(_ text: String, _ words: String, _ cure: String) {
        #expect(throws: LogTemplateError(description: words, suggestion: cure)) { try LogTemplate(text) }
    }

    @Test("a text of any length is read in little time, or refused")
    func long() {
        #expect(throws: LogTemplateError.self) { try LogTemplate(String(repeating: "{client}", count: 513)) }
        #expect(throws: Never.self) { try LogTemplate(String(repeating: "{client}", count: 512)) }
        #expect(throws: LogTemplateError.self) { try LogTemplate("{" + String(repeating: "x", count: 4000) + "}") }
    }
}

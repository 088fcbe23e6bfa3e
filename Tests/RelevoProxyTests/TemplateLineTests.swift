// Lines by a template, from lines of JSON.
// Which templates there are: LogTemplateTests.

import RelevoPolicy
@testable import RelevoProxy
import Testing

@Suite struct TemplateLineTests {
    private func line(_ template: String, _ object: String) throws -> String {
        var output: [UInt8] = []
        TemplateLine.append(try LogTemplate(template), Array(object.utf8), to: &output) { name in
            name == "x-empty" ? [] : name == "x-odd" ? Array("a\r\n\"\u{1b}é".utf8)[...] : nil
        }
        return String(decoding: output, as: UTF8.self)
    }

    @Test("values are those of the JSON line, without the quotes around them; what is not there is a dash")
    func values() throws {
        let object =
            #"{"client":"192.0.2.1","status":200,"target":"/\"\\","failed_attempts":[{"ms":1.5},{}],"host":""}"#
        #expect(try line("{client} {status} {code} {host}|", object) == "192.0.2.1 200 - -|\n")
        #expect(try line("{target}", object) == #"/\"\\"# + "\n")
        #expect(try line("{failed_attempts}", object) == #"[{"ms":1.5},{}]"# + "\n")
        #expect(
            try line("{header:X-Odd} {header:x-empty} {header:x-none}", object).hasPrefix(#"a\u000d\u000a\"\u001b"#))
        #expect(try line("{header:x-odd} {header:x-empty} {header:x-none}", object).hasSuffix(" - -\n"))
    }

    @Test("a line that is cut off anywhere does no harm")
    func cut() throws {
        let object = #"{"client":"q\"x","failed_attempts":[{"endpoint":"a"}],"status":1}"#
        for count in 0...object.count {
            let output = try line("{client}{failed_attempts}{status}", String(object.prefix(count)))
            #expect(output.hasSuffix("\n"))
        }
    }
}

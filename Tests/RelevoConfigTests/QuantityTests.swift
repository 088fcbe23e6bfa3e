// Times, sizes, numbers and variables as they are written in files: what is read,
// and what is refused.

import RelevoPolicy
import Testing

@testable import RelevoConfig

@Suite("Quantities")
struct QuantityTests {
    @Test(
        "A time is a whole number with one unit",
        arguments: [
            ("1ms", Duration.milliseconds(1)), ("250ms", .milliseconds(250)), ("5s", .seconds(5)), ("1m", .seconds(60)),
            ("2h", .seconds(7200)), ("24h", .seconds(86_400)), ("5 s", .seconds(5)), ("0010s", .seconds(10)),
        ])
    func goodTime(text: String, expected: Duration) throws {
        #expect(try DurationText.parse(text, for: "`head`") == expected)
    }

    @Test(
        "A time without unit, below one millisecond, above 24 hours or in another form is refused",
        arguments: [
            "", "5", "0", "0s", "0ms", "-1s", "+1s", "1.5s", "1m30s", "5S", "5sec", "25h", "86401s", "s", "٥s", "1e3s",
            "99999999999999999999h", "5s5", "0x5s", " 5s",
        ])
    func badTime(text: String) {
        #expect(throws: QuantityError.self) { try DurationText.parse(text, for: "`head`") }
    }

    @Test(
        "A size counts bytes, in units of 1024 or 1000",
        arguments: [
            ("0", 0), ("512", 512), ("512B", 512), ("32KiB", 32_768), ("1MiB", 1_048_576), ("2GiB", 1 << 31),
            ("10MB", 10_000_000), ("1KB", 1000), ("3GB", 3_000_000_000),
        ])
    func goodSize(text: String, expected: Int) throws {
        #expect(try SizeText.parse(text, for: "`head_bytes`") == expected)
    }

    @Test(
        "A size with a sign, a fraction, an unknown unit or too many digits is refused",
        arguments: [
            "", "-1", "+1", "1.5KiB", "32kib", "32K", "32KiBs", "KiB", "0x20", "99999999999999999999", "9999999999GiB",
        ])
    func badSize(text: String) {
        #expect(throws: QuantityError.self) { try SizeText.parse(text, for: "`head_bytes`") }
    }

    @Test("What is written of a quantity reads back as the same quantity")
    func quantitiesReadBack() throws {
        for milliseconds in [1, 999, 1000, 1001, 60_000, 61_000, 3_600_000, 5_400_000, 86_400_000] {
            let text = DurationText.write(.milliseconds(milliseconds))
            #expect(try DurationText.parse(text, for: "") == .milliseconds(milliseconds))
        }
        for bytes in [0, 1, 1023, 1024, 1025, 1 << 20, 3 << 30, 10_000_000] {
            #expect(try SizeText.parse(SizeText.write(bytes), for: "") == bytes)
        }
    }

    @Test(
        "A number out of its bounds is refused with the bounds",
        arguments: [
            ("workers: 0", "write 1 to 256"), ("workers: 257", "write 1 to 256"),
            ("limits: { fields: 10001 }", "write 8 to 10000"), ("limits: { head_bytes: 511 }", "write 512 to 1MiB"),
            ("limits: { head_bytes: 1025KiB }", "write 512 to 1MiB"),
            ("limits: { connections: 0 }", "write 1 to 10000000"),
        ])
    func outOfBounds(lines: String, cure: String) {
        #expect(problems(settings(lines)).count == 1)
        #expect(problems(settings(lines)).first?.hasSuffix("(\(cure))") == true)
    }

    @Test(
        "A number is written in digits alone",
        arguments: [
            "-1", "+4", "4.0", "0x4", "1_000", "four", "99999999999999999999",
        ])
    func badNumber(text: String) {
        #expect(
            problems(settings("workers: \(text)")) == [
                "relevo.yaml:3:10: `workers` wants a whole number or `auto`, found `\(text)` (write 1 to 256)"
            ])
    }
}

@Suite("Variables")
struct VariableTests {
    private func expand(_ text: String) -> VariableExpansion {
        VariableExpansion(text, environment: ["A": "1", "LONG_name2": "x y", "EMPTY": "", "SLY": "${A}", "_": "u"])
    }

    @Test(
        "A reference becomes the variable's value, a default stands in for none and for an empty one",
        arguments: [
            ("plain", "plain"), ("${A}", "1"), ("<${A}${LONG_name2}>", "<1x y>"), ("${EMPTY}", ""),
            ("${EMPTY:-d}", "d"),
            ("${NO:-}", ""), ("${NO:-a:b-c $1}", "a:b-c $1"), ("${A:-d}", "1"), ("${_}", "u"),
        ])
    func expansion(text: String, expected: String) {
        #expect(expand(text).text == expected)
        #expect(expand(text).failures.isEmpty)
    }

    @Test(
        "A dollar sign that begins no reference stays, a doubled one becomes one",
        arguments: [
            ("$", "$"), ("$A", "$A"), ("a$b$", "a$b$"), ("$$", "$"), ("$${A}", "${A}"), ("$$$$", "$$"),
            ("$$${A}", "$1"),
        ])
    func dollars(text: String, expected: String) {
        #expect(expand(text).text == expected)
        #expect(expand(text).failures.isEmpty)
    }

    @Test("A value with a character that no file may have is a failure")
    func reservedValue() {
        let expansion = VariableExpansion("${A}", environment: ["A": "x\u{E000}"])
        #expect(expansion.failures.map(\.failure) == [.reservedCharacter(name: "A")])
    }

    @Test("The value of a variable is not expanded again")
    func noSecondExpansion() {
        #expect(expand("${SLY}").text == "${A}")
    }

    @Test(
        "A reference without value, name or end is a failure",
        arguments: [
            ("${NO}", VariableExpansion.Failure.unset(name: "NO")), ("${}", .badName("")), ("${1A}", .badName("1A")),
            ("${A B}", .badName("A B")), ("${A-d}", .badName("A-d")), ("${A:d}", .badName("A:d")), ("${", .unclosed),
            ("${A", .unclosed), ("${NO:-${A}}", .nested), ("${Ä}", .badName("Ä")),
        ])
    func failures(text: String, expected: VariableExpansion.Failure) {
        #expect(expand(text).failures.map(\.failure) == [expected])
    }

    @Test("A variable cannot add keys or items, whatever it contains")
    func noInjection() throws {
        let text = "listeners: [\"${ADDRESS}\"]\ndomains: { a.example: [10.0.0.1] }"
        let value = "0.0.0.0:80\", \"0.0.0.0:81\"]\nworkers: 7\n#"
        let configuration = try load(text, ["ADDRESS": value]).configuration
        #expect(configuration.listeners.map(\.address) == [value])
        #expect(configuration.workers == nil)
    }

    @Test("Two keys that become equal by their variables are a duplicate")
    func duplicateByExpansion() {
        let text = "listeners: [a:1]\ndomains:\n  ${X}: [a]\n  ${Y}: [b]\n"
        #expect(
            problems(text, ["X": "h", "Y": "h"]) == [
                "relevo.yaml:4:3: `h` is written twice (the first is on line 3)"
            ])
    }
}

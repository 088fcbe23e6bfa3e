// Texts made to hurt: bombs, towers, forbidden characters, random damage. A file may be refused, it may never bring
// the process down or take long.

import RelevoConfig
import RelevoPolicy
import Testing

@Suite("Hostile texts")
struct HostileTextTests {
    /// A generator that gives the same numbers in every run (SplitMix64).
    struct SeededGenerator: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var value = state
            value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
            value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
            return value ^ (value >> 31)
        }
    }

    @Test("1,000 random mutations of a valid file are loaded or refused with problems, never more than that")
    func mutations() {
        var generator = SeededGenerator(state: 20_260_401)
        let originals = [SampleFile.full, SampleFile.settings, SampleFile.full + SampleFile.odd].map {
            Array($0.unicodeScalars)
        }
        let alphabet = Array("[]{}:,-*&!?|>#'\"%@`$\\ \n\t\r~<.0aé\u{E000}\u{E001}\u{0}\u{85}\u{FEFF}".unicodeScalars)
        for _ in 0..<1000 {
            var scalars = originals[Int.random(in: 0..<originals.count, using: &generator)]
            for _ in 0..<Int.random(in: 1...8, using: &generator) where !scalars.isEmpty {
                mutate(&scalars, alphabet, &generator)
            }
            let text = String(String.UnicodeScalarView(scalars))
            do {
                let loaded = try load(text)
                #expect((try? load(loaded.effectiveYAML()).configuration.unlocated) == loaded.configuration.unlocated)
            } catch {
                #expect(!error.problems.isEmpty)
                #expect(!error.rendered().isEmpty)
            }
        }
    }

    private func mutate(
        _ scalars: inout [Unicode.Scalar], _ alphabet: [Unicode.Scalar], _ generator: inout SeededGenerator
    ) {
        let start = Int.random(in: 0..<scalars.count, using: &generator)
        let end = min(scalars.count, start + Int.random(in: 1...12, using: &generator))
        let scalar = alphabet[Int.random(in: 0..<alphabet.count, using: &generator)]
        switch Int.random(in: 0..<5, using: &generator) {
        case 0: scalars[start] = scalar
        case 1: scalars.insert(scalar, at: start)
        case 2: scalars.removeSubrange(start..<end)
        case 3:
            let target = Int.random(in: 0..<scalars.count, using: &generator)
            scalars.insert(contentsOf: scalars[start..<end], at: target)
        default: scalars.swapAt(start, Int.random(in: 0..<scalars.count, using: &generator))
        }
    }

    @Test("Every beginning of a valid file is loaded or refused with problems")
    func truncations() {
        let scalars = Array(SampleFile.full.unicodeScalars)
        for length in 0..<scalars.count {
            do {
                _ = try load(String(String.UnicodeScalarView(scalars.prefix(length))))
            } catch {
                #expect(!error.rendered().isEmpty)
            }
        }
    }

    @Test(
        "A tower of lists, maps or keys is refused",
        arguments: [
            "[", "- ", "{a: ", "? ", "[{a: [", "{? ", "- ? - ",
        ], [100, 999, 10_000])
    func towers(step: String, count: Int) {
        #expect(!problems(String(repeating: step, count: count)).isEmpty)
        #expect(!problems("domains: " + String(repeating: step, count: count) + "x").isEmpty)
    }

    @Test("Aliases that would build a tower by steps are refused")
    func aliasTower() {
        var text = "a0: &a0 x\n"
        for step in 1...2000 { text += "a\(step): &a\(step) [[[[[[[[[[[[[*a\(step - 1)]]]]]]]]]]]]]\n" }
        #expect(problems(text).contains { $0.contains("levels deep") })
    }

    @Test("An alias inside its own anchor is refused")
    func selfReference() {
        #expect(problems("domains: &d { a.example: *d }").contains { $0.contains("no anchor `&d`") })
    }

    @Test("Aliases as keys, which a library would have to hash, are refused without following them")
    func aliasKeys() {
        var text = "a0: &a0 [x, x]\n"
        for step in 1...40 { text += "a\(step): &a\(step) [*a\(step - 1), *a\(step - 1)]\n" }
        #expect(!problems(text + "z: { *a40 : 1, ? [*a40, *a40] : 2, [*a40]: 3 }\n").isEmpty)
    }

    @Test("Many duplicate keys of every kind are reported, and end")
    func duplicates() {
        let text = settings(String(repeating: "workers: 1\n", count: 20))
        #expect(problems(text).count == 19)
        #expect(!problems(settings(String(repeating: "workers: 1\n", count: 500))).isEmpty)
        let keys = [
            "\"a b\"", "''", "[a]", "&x a", "{a: b}", "\"\\x41\"", "é", "- a", "*a ", "!!int 5", "", "🙂", "<<", "?",
        ]
        for key in keys {
            #expect(!problems("\(key): 1\n\(key): 2\n").isEmpty, "\(key)")
        }
    }

    @Test(
        "Characters that YAML forbids are refused at their place",
        arguments: [
            ("\u{0}", "U+0000"), ("\u{1B}", "U+001B"), ("\u{7F}", "U+007F"), ("\u{9F}", "U+009F"),
            ("\u{FFFF}", "U+FFFF"), ("\u{E000}", "U+E000"),
        ])
    func characters(character: String, name: String) {
        #expect(problems("a: b\nc: d\(character)\n") == ["relevo.yaml:2:5: the character \(name) is not accepted"])
    }

    @Test("Escapes for characters that are used inside are refused", arguments: ["\\uE000", "\\ue0ff", "\\U0000E001"])
    func reservedEscapes(escape: String) {
        #expect(problems("a: \"\(escape)\"") == ["relevo.yaml:1:5: an escaped private-use character is not accepted"])
    }

    @Test("A star inside a text is a star", arguments: ["a*b", "\"*\"", "'**'", "\"* [*x] \\\\*\""])
    func stars(text: String) throws {
        let loaded = try load("listeners: [a:1]\ndomains: { a.example: { respond: { body: \(text) } } }")
        let expected = text.replacing("\"", with: "").replacing("'", with: "").replacing("\\\\", with: "\\")
        #expect(loaded.configuration.domains[0].routes[0].action == .respond(status: 200, body: expected))
    }

    @Test(
        "A configuration that is not a map is refused",
        arguments: [
            "a", "[a]", "\"\"", "---\n", "- a\n- b", "| \n a", "~", "%YAML 1.1\n---\n", "# only a comment",
        ])
    func noMap(text: String) {
        #expect(problems(text).count == 1)
    }

    @Test("Ten thousand domains load in one go")
    func manyDomains() throws {
        let lines = (0..<10_000).map { "  d\($0).example: [10.0.0.1, \"[::1]:80\"]" }
        let loaded = try load("listeners: [a:1]\ndomains:\n" + lines.joined(separator: "\n"))
        #expect(loaded.configuration.domains.count == 10_000)
        #expect(loaded.configuration.domains.last?.name == "d9999.example")
    }
}

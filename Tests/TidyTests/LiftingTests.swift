// The comment that lifts a finding lifts one, where it stands, and is itself a finding once it has nothing to lift.
// The rules are tested in `RulesTests.swift`, words of the workshop in `VocabularyTests.swift`.

import Testing

@Suite("A comment with a reason lifts one finding")
struct LiftingTests {
    private let six = "a: A, b: A, c: A, d: A, e: A, f: A"

    @Test("It stands on the line of the declaration, at its opening brace, or alone on the line above")
    func liftsAtDeclaration() {
        #expect(broken("func f(\(six)) { }  // tidy: a table row") == [])
        #expect(broken("func f(\n    \(six)\n) {  // tidy: a table row\n}") == [])
        #expect(broken("// tidy: a table row\nfunc f(\(six)) { }") == [])
        #expect(broken("func f() {  // tidy: one step after another\n" + statements(60) + "}") == [])
        #expect(broken("func f() {\n if a {\n if b {\n if c {\n if d {  // tidy: why\n e()\n }\n }\n }\n }\n}") == [])
    }

    @Test(
        "It lifts nothing from elsewhere",
        arguments: [
            "// tidy: a row\n\nfunc f(A) { }", "let a = 1  // tidy: a row\nfunc f(A) { }",
            "func f(A) { }\n// tidy: a row",
            "func f(A) {\n    b()  // tidy: a row\n}", "/// tidy: a row\nfunc f(A) { }",
            "func f(A) { }  // untidy: a row",
        ])
    func liftsNothingElsewhere(_ text: String) {
        #expect(broken(text.replacing("A", with: six)).contains(.parameters))
    }

    @Test("It lifts one finding of two; the other stays")
    func liftsOne() {
        let long = "func f(\(six)) {  // tidy: a reason\n" + statements(60) + "}"
        #expect(broken(long).count == 1)
        #expect(broken("// tidy: another reason\n" + long) == [])
    }

    @Test("With the name of a rule it lifts that rule's finding only")
    func liftsNamedRule() {
        let long = "func f(\(six)) {  // tidy: parameters: a row\n" + statements(60) + "}"
        #expect(broken(long) == [.functionLength])
        #expect(broken("func f(\(six)) { }  // tidy: nesting: a row") == [.parameters, .lifting])
    }

    @Test("Without a reason, or without a finding, it is a finding itself")
    func findsIdleComments() {
        #expect(broken("func f(\(six)) { }  // tidy:") == [.parameters, .lifting])
        #expect(broken("func f() { }  // tidy: no longer true") == [.lifting])
    }

    @Test("A long line is lifted from above; lines of one string literal share a comment there")
    func liftsLines() {
        #expect(broken("// tidy: an exact output\n" + longLine) == [])
        #expect(
            broken("// tidy: an exact output\nlet a = \"\"\"\n    \(longLine)\n    \(longLine)\n    \"\"\"\n") == [])
    }

    @Test("A table of cases without documentation is lifted by one comment above it")
    func liftsTables() {
        #expect(
            broken("/// A.\npublic enum A {\n    // tidy: the names of a register\n    case b\n    case c\n}\n") == [])
    }

    @Test("A long file, and a header of another size, are lifted from the header")
    func liftsFileLength() {
        #expect(inspect("// A.\n// tidy: one line says it all\nlet a = 1\n", path: "Sources/RelevoHTTP/A.swift") == [])
        let text = "// A table.\n// Not for code.\n// tidy: generated from the register\n"
        #expect(inspect(text + String(repeating: "\n", count: 500), path: "Sources/RelevoHTTP/A.swift") == [])
    }
}

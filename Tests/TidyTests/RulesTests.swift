// Every rule must be able to fail, and must not fail beside its mark. Inline sources only.
// The comments that lift findings are tested in `LiftingTests.swift`.

import Testing

@Suite("Each rule finds what it is for")
struct RulesTests {
    @Test("A source that keeps every rule gives no finding")
    func acceptsGoodSource() {
        #expect(
            broken("/// A thing.\npublic struct Thing {\n    /// Its size, in bytes.\n    public var size = 1\n}\n")
                == [])
    }

    @Test("A file past 400 lines is found, one of 400 is not")
    func findsLongFiles() {
        #expect(broken(String(repeating: "\n", count: 398)) == [])
        #expect(broken(String(repeating: "\n", count: 399)) == [.fileLength])
    }

    @Test(
        "A function past 60 lines is found, and so are an initialiser, a subscript and a computed property",
        arguments: [
            "func f() {", "init() {", "subscript(a: Int) -> Int {", "var a: Int {", "deinit {",
        ])
    func findsLongFunctions(_ opening: String) {
        #expect(broken("struct S {\n" + opening + "\n" + statements(58) + "}\n}") == [])
        #expect(broken("struct S {\n" + opening + "\n" + statements(59) + "}\n}") == [.functionLength])
    }

    @Test("A long table is no function")
    func acceptsTables() {
        #expect(broken("let table = [\n" + String(repeating: "    1,\n", count: 80) + "]\n") == [])
    }

    @Test("A line past 120 columns is found, in code, comments and strings alike")
    func findsLongLines() {
        #expect(broken(String(longLine.dropLast(2)) + "\"") == [])
        #expect(broken(longLine) == [.lineLength])
        #expect(broken("// " + longLine) == [.lineLength])
        #expect(broken("let a = \"\"\"\n    \(longLine)\n    \(longLine)\n    \"\"\"\n").count == 1)
    }

    @Test("A sixth parameter is found")
    func findsManyParameters() {
        #expect(broken("func f(a: A, b: A, c: A, d: A, e: A) { }") == [])
        #expect(broken("func f(a: A, b: A, c: A, d: A, e: A, f: A) { }") == [.parameters])
    }

    @Test("A fourth level of nesting is found once, where it begins")
    func findsDeepNesting() {
        let levels = "func f() {\n if a {\n if b {\n if c {\n d()\n"
        #expect(broken(levels + "}}}\n}") == [])
        let found = findings(levels + "if d {\n e()\n if f {\n g()\n }\n}\n if h {\n i()\n }\n}}}\n}")
        #expect(found.map(\.rule) == [.nesting])
        #expect(found.map(\.line) == [8])
    }

    @Test(
        "A header is two to five lines at the very top",
        arguments: [
            ("// a\n// b\nlet c = 1", 0), ("// a\n// b\n// c\n// d\n// e\n\n// f\nlet c = 1", 0),
            ("// a\nlet c = 1", 1),
            ("let c = 1", 1), ("\n// a\n// b\nlet c = 1", 1), ("/// a\n/// b\nlet c = 1", 1),
            ("let c = 1 // a\n// b", 1),
            ("// a\n// b\n// c\n// d\n// e\n// f\nlet c = 1", 1), ("", 0),
        ])
    func checksHeaders(_ text: String, _ count: Int) {
        let found = inspect(text, path: "Sources/RelevoHTTP/A.swift").map(\.rule)
        #expect(found == Array(repeating: .header, count: count))
    }

    @Test("A manifest begins as the package manager prescribes")
    func acceptsManifests() {
        #expect(inspect("// swift-tools-version: 6.2\nimport PackageDescription\n", path: "Package.swift") == [])
    }

    @Test(
        "A target imports what the table allows and nothing else",
        arguments: [
            ("RelevoHTTP", "import Glibc", 1), ("RelevoHTTP", "public import Foundation", 1),
            ("RelevoPolicy", "import RelevoHTTP", 0), ("RelevoPolicy", "import Synchronization", 0),
            ("RelevoPolicy", "@testable import RelevoProxy", 1), ("RelevoProxy", "package import CLibevent", 0),
            ("RelevoProxy", "import struct Foundation.Data", 1), ("RelevoConfig", "import Yams", 0),
            ("RelevoConfig", "import Foundation", 1), ("CLibevent", "import RelevoHTTP", 1),
            ("CLibevent", "import CEvent2", 0),
            ("Unheard", "import Glibc", 1), ("RelevoCLI", "import Foundation", 0),
        ])
    func checksImports(_ target: String, _ line: String, _ count: Int) {
        #expect(broken(line, path: "Sources/\(target)/A.swift") == Array(repeating: .imports, count: count))
    }

    @Test("Tests import what they like")
    func acceptsImportsOfTests() {
        #expect(broken("import Foundation", path: "Tests/RelevoHTTPTests/A.swift") == [])
    }

    @Test(
        "A visible declaration without documentation is found",
        arguments: [
            "public func a() { }", "package let a = 1", "public init() { }",
            "public static func == (a: A, b: A) -> Bool { true }",
            "// a\npublic var a: Int { 1 }", "/// a\n\npublic struct A { }", "@inlinable\npublic func a() { }",
            "/// A.\npublic enum A {\n    case b\n}", "/// A.\npackage protocol A {\n    func b()\n}",
            "public typealias A = B",
            "/// A.\nlet b = 1\npackage extension C { }", "public final class A { }", "public actor A { }",
            "/// a\nfunc b() { }\npublic func c() { }", "package nonisolated(unsafe) static let a = 1",
        ])
    func findsUndocumented(_ text: String) {
        #expect(broken(text, path: "Sources/CLibevent/A.swift") == [.documentation])
    }

    @Test("Undocumented declarations on lines that follow each other share a finding, which names them all")
    func gathersUndocumented() {
        let found = findings("/// A.\npublic enum A {\n    case b, c\n    case d\n\n    case e\n}\n")
        #expect(found.map(\.line) == [5, 8])
        #expect(found.first?.message.hasSuffix("`b`, `d`") == true)
    }

    @Test(
        "Documentation may be parted from its declaration by attributes and plain comments",
        arguments: [
            "/// A.\npublic func a() { }", "/// A.\n@inlinable\npublic func a() { }",
            "/// A.\n// Why.\npublic func a() { }",
            "/// A.\n@available(\n    *, unavailable)\n@inlinable public static func a() { }", "func a() { }",
            "private let b = 1",
            "/// A.\npublic enum A {\n    /// B.\n    indirect case b\n}",
            "/// A.\nstruct A {\n    /// B.\n    case package\n}",
            "/// A.\n@Test(\"b\") public private(set) var b = 1", "enum A {\n    case b\n}",
            "protocol A {\n    func b()\n}",
        ])
    func acceptsDocumented(_ text: String) {
        #expect(broken(text, path: "Sources/CLibevent/A.swift") == [])
    }

    @Test(
        "An unsafe construct is found outside CLibevent*, and accepted inside",
        arguments: [
            "let a: UnsafeMutablePointer<Int>", "let a: UnsafeRawBufferPointer", "let a: UnsafePointer<Int>",
            "Unmanaged.passRetained(a)", "let a = unsafe b", "final class A: @unchecked Sendable { }",
            "nonisolated(unsafe) var a = 1", "a.withUnsafeBytes { b($0) }", "unowned(unsafe) let a: A",
            "let a = \"\\(unsafe b)\"",
            "let a: OpaquePointer?", "unsafeBitCast(a, to: B.self)", "for unsafe a in b { }",
        ])
    func findsUnsafe(_ text: String) {
        #expect(broken(text) == [.memorySafety])
        #expect(broken(text, path: "Sources/CLibevent/A.swift") == [])
        #expect(broken(text, path: "Sources/CLibeventHTTP/A.swift") == [])
    }

    @Test(
        "A trap on purpose is found in every target, and accepted in tests",
        arguments: [
            "fatalError(\"a\")", "let a = try! b()", "return try!b()",
        ])
    func findsTraps(_ text: String) {
        #expect(broken(text) == [.memorySafety])
        #expect(broken(text, path: "Sources/CLibevent/A.swift") == [.memorySafety])
        #expect(broken(text, path: "Tests/CLibeventTests/A.swift") == [])
    }

    @Test(
        "Text, names and enum cases may speak of unsafe things",
        arguments: [
            "let a = \"unsafe fatalError( try! Unmanaged\"", "// unsafe Unmanaged", "let a = method.isUnsafe",
            "case unsafe",
            "let a: Method = .unsafe", "let unsafeMethods = 1", "try a() != b", "try? a()",
        ])
    func acceptsSafe(_ text: String) {
        #expect(broken(text) == [])
    }

    @Test(
        "An open end is found unless the roadmap repeats its name",
        arguments: [
            ("// TODO: a", 1), ("// FIXME a", 1), ("/// Sums. XXX", 1), ("// TODO(pool): a", 0),
            ("// TODO(other): a", 1),
            ("// FIXME(pool-size)", 0), ("// A todo list", 0), ("let a = \"TODO: a\"", 0), ("// METHODS", 0),
            ("/* TODO */", 1),
        ])
    func findsOpenEnds(_ text: String, _ count: Int) {
        let roadmap = "Later: TODO(pool), and FIXME(pool-size)."
        #expect(broken(text, roadmap: roadmap) == Array(repeating: .openEnds, count: count))
    }
}

// Which functions a source has, how long they are, how many parameters they take and how deep they nest.
// What follows from that for the repository is in `DeclarationRulesTests.swift`.

import Testing

@Suite("Functions are found with their size, parameters and depth")
struct OutlineTests {
    @Test("Functions, initialisers, subscripts and computed properties are found in any type")
    func findsFunctions() {
        let text = """
            public struct A<T: P>: Q where T: R {
                let stored = 1
                var computed: Int { 1 }
                init?(a: Int) { }
                static func == (lhs: A, rhs: A) -> Bool { true }
                subscript(index: Int) -> Int { get { 1 } set { } }
                deinit { }
                class Inner { func inner() { } }
            }
            """
        #expect(functions(text).map(\.name) == ["computed", "init", "==", "subscript", "deinit", "inner"])
    }

    @Test(
        "Words that only look like declarations open none",
        arguments: [
            "let a = B.init(1)", "import struct A.B", "f(class: 1)", "let a = b.func", "protocol P: class, Q { }",
            "let kind: Kind = .enum", "class func", "let x = actor.run",
        ])
    func ignoresLookAlikes(_ text: String) {
        #expect(functions(text).filter { $0.name != "func" } == [])
    }

    @Test(
        "Parameters are counted past generics, tuples, closures, attributes and default values",
        arguments: [
            ("func f() { }", 0), ("func f<A, B, C>(a: A) { }", 1),
            ("func f(a: [Int: Int], b: (Int, Int) -> Int) { }", 2),
            ("func f(a: D<Int, D<Int, Int>>, b: Int) { }", 2), ("func f(a: Int = g(1, 2), b: [Int] = [1, 2]) { }", 2),
            ("func f(\n    a: Int,\n    b: Int,\n) { }", 2),
            ("func f(_ a: @escaping (Int, Int) -> Void = { _, _ in }) { }", 1),
            ("init<T>(a: T?, b: T!) { }", 2), ("init?(a: Int) { }", 1), ("func < (a: A, b: A) -> Bool { }", 2),
            ("subscript(a: Int, b: Int) -> Int { 1 }", 2),
            ("func f(a: A<Int?>, b: B<[Int]>, c: Int...) async throws(E) { }", 3),
            ("func f(a: Int, b: Int, c: Int, d: Int, e: Int, f: Int) -> (Int, Int) { }", 6),
        ])
    func countsParameters(_ text: String, _ count: Int) {
        #expect(functions(text).first?.parameters == count)
    }

    @Test("Requirements of a protocol have parameters but no body, and lend theirs to no one")
    func readsRequirements() {
        let found = functions(
            "protocol P {\n    func a(x: Int)\n    func b()\n    var c: Int { get }\n}\nfunc d() {\n}\n")
        #expect(found.map(\.name) == ["a", "b", "c", "d"])
        #expect(found.map(\.lines) == [2...2, 3...3, 4...4, 6...7])
    }

    @Test("A function is as long as from its keyword to its closing brace")
    func measuresLength() {
        let found = functions("@inlinable\nfunc a(\n    b: Int = { 1 }()\n) -> Int {\n    1\n}\nfunc c() { }\n")
        #expect(found.filter { $0.name != "block" }.map(\.lines) == [2...6, 7...7])
        #expect(found.first?.signature == 2...4)
    }

    @Test(
        "Blocks count as levels; a block on one line, an accessor's braces and a local function's do not",
        arguments: [
            ("func f() {\n a()\n}", 0), ("func f() {\n if a {\n b()\n }\n}", 1), ("func f() {\n a.map { $0 }\n}", 0),
            ("func f() {\n if a {\n b()\n } else if c {\n d()\n } else {\n e()\n }\n}", 1),
            ("func f() {\n switch a {\n case .b:\n for c in d {\n e()\n }\n }\n}", 2),
            ("var f: Int {\n get {\n if a {\n b()\n }\n }\n}", 1),
            ("var f: Int {\n mutating get throws {\n a()\n }\n}", 0),
            ("func f() {\n a {\n b {\n c {\n d {\n e()\n }\n }\n }\n }\n}", 4),
            ("func f() {\n set.map {\n a()\n }\n}", 1), ("func f() {\n a(b: {\n c()\n })\n}", 1),
            ("func f() {\n _ = \"\\(a { \n b()\n })\"\n}", 1),
        ])
    func measuresDepth(_ text: String, _ depth: Int) {
        #expect(functions(text).first?.depth == depth)
    }

    @Test("A local function starts again from its own braces")
    func separatesLocalFunctions() {
        let found = functions("func f() {\n if a {\n func g() {\n if b {\n c()\n }\n }\n }\n}")
        #expect(found.map(\.name) == ["f", "g"])
        #expect(found.map(\.depth) == [1, 1])
    }

    @Test("What a visible type's cases and a visible protocol's requirements expose is known, its neighbours are not")
    func findsExposed() {
        let text = """
            public enum A { case b, c; indirect case d(package: Int); func e() { switch self { case .b: break } } }
            enum F { case g }
            package protocol H { func i(); var j: Int { get }; associatedtype K }
            public import L
            let package = Package(name: "m")
            @available(*, deprecated) public private(set) var n = 1
            public class func o() { }
            """
        let names = Outline(Source(text)).exposed.map(\.name)
        #expect(names == ["A", "b", "d", "H", "i", "j", "K", "n", "o"])
    }
}

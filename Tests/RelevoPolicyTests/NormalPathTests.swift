// The normal form of paths against its definition, written plainly and without regard to what it costs.
// Which routes take a path is in RouteTableTests.

import RelevoPolicy
import Testing

@Suite struct NormalPathTests {
    /// RFC 3986 §6.2.2.2: unreserved characters are decoded; what stays encoded is in upper case.
    private func decoded(_ path: String) -> String {
        let unreserved = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~".utf8)
        var result = ""
        var rest = Substring(path)
        while let first = rest.first {
            let digits = rest.dropFirst().prefix(2)
            if first == "%", digits.count == 2, digits.allSatisfy(\.isHexDigit), let byte = UInt8(digits, radix: 16) {
                result += unreserved.contains(byte) ? String(UnicodeScalar(byte)) : "%" + digits.uppercased()
                rest = rest.dropFirst(3)
            } else {
                result.append(first)
                rest = rest.dropFirst()
            }
        }
        return result
    }

    /// RFC 3986 §5.2.4, and slashes joined.
    private func definition(_ path: String) -> String {
        let path = decoded(path)
        let parts = path.split(separator: "/", omittingEmptySubsequences: true)
        var kept: [Substring] = []
        for part in parts {
            if part == ".." { _ = kept.popLast() } else if part != "." { kept.append(part) }
        }
        let endsOpen = path.hasSuffix("/") || parts.last.map { $0 == "." || $0 == ".." } ?? true
        return kept.map { "/" + $0 }.joined() + (endsOpen || kept.isEmpty ? "/" : "")
    }

    private func normal(_ path: String) -> String {
        String(decoding: NormalPath(Array(path.utf8)[...]).bytes, as: UTF8.self)
    }

    @Test("the normal form is that of the definition, for 20,000 paths of awkward parts")
    func property() {
        let parts = [
            "/", "/", "/", ".", "..", "...", "%2e", "%2E", "%2f", "%2F", "a", "b.", ".c", "..d", "%", "%2", "%zz",
            "%61",
            "%c3%bc", "*", "~", "%7e", "%00",
        ]
        var random = RandomSource(seed: 11)
        for _ in 0..<20_000 {
            let count = Int.random(in: 0...14, using: &random)
            let path = "/" + (0..<count).map { _ in parts.randomElement(using: &random) ?? "" }.joined()
            #expect(normal(path) == definition(path), "\(path)")
        }
    }

    @Test(
        "segments of dots are resolved wherever they stand",
        arguments: [
            ("/..", "/"), ("/.", "/"), ("/a/..", "/"), ("/a/../..", "/"), ("/a/b/..", "/a/"), ("/a/b/../", "/a/"),
            ("/a/./b", "/a/b"), ("/a/b/.", "/a/b/"), ("/...", "/..."), ("/a/.../b", "/a/.../b"), ("//", "/"),
            ("/a//../b", "/b"), ("/.a/..b", "/.a/..b"), ("/a/%2e%2e", "/"), ("/../../a", "/a"), ("*", "*"),
        ])
    func dots(path: String, expected: String) {
        #expect(normal(path) == expected)
        #expect(path == "*" || definition(path) == expected)
    }

    @Test(
        "a path of nothing but dot segments comes down to its root, however long it is", arguments: [".", "..", "a/.."])
    func long(segment: String) {
        #expect(normal(String(repeating: "/" + segment, count: 20_000)) == "/")
    }
}

// What a route may say. A route that could never take a request would let pass what it was written to keep out.
// That routes match as they say is tested in RouteTableTests.

import RelevoPolicy
import Testing

@Suite struct RouteCheckTests {
    private let place = SourceLocation(file: "f", line: 7, column: 3)

    private func problems(_ route: ProxyConfiguration.Route) -> [ConfigurationProblem] {
        let domain = ProxyConfiguration.Domain("a.example", routes: [route])
        do {
            _ = try SnapshotBuilder.build(ProxyConfiguration(listeners: ["127.0.0.1:0"], domains: [domain]))
            return []
        } catch {
            return error.problems
        }
    }

    private func problems(path: String) -> [ConfigurationProblem] {
        problems(.init(.respond(status: 403, body: ""), path: path, location: place))
    }

    @Test(
        "a path that is not in normal form is refused with its normal form and its place",
        arguments: [
            ("/%61dmin", "/admin"), ("/p//secret", "/p/secret"), ("/x/../adm", "/adm"), ("/x%2fy", "/x%2Fy"),
            ("/./a", "/a"), ("/a/.", "/a/"), ("/..", "/"), ("//", "/"), ("/%7Euser", "/~user"), ("/a/%2e%2e/b/", "/b/"),
            ("//evil.example/%c3%bc", "/evil.example/%C3%BC"),
        ])
    func notNormal(path: String, normal: String) {
        let found = problems(path: path)
        #expect(found.map(\.suggestion) == ["write `\(normal)`"])
        #expect(found.first?.message.contains("`\(path)` would never take a request") == true)
        #expect(found.first?.location == place)
        #expect(problems(path: normal).isEmpty)
    }

    @Test("a route built in Swift code is held to the same rules", arguments: ["/%61dmin", "/x y", "/z#f", "z"])
    func unlocated(path: String) {
        let found = problems(.init(.respond(status: 403, body: ""), path: path))
        #expect(found.count == 1)
        #expect(found.first?.location == nil)
        #expect(found.first?.suggestion != nil)
    }

    @Test(
        "a path with a character that no request has is refused with the character and its encoding",
        arguments: [
            ("/x y", "a space", "/x%20y"), ("/zurück", "`ü`", "/zur%C3%BCck"),
            ("/a\tb", "a control character", "/a%09b"),
            ("/a\u{7F}", "a control character", "/a%7F"), ("/a\r\nb", "a control character", "/a%0D%0Ab"),
            ("/日本//x y", "`日`", "/%E6%97%A5%E6%9C%AC/x%20y"),
        ])
    func characters(path: String, name: String, encoded: String) {
        let found = problems(path: path)
        #expect(found.map(\.suggestion) == ["write it percent-encoded: `\(encoded)`"])
        #expect(found.first?.message == "path `\(path)` has \(name), which no request has in its path")
        #expect(problems(path: encoded).isEmpty)
    }

    @Test(
        "a query, a fragment and a missing slash are called what they are",
        arguments: [
            ("/z#f", "has a fragment", "write `/z`, or `%23`"), ("/z?q", "has a query", "write `/z`, or `%3F`"),
            ("/z#f?q", "has a fragment", "write `/z`"), ("/p//z?q", "has a query", "write `/p/z`"),
            ("v1/", "does not begin", "write `/v1/`"), ("", "does not begin", "write `/`"),
            ("../x", "does not begin", "write `/x`"),
        ])
    func parts(path: String, message: String, cure: String) {
        let found = problems(path: path)
        #expect(found.count == 1)
        #expect(found.first?.message.contains(message) == true, "\(found)")
        #expect(found.first?.suggestion?.contains(cure) == true, "\(found)")
    }

    @Test(
        "paths in normal form are not refused, odd as they may look",
        arguments: [
            "/", "/v1", "/v1/", "/x%2Fy", "/%25", "/a.b", "/.well-known/", "/...", "/a;b=c,d", "/100%", "/*", "/~u",
        ])
    func normal(path: String) { #expect(problems(path: path).isEmpty) }

    @Test(
        "RFC 9110 §9.1: a method in the wrong case is refused with the right one",
        arguments: [("get", "GET"), ("Post", "POST"), ("oPTIONS", "OPTIONS"), ("delete", "DELETE")])
    func methodCase(method: String, expected: String) {
        let found = problems(.init(.respond(status: 403, body: ""), methods: ["PUT", method], location: place))
        #expect(found.map(\.suggestion) == ["methods are case-sensitive; write `\(expected)`"])
        #expect(found.first?.location == place)
    }

    @Test(
        "what is no method is refused, extension methods are not",
        arguments: [("", 1), ("G T", 1), ("any", 1), ("ANY", 1), ("*", 1), ("PROPFIND", 0), ("x-mine", 0), ("GET", 0)])
    func methods(method: String, expected: Int) {
        #expect(problems(.init(.respond(status: 403, body: ""), methods: [method])).count == expected)
    }

    @Test(
        "RFC 9110 §15: an answer whose status has no content is refused if it has a body",
        arguments: [(204, "§15.3.5"), (205, "§15.3.6"), (304, "§15.4.5")])
    func noContent(status: Int, section: String) {
        let found = problems(.init(.respond(status: status, body: "x"), location: place))
        #expect(found.map(\.message) == ["an answer of status \(status) has no content (RFC 9110 \(section))"])
        #expect(found.first?.location == place)
        #expect(problems(.init(.respond(status: status, body: ""))).isEmpty)
    }

    @Test("any other answer may have a body", arguments: [200, 203, 206, 300, 404, 503])
    func content(status: Int) { #expect(problems(.init(.respond(status: status, body: "x"))).isEmpty) }
}

// What a file expects of itself: how it is read, that nothing but `relevo test` hears of it, and that the examples of
// the repository keep what they promise. Mistakes in it are in
// Broken/odd-tests.yaml; judging is tested with the policies.

import Foundation
import RelevoPolicy
import Testing

@testable import RelevoConfig

@Suite("Tests of configurations")
struct TestSettingsTests {
    private static let file = settings(
        """
        tests:
          - { request: http://a.example/x, expect: { domain: a.example, route: /, cluster: a.example } }
          - request: POST http://a.example/a b?c
            name: a name
            from: "::1"
            headers: { X-Tenant: blue, X-Empty: "" }
            expect:
              endpoint: 10.0.0.1
              status: 308
              location: /y
              body: ""
              code: route.none
              headers: { Via: off, Cookie: null, Host: any, X-A: "off", X-B: "any" }
              timeouts: { connect: 1s, body: 2s }
          - { request: "HEAD a.example", expect: { endpoint: [10.0.0.1, "10.0.0.2:81"] } }
        """)

    @Test("Method, URL, fields, client and name are those that were written; GET and 127.0.0.1 go without saying")
    func requests() throws {
        let tests = try load(Self.file).tests
        try #require(tests.count == 3)
        #expect(tests.map(\.request) == ["GET http://a.example/x", "POST http://a.example/a b?c", "HEAD a.example"])
        #expect(tests.map(\.name) == [nil, "a name", nil])
        #expect(tests.map(\.question.client) == ["127.0.0.1", "::1", "127.0.0.1"])
        #expect(tests[1].question.fields == ["X-Tenant: blue", "X-Empty: "])
        #expect(tests.map(\.location.line) == [4, 5, 17])
    }

    @Test("Every key of `expect` has its value and its place; off and any are words only without quotes")
    func expectations() throws {
        let tests = try load(Self.file).tests
        try #require(tests.count == 3)
        let said = tests.map { $0.expectations.map { "\($0.key) \($0.statement)" } }
        #expect(
            said[0] == [
                "domain domain(\"a.example\")", "route route(\"/\")", "cluster cluster(\"a.example\")",
            ])
        #expect(
            said[1].prefix(3) == ["endpoint endpoint(\"10.0.0.1\")", "status status(308)", "location location(\"/y\")"])
        let fields = tests[1].expectations.compactMap { expectation -> RequestExpectation.FieldValue? in
            if case .header(_, let value) = expectation.statement { value } else { nil }
        }
        #expect(fields == [.absent, .absent, .present, .text("off"), .text("any")])
        #expect(tests[1].expectations.map(\.key).suffix(2) == ["timeouts.body", "timeouts.connect"])
        #expect(tests[1].expectations.map(\.location.line) == [10, 11, 12, 13, 14, 15, 15, 15, 15, 15, 16, 16])
        #expect(said[2] == ["endpoint endpoints([\"10.0.0.1\", \"10.0.0.2:81\"])"])
    }

    @Test("The configuration is the same with tests and without, and so is what check --effective prints")
    func noEffect() throws {
        let (plain, tested) = (try load(settings("workers: 2")), try load(Self.file + "workers: 2"))
        #expect(!tested.tests.isEmpty && plain.tests.isEmpty)
        #expect(plain.configuration.unlocated == tested.configuration.unlocated)
        #expect(ReloadPlan(from: plain.configuration, to: tested.configuration).isEmpty)
        #expect(!tested.effectiveYAML().contains("tests"))
        #expect(try load(settings("tests: off")).tests.isEmpty)
    }

    // MARK: Examples

    private static let examples: [String] = {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Examples").path
        let names = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
        return names.sorted().map { "\(root)/\($0)/relevo.yaml" }.filter { FileManager.default.fileExists(atPath: $0) }
    }()

    @Test("Two examples at least have tests, and all pass")
    func promises() throws {
        var tested = 0
        for file in Self.examples {
            let loaded = try ConfigurationLoader().load(path: file)
            let explainer = RequestExplainer(try SnapshotBuilder.build(loaded.configuration))
            if !loaded.tests.isEmpty { tested += 1 }
            for test in loaded.tests { #expect(test.judged(by: explainer).failures.map(\.text) == [], "\(file)") }
        }
        #expect(tested >= 2)
    }

    @Test("What explain says of a request passes as its test, and anything else fails", arguments: examples)
    func agreement(file: String) throws {
        let snapshot = try SnapshotBuilder.build(try ConfigurationLoader().load(path: file).configuration)
        let explainer = RequestExplainer(snapshot)
        let hosts = snapshot.table.domains.map { $0.written.replacing("*", with: "some.where") } + ["nobody.example"]
        let paths = snapshot.table.domains.flatMap(\.routes).map { String(decoding: $0.path, as: UTF8.self) }
        let urls = hosts.flatMap { host in
            Set(paths + ["/", "/v1/x", "/%2e/other"]).map { "http://\(host)\($0)" }
        }
        #expect(urls.count >= 4)
        for url in urls {
            for method in ["GET", "POST", "TRACE"] { try agree(.init(url: url, method: method), explainer) }
        }
    }

    private func agree(_ question: RequestExplainer.Question, _ explainer: RequestExplainer) throws {
        func failures(_ said: RequestExpectation.Statement) -> [String] {
            let place = SourceLocation(file: "relevo.yaml", line: 1, column: 1)
            let test = RequestTest(question, expectations: [.init(said, location: place)], location: place)
            return test.judged(by: explainer).failures.map(\.text)
        }
        #expect(failures(try #require(Self.statement(explainer.explain(question)))) == [])
        for other in [RequestExpectation.Statement.cluster("nobody"), .code(.routeLoop), .location("nowhere")] {
            #expect(!failures(other).isEmpty)
        }
    }

    /// What the lines of an explanation say about the outcome.
    private static func statement(_ lines: [String]) -> RequestExpectation.Statement? {
        guard let outcome = lines.last?.dropFirst("outcome   ".count) else { return nil }
        if outcome.hasPrefix("goes to"), let line = lines.first(where: { $0.hasPrefix("cluster ") }) {
            let words = line.split(separator: " ")
            return .cluster(String(words[1]))
        }
        if outcome.hasPrefix("redirect"), let mark = outcome.range(of: ", to ") {
            return .location(String(outcome[mark.upperBound...]))
        }
        if outcome.hasPrefix("answered"),
            let status = outcome.split(separator: " ").compactMap({ Int($0.dropLast()) }).first
        {
            return .status(status)
        }
        return Fault(rawValue: String(outcome.prefix { $0 != ":" })).map { .code($0) }
    }
}

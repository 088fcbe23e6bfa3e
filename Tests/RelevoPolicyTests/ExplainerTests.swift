// What `relevo explain` says of requests that no route sees.
// That the program prints it is tested in ProgramTests.

import RelevoHTTP
import RelevoPolicy
import Testing

@Suite struct ExplainerTests {
    private func outcome(_ question: RequestExplainer.Question) throws -> String? {
        let snapshot = try SnapshotBuilder.build(
            ProxyConfiguration(
                listeners: ["127.0.0.1:0"], domains: [.init("a.example", endpoints: ["10.0.0.1"])]))
        return RequestExplainer(snapshot).explain(question).last
    }

    @Test(
        "a request that the parser refuses has its failure code in the outcome",
        arguments: [
            ("GET", "http://a.example/x y", [], "client.malformed: status 400"),
            ("G T", "http://a.example/", [], "client.malformed: status 400"),
            ("GET", "http://a.example/", ["Host: a", "Host: b"], "client.malformed: status 400"),
            (
                "POST", "http://a.example/", ["Transfer-Encoding: gzip, chunked"],
                "client.unsupported_coding: status 501"
            ),
            ("TRACE", "http://a.example/", [], "client.method_refused: status 501"),
            ("GET", "http://b.example/", [], "route.unknown_domain: status 421"),
        ])
    func codes(method: String, url: String, fields: [String], expected: String) throws {
        let outcome = try outcome(.init(url: url, method: method, fields: fields))
        #expect(outcome == "outcome   \(expected), and no endpoint sees the request")
    }

    @Test("every error of the parser has a failure code with the status that it is answered with")
    func faults() {
        for error in HTTPParseError.allCases {
            #expect(Fault(refusing: error.kind).row.status == error.kind.status, "\(error)")
        }
    }
}

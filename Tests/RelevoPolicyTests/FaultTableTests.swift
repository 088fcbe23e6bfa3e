// The one table of failures.
// That each fault is reported so on the wire is tested in IntegrationTests.

import RelevoPolicy
import Testing

@Suite struct FaultTableTests {
    @Test("every fault has a status of its class, a code and words", arguments: Fault.allCases)
    func rows(fault: Fault) {
        let row = fault.row
        #expect((400...599).contains(row.status))
        #expect(!row.explanation.isEmpty)
        #expect(row.proxyStatus.allSatisfy { $0.isLowercase || $0 == "_" || $0.isNumber })
        #expect(fault.rawValue.split(separator: ".").count == 2)
    }

    @Test("only faults of endpoints blame an endpoint or allow another attempt", arguments: Fault.allCases)
    func blame(fault: Fault) {
        let isOfEndpoint = fault.rawValue.hasPrefix("connect.") || fault.rawValue.hasPrefix("upstream.")
        // An endpoint may end an idle connection whenever it likes.
        #expect(fault.row.blamesEndpoint == (isOfEndpoint && fault != .upstreamStale))
        if !isOfEndpoint { #expect(fault.row.retry == .never) }
    }

    @Test("another endpoint is tried after refusals up to the bound, after timeouts twice, after a sent byte never")
    func retries() {
        func allows(_ fault: Fault, _ attempts: Int, _ timeouts: Int = 0) -> Bool {
            RetryPolicy.allowsAnother(AttemptEvidence(fault: fault, attempts: attempts, timeouts: timeouts))
        }
        #expect(allows(.connectRefused, 1))
        #expect(allows(.connectRefused, RetryPolicy.maxAttempts - 1))
        #expect(!allows(.connectRefused, RetryPolicy.maxAttempts))
        #expect(allows(.connectTimeout, 1, 1))
        #expect(!allows(.connectTimeout, 2, 2))
        #expect(!allows(.upstreamClosed, 1))
        #expect(!allows(.upstreamTimeout, 1))
        #expect(!allows(.proxyOverloaded, 1))
    }
}

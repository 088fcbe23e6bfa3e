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
}

// Fuzzes whole exchanges: bytes of a client and of an origin, in pieces, through a real worker over real sockets.
// What must hold whatever they are stands here; the rules on single messages are with those who read them.

import FuzzSupport

nonisolated(unsafe) private var stage: Stage?

/// libFuzzer's entry point. It has one thread, which owns the stage.
@c(LLVMFuzzerTestOneInput) public func fuzzExchange(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let data, count > 2 else { return 0 }
    let ready = stage ?? Stage()
    stage = ready
    ExchangeFuzzer(stage: ready).run(Scenario(Array(UnsafeBufferPointer(start: data, count: count))))
    return 0
}

/// One run.
struct ExchangeFuzzer {
    let stage: Stage

    func run(_ scenario: Scenario) {
        let sent = SentRequests(scenario.clientStream)
        let outcome = stage.play(scenario)
        if !scenario.behaviour.contains(.vanishes) {
            _ = ReceivedResponses(outcome, to: sent, mark: stage.origin.mark)
        }
        probe()
        stage.clean()

        let whole = plain(scenario.plain(cut: .nowhere), sent)
        let pieces = plain(scenario.plain(cut: scenario.clientCut), sent)
        require(
            whole.agrees(with: pieces),
            "cuts changed \(whole.statuses) to \(pieces.statuses) for \(readable(scenario.clientStream))")
    }

    /// What came of a client's bytes before an origin that answers everything with 200.
    private struct Effect {
        var requests: [[UInt8]]
        var statuses: [Int]

        /// Pieces may decide which of two faults is found first, and whether a body that nobody wants is there in time
        /// to be skipped: if not, the connection ends with the proxy's own answer.
        func agrees(with other: Effect) -> Bool {
            let (short, long) = statuses.count < other.statuses.count ? (self, other) : (other, self)
            let isSame = zip(short.statuses, long.statuses).allSatisfy { $0 == $1 || $0 >= 400 && $1 >= 400 }
            guard short.statuses.count < long.statuses.count else { return isSame && short.requests == long.requests }
            let endedByProxy = short.statuses.last.map { $0 != 200 } ?? false
            return isSame && endedByProxy && long.requests.starts(with: short.requests)
        }
    }

    private func plain(_ scenario: Scenario, _ sent: SentRequests) -> Effect {
        let outcome = stage.play(scenario)
        let responses = ReceivedResponses(outcome, to: sent, mark: stage.origin.mark)
        let requests = stage.origin.requests.map(Self.withoutIdentifier)
        // Whatever everybody reads alike gets at most one request to the origin each.
        if sent.isWhole { require(requests.count <= sent.requests.count, "\(requests.count) requests of nowhere") }
        stage.clean()
        return Effect(requests: requests, statuses: responses.statuses)
    }

    /// Another client must get its own answer on the connections that the first one left.
    private func probe() {
        let target = "/probe-\(stage.origin.mark)"
        let request = Array("GET \(target) HTTP/1.1\r\nHost: probe.example\r\n\r\n".utf8)
        let outcome = stage.play(Scenario([0, 0] + request))
        let text = String(decoding: outcome.received, as: UTF8.self)
        require(text.hasPrefix("HTTP/1.1 200 "), "the next client got \(text.debugDescription)")
        require(text.hasSuffix("\r\n\r\n\(target)"), "the next client got \(text.debugDescription)")
    }

    /// A request without the identifier that differs from run to run.
    private static func withoutIdentifier(_ request: [UInt8]) -> [UInt8] {
        let name = Array("X-Request-ID: ".utf8)
        let lines = request.split(separator: 10, omittingEmptySubsequences: false)
        return Array(lines.filter { !$0.starts(with: name) }.joined(separator: [10]))
    }
}

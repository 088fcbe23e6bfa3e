// Whether a failed attempt is followed by another: an example for each rule, and a table of all cases.
// That no sequence of attempts breaks a promise is shown in RetrySequenceTests.

@testable import RelevoPolicy
import Testing

@Suite struct RetryPolicyTests {
    static let elsewhere = RetryVerdict.another(.elsewhere, countsAgainstBudget: true, waits: true)
    static let onward = RetryVerdict.another(.elsewhere, countsAgainstBudget: false, waits: false)
    static let reopened = RetryVerdict.another(.sameEndpoint, countsAgainstBudget: false, waits: false)

    /// Evidence in favour of another attempt, changed as a test needs it.
    private func evidence(
        _ failure: AttemptFailure, _ change: (inout AttemptEvidence) -> Void = { _ in }
    ) -> AttemptEvidence {
        var evidence = AttemptEvidence(failure)
        evidence.isIdempotent = true
        evidence.body = .none
        evidence.hasUntried = true
        change(&evidence)
        return evidence
    }

    private func decide(
        _ fault: Fault, _ settings: RetrySettings? = RetrySettings(),
        _ change: (inout AttemptEvidence) -> Void = { _ in }
    ) -> RetryVerdict {
        RetryPolicy.decide(evidence(.fault(fault), change), settings)
    }

    // MARK: Connect failures

    @Test(
        "a connect failure goes on elsewhere for every method, without budget or wait, even with retry off",
        arguments: [Fault.connectRefused, .connectUnreachable, .connectDNS, .connectTimeout])
    func connect(fault: Fault) {
        for settings in [nil, RetrySettings()] {
            for isIdempotent in [true, false] {
                let verdict = decide(fault, settings) {
                    $0.isIdempotent = isIdempotent
                    $0.requestBytesSent = false
                    $0.body = .untouched
                    $0.sends = 0
                }
                #expect(verdict == Self.onward)
            }
        }
    }

    @Test("16 attempts are enough for one request")
    func attempts() {
        #expect(decide(.connectRefused, nil) { $0.attempts = 15 } == Self.onward)
        #expect(decide(.connectRefused, nil) { $0.attempts = 16 } == .no(.triedOften(16)))
        #expect(decide(.upstreamClosed) { $0.attempts = 16 } == .no(.triedOften(16)))
    }

    @Test("two connect timeouts are enough for one request")
    func timeouts() {
        #expect(decide(.connectTimeout, nil) { $0.connectTimeouts = 1 } == Self.onward)
        #expect(decide(.connectTimeout, nil) { $0.connectTimeouts = 2 } == .no(.timedOutOften(2)))
        #expect(decide(.connectRefused, nil) { $0.connectTimeouts = 2 } == .no(.timedOutOften(2)))
    }

    @Test("a connect failure after the last endpoint leaves nothing to try")
    func noneLeft() {
        #expect(decide(.connectRefused, nil) { $0.hasUntried = false } == .no(.noneLeft))
    }

    @Test("a connect failure on the way to a second send does not let an unsafe request through")
    func connectAfterSend() {
        #expect(decide(.connectRefused) { $0.isIdempotent = false } == .no(.mayBeProcessed))
        #expect(decide(.connectRefused) { $0.body = .lost } == .no(.bodyLost))
    }

    // MARK: Kept connections that ended

    @Test("RFC 9112 §9.5: what met the end of a kept connection goes again to its endpoint, also with retry off")
    func stale() {
        for settings in [nil, RetrySettings()] {
            for body in [AttemptEvidence.BodyState.none, .untouched, .kept] {
                let verdict = decide(.upstreamStale, settings) {
                    $0.connection = .kept
                    $0.body = body
                    $0.hasUntried = false
                }
                #expect(verdict == Self.reopened)
            }
        }
    }

    @Test("RFC 9110 §9.2.2: but not if it is not idempotent, or its body is gone")
    func staleUnsafe() {
        func verdict(_ change: (inout AttemptEvidence) -> Void) -> RetryVerdict {
            decide(.upstreamStale) {
                $0.connection = .kept
                change(&$0)
            }
        }
        #expect(verdict { $0.isIdempotent = false } == .no(.mayBeProcessed))
        #expect(verdict { $0.body = .lost } == .no(.bodyLost))
    }

    @Test(
        "what an endpoint cannot have received goes on for every method, as after a refused connection",
        arguments: [Fault.upstreamStale, .upstreamClosed])
    func unread(fault: Fault) {
        func verdict(_ change: (inout AttemptEvidence) -> Void = { _ in }) -> RetryVerdict {
            decide(fault, nil) {
                ($0.isIdempotent, $0.requestBytesSent, $0.sends) = (false, false, 0)
                change(&$0)
            }
        }
        #expect(verdict() == Self.onward)
        #expect(verdict { $0.connection = .kept } == Self.reopened)
        #expect(verdict { $0.hasUntried = false } == .no(.noneLeft))
        #expect(verdict { $0.body = .lost } == .no(.bodyLost))
        #expect(verdict { $0.attempts = 16 } == .no(.triedOften(16)))
        #expect(verdict { $0.responseBytes = true } != Self.onward)
        #expect(verdict { $0.requestBytesSent = true } == .no(.isOff))
        let held = evidence(.fault(fault)) { ($0.isIdempotent, $0.requestBytesSent, $0.sends) = (false, false, 0) }
        #expect(HoldPolicy.takes(held, nil))
    }

    @Test("a request that ends kept connections again and again is retried like any other")
    func staleTwice() {
        func verdict(_ settings: RetrySettings?) -> RetryVerdict {
            decide(.upstreamStale, settings) {
                $0.connection = .kept
                $0.sends = 2
            }
        }
        #expect(verdict(nil) == .no(.isOff))
        #expect(verdict(RetrySettings()) == Self.elsewhere)
    }

    @Test("a connection that was opened for the request, or began to answer it, was not stale")
    func notStale() {
        #expect(decide(.upstreamStale, nil) { $0.connection = .fresh } == .no(.isOff))
        #expect(decide(.upstreamStale, nil) { ($0.connection, $0.responseBytes) = (.kept, true) } == .no(.isOff))
    }

    // MARK: Failures after the request was sent

    static let afterSend: [AttemptFailure] = [
        .fault(.upstreamClosed), .fault(.upstreamMalformed), .fault(.upstreamHeadTooLarge), .fault(.upstreamTimeout),
        .status(503),
    ]

    /// Retries after 503 and after 520 to 529.
    static let listed = {
        var settings = RetrySettings()
        settings.statuses = [503...503, 520...529]
        return settings
    }()

    @Test("an idempotent request goes elsewhere, with budget and wait", arguments: afterSend)
    func sent(failure: AttemptFailure) {
        for body in [AttemptEvidence.BodyState.none, .untouched, .kept] {
            #expect(RetryPolicy.decide(evidence(failure) { $0.body = body }, Self.listed) == Self.elsewhere)
        }
        #expect(RetryPolicy.decide(evidence(failure) { $0.responseBytes = true }, Self.listed) == Self.elsewhere)
    }

    @Test("unless one condition is not met, which is named", arguments: afterSend)
    func refused(failure: AttemptFailure) {
        func refusal(_ change: (inout AttemptEvidence) -> Void) -> RetryVerdict {
            RetryPolicy.decide(evidence(failure, change), Self.listed)
        }
        #expect(RetryPolicy.decide(evidence(failure), nil) == .no(.isOff))
        #expect(refusal { $0.isIdempotent = false } == .no(.mayBeProcessed))
        #expect(refusal { $0.body = .lost } == .no(.bodyLost))
        #expect(refusal { $0.sends = 2 } == Self.elsewhere)
        #expect(refusal { $0.sends = 3 } == .no(.sentOften(3)))
        #expect(refusal { $0.hasUntried = false } == .no(.noneLeft))
    }

    @Test("attempts: 1 sends a request once")
    func once() {
        var settings = RetrySettings()
        settings.attempts = 1
        #expect(decide(.upstreamClosed, settings) == .no(.sentOften(1)))
    }

    @Test(
        "only listed statuses ask another endpoint", arguments: [(503, true), (520, true), (529, true), (530, false)])
    func statuses(status: Int, isListed: Bool) {
        let expected = isListed ? Self.elsewhere : .no(.statusNotListed(status))
        #expect(RetryPolicy.decide(evidence(.status(status)), Self.listed) == expected)
        #expect(RetryPolicy.decide(evidence(.status(status)), RetrySettings()) == .no(.statusNotListed(status)))
    }

    @Test("what was not said counts as the worst: nothing goes again", arguments: Fault.allCases)
    func cautious(fault: Fault) {
        guard case .no = RetryPolicy.decide(AttemptEvidence(.fault(fault)), RetrySettings()) else {
            Issue.record("\(fault) was retried without evidence")
            return
        }
    }

    // MARK: All cases

    @Test(
        "every fault, with every method, body, sending and setting, is decided as the page on failures says",
        arguments: Fault.allCases)
    func table(fault: Fault) {
        for body in AttemptEvidence.BodyState.allCases {
            for flags in 0..<16 {
                let item = evidence(.fault(fault)) {
                    $0.isIdempotent = flags & 1 != 0
                    $0.requestBytesSent = flags & 2 != 0
                    $0.connection = flags & 4 != 0 ? .kept : .fresh
                    $0.body = body
                }
                let settings = flags & 8 != 0 ? RetrySettings() : nil
                let verdict = RetryPolicy.decide(item, settings)
                #expect(verdict == expected(fault, item, settings != nil), "\(item)")
            }
        }
    }

    /// The rules once more, from the fault's name and in another order.
    private func expected(_ fault: Fault, _ item: AttemptEvidence, _ isOn: Bool) -> RetryVerdict {
        let isStale = fault == .upstreamStale && item.connection == .kept
        let isUnsafe = item.requestBytesSent && !item.isIdempotent
        let side = fault.rawValue.split(separator: ".")[0]
        switch side {
        case "connect":
            if item.body == .lost { return .no(.bodyLost) }
            return isUnsafe ? .no(.mayBeProcessed) : Self.onward
        case "upstream" where !item.requestBytesSent && (fault == .upstreamStale || fault == .upstreamClosed):
            if item.body == .lost { return .no(.bodyLost) }
            return item.connection == .kept ? Self.reopened : Self.onward
        case "upstream" where fault != .upstreamTruncated:
            if !isStale && !isOn { return .no(.isOff) }
            if isUnsafe { return .no(.mayBeProcessed) }
            if !item.isIdempotent { return .no(.notIdempotent) }
            if item.body == .lost { return .no(.bodyLost) }
            return isStale ? Self.reopened : Self.elsewhere
        default: return .no(.isFinal)
        }
    }

    @Test("every refusal has words of its own")
    func words() {
        let refusals: [RetryRefusal] = [
            .isFinal, .isOff, .statusNotListed(404), .mayBeProcessed, .notIdempotent, .bodyLost, .sentOften(3),
            .triedOften(16), .timedOutOften(2), .noneLeft, .budgetSpent,
        ]
        #expect(Set(refusals.map(\.text)).count == refusals.count)
        #expect(RetryRefusal.sentOften(3).text == "sent 3 times already")
        #expect(RetryRefusal.sentOften(1).text == "sent once already")
        #expect(RetryRefusal.statusNotListed(404).text == "status 404 is not listed under retry")
    }

    // MARK: Waiting for any endpoint

    @Test("what was sent nowhere may wait, whatever it is; what was sent, only if it may be sent again")
    func holdAfterConnect() {
        for (isIdempotent, sends) in [(true, 0), (false, 0), (true, 3), (false, 1)] {
            let asked = evidence(.fault(.connectRefused)) { ($0.isIdempotent, $0.sends) = (isIdempotent, sends) }
            #expect(HoldPolicy.takes(asked, nil) == (isIdempotent || sends == 0))
        }
    }

    @Test("where a connection has ended, a request waits that may be sent again, for one more send than else allowed")
    func holdAfterEnd() {
        func takes(_ fault: Fault, _ change: (inout AttemptEvidence) -> Void = { _ in }) -> Bool {
            HoldPolicy.takes(evidence(.fault(fault), change), RetrySettings())
        }
        for fault in Fault.allCases {
            let ends = fault.row.retry == .nothingSent || [.upstreamClosed, .upstreamStale].contains(fault)
            #expect(takes(fault) == ends, "\(fault)")
        }
        #expect(takes(.upstreamClosed) { $0.sends = RetrySettings().attempts })
        #expect(!takes(.upstreamClosed) { $0.sends = RetrySettings().attempts + 1 })
        #expect(!takes(.upstreamClosed) { $0.isIdempotent = false })
        #expect(!takes(.upstreamClosed) { $0.body = .lost })
        #expect(!takes(.upstreamClosed) { $0.responseBytes = true })
        #expect(!HoldPolicy.takes(evidence(.fault(.upstreamClosed)), nil))
        #expect(!HoldPolicy.takes(evidence(.status(503)), RetrySettings()))
    }
}

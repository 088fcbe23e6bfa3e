// The phases of an exchange. Pure: events in, one action out; all effects are Exchange's.
// The chart of phases and events stands above the type.

package import RelevoPolicy

/// The phases of one exchange.
///
///      awaitingHead -> routing -> connecting(n) -> forwarding -> done
///                         ^            |
///                         +--- retry --+      n is bounded by RetryPolicy, and nothing irreversible was sent
///      forwarding = request (flowing | ended) x response (awaitingHead | flowing), independent of each other
///      any phase --fault--> done:  response head not yet forwarded -> the client gets an answer
///                                  already forwarded               -> both connections end
///      event               awaitingHead  routing     connecting            forwarding
///      headReceived        route         -           -                     -
///      clusterChosen       -             connect     -                     -
///      answeredLocally     -             done        -                     -
///      connected           -             -           sendHead              -
///      connectFailed       -             -           connect or answer     -
///      becameStale         -             -           -                     connect or answer
///      requestEnded        -             -           -                     none, awaitResponse
///      responseBegan       -             -           -                     none
///      switchedProtocols   -             -           -                     none
///      responseEnded       -             -           -                     finish
///      failed              answer        answer      answer                answer or abort
///      clientLeft          abandon       abandon     abandon               abandon
package struct ExchangeStateMachine: BitwiseCopyable {
    /// The side that carries the request's body.
    package enum RequestSide: Sendable, Hashable, BitwiseCopyable { case flowing, ended }
    /// The side that carries the response.
    package enum ResponseSide: Sendable, Hashable, BitwiseCopyable { case awaitingHead, flowing }

    /// Where the exchange is.
    package enum State: Sendable, Hashable, BitwiseCopyable {
        /// No head yet.
        case awaitingHead
        /// The head is being judged.
        case routing
        /// The n-th attempt to open a connection runs.
        case connecting(Int)
        /// The head is on its way.
        case forwarding(RequestSide, ResponseSide)
        /// The exchange is over.
        case done
    }

    /// What the owner has to do.
    package enum Action: Sendable, Hashable {
        /// Nothing.
        case none
        /// Judge the head.
        case route
        /// Open a connection to an endpoint that was not tried yet.
        case connect
        /// Send the head and begin to forward.
        case sendHead
        /// The request is complete: the wait for the response begins.
        case awaitResponse
        /// Answer the client and end.
        case answer(Fault)
        /// The client has a part of the response: end both connections so that it notices.
        case abort(Fault)
        /// Both sides are complete. `requestComplete` says whether the client's next bytes are a new request.
        case finish(requestComplete: Bool)
        /// There is nobody to answer: end both connections.
        case abandon
    }

    /// Where the exchange is.
    package private(set) var state = State.awaitingHead
    private var attempts = 0

    /// Creates a machine that awaits a head.
    package init() {}

    /// A complete head has come.
    package mutating func headReceived() -> Action {
        guard state == .awaitingHead else { return .none }
        state = .routing
        return .route
    }

    /// The head goes to a cluster.
    package mutating func clusterChosen() -> Action {
        guard state == .routing else { return .none }
        attempts = 1
        state = .connecting(attempts)
        return .connect
    }

    /// The proxy has answered by itself.
    package mutating func answeredLocally() { state = .done }

    /// The connection to the endpoint is open.
    package mutating func connected() -> Action {
        guard case .connecting = state else { return .none }
        state = .forwarding(.flowing, .awaitingHead)
        return .sendHead
    }

    /// A kept connection ended before a byte of the response; `isRepeatable` says whether the request can go again.
    package mutating func becameStale(isRepeatable: Bool) -> Action {
        guard case .forwarding(_, .awaitingHead) = state else { return .none }
        var evidence = AttemptEvidence(.fault(.upstreamStale))
        evidence.connection = .kept
        evidence.isIdempotent = isRepeatable
        evidence.body = .none
        return connectAgain(evidence) ?? failed(.upstreamStale)
    }

    /// An attempt to open a connection has failed; `timeouts` counts those that ran into the connect timeout.
    package mutating func connectFailed(_ fault: Fault, timeouts: Int) -> Action {
        guard case .connecting = state else { return .none }
        var evidence = AttemptEvidence(.fault(fault))
        evidence.requestBytesSent = false
        evidence.body = .untouched
        evidence.connectTimeouts = timeouts
        // Whether one is left is found out by looking for it.
        evidence.hasUntried = true
        return connectAgain(evidence) ?? failed(fault)
    }

    /// Begins another attempt if the evidence allows one.
    private mutating func connectAgain(_ evidence: AttemptEvidence) -> Action? {
        var evidence = evidence
        evidence.attempts = attempts
        guard case .another = RetryPolicy.decide(evidence, nil) else { return nil }
        attempts += 1
        state = .connecting(attempts)
        return .connect
    }

    /// The request's body is complete, or given up.
    package mutating func requestEnded() -> Action {
        switch state {
        case .forwarding(.flowing, .awaitingHead):
            state = .forwarding(.ended, .awaitingHead)
            return .awaitResponse
        case .forwarding(.flowing, .flowing):
            state = .forwarding(.ended, .flowing)
            return .none
        case .awaitingHead, .routing, .connecting, .forwarding(.ended, _), .done:
            return .none
        }
    }

    /// The response's final head goes to the client.
    package mutating func responseBegan() {
        if case .forwarding(let request, .awaitingHead) = state { state = .forwarding(request, .flowing) }
    }

    /// The response's head takes both sides out of HTTP: the request side flows again, until its end.
    package mutating func switchedProtocols() {
        if case .forwarding(_, .awaitingHead) = state { state = .forwarding(.flowing, .flowing) }
    }

    /// The response is complete.
    package mutating func responseEnded() -> Action {
        guard case .forwarding(let request, .flowing) = state else { return .none }
        state = .done
        return .finish(requestComplete: request == .ended)
    }

    /// Something went wrong that another attempt cannot mend.
    package mutating func failed(_ fault: Fault) -> Action {
        switch state {
        case .done: return .none
        case .awaitingHead, .routing, .connecting, .forwarding(_, .awaitingHead):
            state = .done
            return .answer(fault)
        case .forwarding(_, .flowing):
            state = .done
            return .abort(fault)
        }
    }

    /// The client cannot be reached any more.
    package mutating func clientLeft() -> Action {
        guard state != .done else { return .none }
        state = .done
        return .abandon
    }

    /// Whether a response head may still be received.
    package var awaitsResponseHead: Bool {
        if case .forwarding(_, .awaitingHead) = state { true } else { false }
    }

    /// Whether a part of the response has gone to the client.
    package var isResponding: Bool {
        if case .forwarding(_, .flowing) = state { true } else { false }
    }

    /// Whether the client still owes request body.
    package var isReceivingRequest: Bool {
        if case .forwarding(.flowing, _) = state { true } else { false }
    }
}

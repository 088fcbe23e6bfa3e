// The phases of an exchange. Pure: events in, one action out; all effects are Exchange's.
// The chart of phases and events stands above the type.

package import RelevoPolicy

/// The phases of one exchange.
///
///      awaitingHead -> routing -> connecting(n) -> forwarding -> done
///                                   ^       |          |
///                                   |       +----------+    an attempt has failed, and RetryPolicy allows another
///                                   +------ waiting <--+    (at once, or after a wait)
///      forwarding = request (flowing | ended) x response (awaitingHead | flowing), independent of each other
///      any phase --fault--> done:  response head not yet forwarded -> the client gets an answer
///                                  already forwarded               -> both connections end
///      event              awaitingHead  routing  connecting     waiting  forwarding
///      headReceived       route         -        -              -        -
///      clusterChosen      -             connect  -              -        -
///      answeredLocally    -             done     -              -        -
///      connected          -             -        sendHead       -        -
///      triesAgain         -             -        connect, wait  -        connect, wait
///      waitEnded          -             -        -              connect  -
///      requestEnded       -             -        -              -        none, awaitResponse
///      responseBegan      -             -        -              -        none
///      switchedProtocols  -             -        -              -        none
///      responseEnded      -             -        -              -        finish
///      failed             answer        answer   answer         answer   answer or abort
///      clientLeft         abandon       abandon  abandon        abandon  abandon
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
        /// So many attempts were made; the next one has to wait.
        case waiting(Int)
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
        /// Open a connection to an endpoint.
        case connect
        /// Wait until the next attempt may be made.
        case wait
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

    /// An attempt has failed, to connect or later, and another is allowed: at once, or after a wait. The client has got
    /// nothing of a response yet.
    package mutating func triesAgain(later: Bool) -> Action {
        switch state {
        case .connecting, .forwarding(_, .awaitingHead): break
        case .awaitingHead, .routing, .waiting, .forwarding(_, .flowing), .done: return .none
        }
        guard later else { return connectAgain() }
        state = .waiting(attempts)
        return .wait
    }

    /// The wait for the next attempt is over.
    package mutating func waitEnded() -> Action {
        guard case .waiting = state else { return .none }
        return connectAgain()
    }

    private mutating func connectAgain() -> Action {
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
        case .awaitingHead, .routing, .connecting, .waiting, .forwarding(.ended, _), .done:
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
        case .awaitingHead, .routing, .connecting, .waiting, .forwarding(_, .awaitingHead):
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

    /// Whether there is no endpoint that the request goes to at the moment.
    package var isBetweenEndpoints: Bool {
        switch state {
        case .connecting, .waiting: true
        case .awaitingHead, .routing, .forwarding, .done: false
        }
    }

    /// Whether the client still owes request body.
    package var isReceivingRequest: Bool {
        if case .forwarding(.flowing, _) = state { true } else { false }
    }
}

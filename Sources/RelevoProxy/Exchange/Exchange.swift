// One request and its response: carries out what the state machine decides. The request's side, the response's side,
// the attempts to connect and the ways to end are in files of their own.

import CLibevent
import RelevoHTTP
import RelevoPolicy

/// An exchange between a client and an endpoint. Confined to its worker's thread; used again and again.
///
/// It keeps the snapshot that it started with. It never assumes to be its client's only exchange.
final class Exchange {
    let worker: Worker
    /// The client; nil while the exchange waits to be used.
    private(set) var client: ClientConnection?
    var machine = ExchangeStateMachine()
    var record = ExchangeRecord()
    /// The identifier that a trusted peer gave, or what was made; empty until it is needed.
    var ownRequestID: [UInt8] = []
    /// The client's address: the peer's, or what a trusted peer says.
    var clientAddress: [UInt8] = []
    /// Its place in a trace, if there are traces.
    var trace = TraceContext()
    /// What the embedding program makes of it, if that traces requests itself.
    var traced: (any TracedExchange)?
    /// Whether its answer says how it came to be.
    var wantsExplanation = false
    /// More about the fault: the parser's words, the system's error.
    var detail: String?

    // The request and its way to the endpoint.
    var request = RequestHead()
    var traits = RequestTraits()
    let requestLane = ForwardLane()
    /// Whether the request's body is spliced, and what of it is in a pipe.
    var isSplicingRequest = false
    var requestPipe: SplicePipe?
    /// The domain, if one was found.
    private(set) var domain: Domain?
    /// The number of its route in the snapshot.
    var routeNumber: Int?
    /// Whether bytes go on as they came, but for the Connection field.
    private(set) var isClassic = false
    /// What endpoints are told about the client.
    private(set) var forwarded = ForwardedMode.xForwarded
    /// Whether the domain lets connections outlive an exchange.
    private(set) var keepsConnections = true
    /// Whether the domain tells browsers about TLS, in place of its endpoints.
    private(set) var saysStrictTransport = false
    /// The cluster, if the request goes to one.
    var cluster: ClusterState?
    /// How long the endpoint took no more of the body, in nanoseconds: not the client's fault.
    var pausedTime: UInt64 = 0
    /// When it stopped taking it.
    var pausedSince: MonotonicTime?
    /// Whether the client may be waiting for a 100 before it sends the body (RFC 9110 §10.1.1).
    var awaitsContinue = false
    /// Whether bytes of the request may have gone to an endpoint.
    var hasForwarded = false
    /// Whether what has gone there counts as not received: nothing of it was acknowledged.
    var isUnread = false
    /// Whether the endpoint stopped taking the request before all of it was sent.
    var requestWasCutOff = false
    var patience: Patience
    private(set) var snapshot: ProxySnapshot

    // The endpoint.
    /// The endpoint of the last attempt.
    var target: EndpointState?
    var upstream: UpstreamConnection?
    var upstreamHasEnded = false
    /// Whether a kept connection has failed this request already: the next one is opened anew.
    var avoidsPool = false
    /// The chosen endpoint's position in the cluster.
    var position: Int?
    /// The position that the client's cookie names.
    var preferred: Int?
    /// What is remembered for the case that an attempt fails.
    let history = AttemptHistory()
    /// Addresses of the current endpoint that were not tried yet.
    var addresses = AddressTurn()
    /// Its places, where there are limits, and the line in which it waits for one.
    var line = PlaceInLine()
    /// Whether the chosen endpoint has an attempt that is not over.
    var isAttempting = false

    // The response and its way to the client.
    var response = ResponseHead()
    var responseTraits = ResponseTraits()
    var responseScanner = HeadScanner()
    let responseLane = ForwardLane()
    /// Whether the response's body is spliced, and what of it is in a pipe.
    var isSplicingResponse = false
    var responsePipe: SplicePipe?
    var interimResponses = 0
    /// Whether both sides have left HTTP (RFC 9110 §7.8).
    var isTunnel = false
    /// Whether the client's connection goes on after this exchange.
    var persists = false

    private let deadline = Deadline()
    /// The next in the worker's list of spare exchanges.
    var nextSpare: Exchange?

    init(worker: Worker) {
        self.worker = worker
        snapshot = worker.snapshot
        patience = worker.snapshot.patience
        deadline.onExpired = { [unowned self] in expired() }
    }

    /// Begins an exchange for a client whose head began to arrive at `started`.
    func begin(for client: ClientConnection, started: MonotonicTime) {
        self.client = client
        if snapshot !== worker.snapshot { snapshot = worker.snapshot }
        patience = snapshot.patience
        clientAddress = client.peerHost
        record.started = started
        record.headComplete = started
        record.requestNumber = client.requestCount
        worker.stats.requests += 1
    }

    /// Takes note of the domain and the route that the request is for.
    func belongs(to match: RequestMatch) {
        domain = match.domain
        routeNumber = match.route?.number
        guard let domain else { return }
        isClassic = domain.isClassic
        forwarded = domain.forwarded
        keepsConnections = domain.connection != .close
        saysStrictTransport = !domain.hsts.isEmpty
    }

    /// Forgets everything but the memory that the next exchange can use.
    func reset() {
        worker.wheel.unset(deadline)
        client = nil
        machine = ExchangeStateMachine()
        if !ownRequestID.isEmpty { ownRequestID.removeAll(keepingCapacity: true) }
        clientAddress = []
        trace = TraceContext()
        traced = nil
        wantsExplanation = false
        detail = nil
        request.reset()
        traits = RequestTraits()
        requestLane.reset()
        domain = nil
        routeNumber = nil
        isClassic = false
        forwarded = .xForwarded
        keepsConnections = true
        saysStrictTransport = false
        cluster = nil
        pausedTime = 0
        pausedSince = nil
        awaitsContinue = false
        hasForwarded = false
        isUnread = false
        requestWasCutOff = false
        target = nil
        upstream = nil
        upstreamHasEnded = false
        avoidsPool = false
        position = nil
        preferred = nil
        if history.isUsed { history.reset() }
        addresses = AddressTurn()
        isAttempting = false
        line = PlaceInLine()
        record = ExchangeRecord()
        response.reset()
        responseTraits = ResponseTraits()
        responseScanner = HeadScanner()
        responseLane.reset()
        interimResponses = 0
        isTunnel = false
        persists = false
    }

    /// The only place with effects: does what the state machine has decided.
    func perform(_ action: ExchangeStateMachine.Action) {
        switch action {
        case .none: break
        case .route: route()
        case .connect: connect()
        case .wait:
            worker.wheel.unset(deadline)
            armDeadline()
        case .sendHead: sendHead()
        case .awaitResponse:
            record.sent = now
            endpointIsDue()
            armDeadline()
        case .answer(let fault): answer(fault)
        case .abort(let fault): abort(fault)
        case .finish(let requestComplete): finish(requestComplete: requestComplete)
        case .abandon: abandon()
        }
    }

    /// Fails the exchange for a reason that no other endpoint could mend.
    func fail(_ fault: Fault, detail: String? = nil) {
        if let detail { self.detail = detail }
        perform(machine.failed(fault))
    }
}

// MARK: - Deadlines

extension Exchange {
    /// Sets the deadline that fits the phase. Called whenever bytes have moved.
    func armDeadline() {
        guard let wait = currentPatience else { return }
        worker.wheel.set(deadline, at: now.advanced(by: wait))
    }

    /// The time of the event that is being handled.
    var now: MonotonicTime { worker.loop.now }

    /// How long the exchange waits for the next byte, or for the connection, in nanoseconds.
    private var currentPatience: UInt64? {
        let usual: UInt64? =
            switch machine.state {
            case .awaitingHead, .routing, .done: nil
            case .waiting: isHalfClosed ? .max : nil
            case .connecting: canRace ? min(patience.connect, Self.raceDelay) : patience.connect
            case .forwarding(.flowing, .awaitingHead) where awaitsContinue: patience.response
            case .forwarding(.flowing, .awaitingHead) where requestLane.paused.isEmpty: bodyPatience
            case .forwarding(.flowing, .awaitingHead): min(patience.stream, Self.vanishCheck)
            case .forwarding(.ended, .awaitingHead): patience.response
            case .forwarding(_, .flowing): isTunnel ? patience.tunnel : patience.stream
            }
        guard let usual else { return nil }
        let patience = min(usual, graceLeft ?? .max)
        return isHalfClosed ? min(patience, halfClosePatience) : patience
    }

    /// How long the client may be silent while it owes request body. A body that drips has to keep up an average rate
    /// as well, or a thousand slow clients could hold a thousand connections to an endpoint for days.
    private var bodyPatience: UInt64 {
        let rate = snapshot.limits.bodyRate
        guard rate > 0 else { return patience.body }
        let worth = UInt64(requestLane.bytesTaken / rate).multipliedReportingOverflow(by: 1_000_000_000)
        let until = record.headComplete.advanced(by: patience.body).advanced(by: pausedTime)
        let earned = until.advanced(by: worth.overflow ? .max : worth.partialValue)
        return min(patience.body, earned.nanoseconds(since: now))
    }

    /// Whether the client has ended its side after a complete request. It may be waiting for the answer (RFC 9112
    /// §9.6) or gone altogether: the same packet says both, so its silence is trusted for a short time only.
    private var isHalfClosed: Bool {
        guard let client, client.hasEnded, !isTunnel else { return false }
        return !machine.isReceivingRequest
    }

    /// How long a client that has ended its side is still believed to wait. While no endpoint has its request, nothing
    /// that happens renews that: a client that is gone must not have its order carried out later.
    private var halfClosePatience: UInt64 {
        guard machine.isBetweenEndpoints else { return patience.halfClose }
        let since = record.clientEnded ?? record.headComplete
        let gone = now.nanoseconds(since: since)
        return patience.halfClose > gone ? patience.halfClose - gone : 0
    }

    /// How often a client is looked at while nothing is read from it, in nanoseconds.
    private static let vanishCheck: UInt64 = 1_000_000_000

    /// The endpoint takes no more of the body, so nothing is read from the client and its end goes unnoticed: asks.
    private func checkPausedRequest() {
        if client?.bufferevent.isReset ?? true {
            perform(machine.clientLeft())
        } else if let since = pausedSince, now >= since.advanced(by: patience.stream) {
            attemptFailed(.upstreamTimeout, detail: nil)
        } else {
            armDeadline()
        }
    }

    private func expired() {
        if case .connecting = machine.state, beginRace() { return }
        if graceLeft == 0 {
            endpointIsDone()
            armDeadline()
            return
        }
        if isHalfClosed {
            perform(machine.clientLeft())
            return
        }
        switch machine.state {
        case .awaitingHead, .routing, .waiting, .done: break
        case .connecting:
            let isHandshaking = upstream?.bufferevent.isHandshaking ?? false
            connectFailed(.connectTimeout, detail: isHandshaking ? "no end of the TLS handshake" : nil)
        case .forwarding(.flowing, .awaitingHead) where !requestLane.paused.isEmpty: checkPausedRequest()
        case .forwarding(.flowing, .awaitingHead) where awaitsContinue: fail(.upstreamTimeout)
        case .forwarding(.flowing, .awaitingHead): fail(.clientBodyTimeout)
        case .forwarding(.ended, .awaitingHead):
            endpointWasSilent()
            attemptFailed(.upstreamTimeout, detail: nil)
        case .forwarding(_, .flowing):
            // Whoever the bytes wait for is to blame.
            if responseLane.paused.isEmpty, !isTunnel {
                record.fellSilent = true
                fail(.upstreamTruncated, detail: "silence")
            } else {
                perform(machine.clientLeft())
            }
        }
    }
}

@available(*, unavailable)
extension Exchange: Sendable {}

// A client's connection: finds request heads, runs one exchange after another, ends without losing an answer.
// What becomes of a request is Exchange's matter.

import CLibevent
import RelevoHTTP
import RelevoPolicy

/// One accepted connection. Confined to its worker's thread.
///
///     idle -> head -> exchanging -> idle ...
///     any  -> flushing -> lingering -> closed
final class ClientConnection {
    enum State {
        /// Between two requests; nothing of the next has come.
        case idle
        /// A part of a head has come.
        case head
        /// An exchange runs.
        case exchanging(Exchange)
        /// The last answer is on its way out.
        case flushing(Linger)
        /// Our side is shut; what the client still sends is thrown away, so that no reset destroys the answer.
        case lingering
        /// Over.
        case closed
    }

    /// Whether unread bytes of the client are to be expected when its connection ends.
    enum Linger { case needed, needless }

    /// How long an ended connection is listened to (RFC 9112 §9.6), in nanoseconds.
    static let lingerTime: UInt64 = 2_000_000_000

    /// The same for one that was refused because there are too many of its address: its place is wanted.
    static let refusedLingerTime: UInt64 = 250_000_000

    /// How long one stays, in nanoseconds, whose request may be on its way or unread though its time is over.
    static let drainPatience: UInt64 = 500_000_000

    let worker: Worker
    let bufferevent: Bufferevent
    let peer: SocketAddress
    /// What it met at the listener that it came to.
    let door: Door
    /// The peer as text, without port: for logs.
    let peerHost: [UInt8]
    /// The same as lines of the log have it; empty before the first.
    var logText: [UInt8] = []
    /// The peer's IP address as text, for fields; empty if it has none.
    let address: [UInt8]
    /// The place in the worker's list.
    var index: Int
    /// Whether the peer is one of the trusted proxies. Who can open a unix socket is a matter of the file system: such
    /// peers are trusted by that, if anybody is.
    let isTrusted: Bool
    /// Requests whose head was received on this connection.
    private(set) var requestCount = 0
    /// Whether the client will send nothing more.
    private(set) var hasEnded = false
    /// Whether nothing can be sent to the client any more.
    private(set) var isBroken = false
    /// What is known of its TLS; nil for plain connections.
    private(set) var security: ClientSecurity?
    /// What a header has told of it, beside ``peer``; nil if none has told of a client.
    let announcement: Announcement?
    /// Connections to endpoints that have told of this one, between two requests; nil before the first.
    var upstreams: ClientUpstreams?
    /// Whether the listener that it came to is gone.
    var isLeaving = false
    var leavesPatiently = false
    private var isCounted = false
    private var isRefused = false
    var state = State.idle
    private var scanner = HeadScanner()
    private var headStarted = MonotonicTime(nanoseconds: 0)
    private var emptyLines = 0
    private var isParsing = false
    private let deadline = Deadline()

    init(worker: Worker, bufferevent: Bufferevent, arrival: Arrival, index: Int) {
        self.worker = worker
        self.bufferevent = bufferevent
        peer = arrival.peer
        announcement = arrival.announcement
        door = arrival.door
        self.index = index
        peerHost = Array(peer.host.utf8)
        address = SocketAddress.fieldText(peerHost)
        let trusted = worker.snapshot.trustedProxies
        isTrusted = !trusted.isEmpty && (peer.ip.map { trusted.trusts($0) } ?? true)
        if bufferevent.phase == .connecting { security = ClientSecurity(self, began: worker.loop.now) }
    }

    /// Whether it ends with the next response: the proxy does, or the listener that it came to is gone.
    var isEnding: Bool { worker.isDraining || isLeaving }

    /// Whether it ends only with a response that says so.
    private var isPatient: Bool { worker.isDraining ? worker.drainManner == .patient : leavesPatiently }

    /// The exchange that runs.
    var currentExchange: Exchange? { if case .exchanging(let exchange) = state { exchange } else { nil } }

    /// Begins to read. Called once.
    func start() {
        bufferevent.onArrival = { [unowned self] in arrived($0) }
        bufferevent.onRead = { [unowned self] in readable() }
        bufferevent.onWritten = { [unowned self] in written() }
        bufferevent.onProgress = { [unowned self] in progressed() }
        bufferevent.onSignal = { [unowned self] in signalled($0) }
        deadline.onExpired = { [unowned self] in expired() }
        bufferevent.setReadHighMark(max(ForwardLane.highMark, worker.snapshot.limits.headBytes + 4096))
        bufferevent.startReading()
        headStarted = worker.loop.now
        if let security { worker.handshakeBegan(security) }
        if let address = peer.ip, !isTrusted {
            isCounted = worker.census.enter(address)
            guard isCounted else {
                isRefused = true
                beginExchange().refuse(.clientRateLimited)
                return
            }
        }
        // The first head has to come as quickly as any other: a silent connection is not a keep-alive one.
        wait(isShakingHands ? worker.snapshot.patience.handshake : worker.snapshot.patience.head)
    }

    func wait(_ nanoseconds: UInt64) {
        worker.wheel.set(deadline, at: worker.loop.now.advanced(by: nanoseconds))
    }
}

// MARK: - Events

extension ClientConnection {
    private func readable() {
        switch state {
        case .idle, .head: parse()
        case .exchanging(let exchange): exchange.clientReadable()
        case .lingering:
            bufferevent.input.drain(bufferevent.input.length)
            // The request has come: what the answer could be lost to is gone.
            if isRefused { close(.orderly) }
        case .flushing, .closed: break
        }
    }

    private func written() {
        switch state {
        case .exchanging(let exchange): exchange.clientDrained()
        case .flushing(let linger): if bufferevent.output.isEmpty { flushed(linger) }
        case .idle, .head: parse()
        case .lingering, .closed: break
        }
    }

    private func progressed() {
        switch state {
        case .exchanging(let exchange): exchange.clientProgressed()
        case .flushing: wait(worker.snapshot.patience.stream)
        case .idle where hasBacklog: wait(worker.snapshot.patience.stream)
        case .idle, .head, .lingering, .closed: break
        }
    }

    func signalled(_ signal: BuffereventSignal) {
        switch signal {
        case .connected:
            shookHands()
            // The first head has its time from now on.
            headStarted = worker.loop.now
            if case .idle = state { wait(worker.snapshot.patience.head) }
            if case .flushing(let linger) = state, bufferevent.output.isEmpty { flushed(linger) }
        case .endOfStream:
            hasEnded = true
            ended()
        case .failed(let error):
            if isShakingHands { handshakeFailed(error) }
            hasEnded = true
            isBroken = true
            if case .exchanging(let exchange) = state { exchange.clientLeft() } else { close(.orderly) }
        }
    }

    private func ended() {
        switch state {
        case .exchanging(let exchange): exchange.clientEnded()
        case .lingering: close(.orderly)
        case .idle, .head: parse()
        case .flushing, .closed: break
        }
    }

    private func expired() {
        if isShakingHands { return handshakeExpired() }
        switch state {
        case .idle where hasBacklog: close(.reset)
        // Its request has come while this loop did something else: it is read in a moment.
        case .idle where !bufferevent.isQuiet: wait(Self.drainPatience)
        case .idle where requestCount > 0: finish(.needless)
        case .idle, .lingering, .flushing: close(.orderly)
        case .head: beginExchange().refuse(.clientHeadTimeout)
        case .exchanging, .closed: break
        }
    }
}

// MARK: - Heads

extension ClientConnection {
    /// Reads heads until bytes or patience are missing. Exchanges that end at once come back here, not deeper.
    private func parse() {
        guard !isParsing else { return }
        isParsing = true
        defer { isParsing = false }
        while isReady, !bufferevent.input.isEmpty {
            // Answers that the client does not read must not pile up: the next request waits until they have left.
            guard bufferevent.output.length < ForwardLane.highMark else {
                bufferevent.setWriteLowMark(ForwardLane.highMark / 2)
                if case .idle = state { wait(worker.snapshot.patience.stream) }
                return
            }
            do throws(HTTPParseError) {
                guard try parseOne() else {
                    // Half a head and then the end: nothing to answer, but worth a log line.
                    if hasEnded { beginExchange().clientLeft() }
                    return
                }
            } catch {
                beginExchange().refuse(error)
            }
        }
        if hasEnded, isReady, bufferevent.input.isEmpty { finish(.needless) }
    }

    /// Whether requests wait until their client has read answers to earlier ones.
    private var hasBacklog: Bool { !bufferevent.input.isEmpty }

    private var isReady: Bool {
        switch state {
        case .idle, .head: true
        case .exchanging, .flushing, .lingering, .closed: false
        }
    }

    /// Takes what has arrived if it is one whole head and nothing else, as most requests are.
    private func arrived(_ bytes: Span<UInt8>) -> Bool {
        guard case .idle = state, bufferevent.output.length < ForwardLane.highMark else { return false }
        var scanner = HeadScanner()
        guard let length = try? scanner.scan(bytes, limits: worker.headLimits), length == bytes.count, length > 2
        else { return false }
        headStarted = worker.loop.now
        beginExchange().headReceived(bytes)
        return true
    }

    /// Looks for a head; false if more bytes are needed.
    private func parseOne() throws(HTTPParseError) -> Bool {
        if case .idle = state {
            state = .head
            headStarted = worker.loop.now
            worker.wheel.set(deadline, at: headStarted.advanced(by: worker.snapshot.patience.head))
        }
        let limits = worker.headLimits
        var scanner = scanner
        var found: Int?
        try bufferevent.input.forEachSegment(from: scanner.examined) { (segment) throws(HTTPParseError) in
            found = try scanner.scan(segment, limits: limits)
            return found == nil
        }
        self.scanner = found == nil ? scanner : HeadScanner()
        guard let length = found else { return false }
        if length == 2, emptyLines < 2 {
            // RFC 9112 §2.2: an empty line before the request line is ignored; not an endless number of them.
            emptyLines += 1
            bufferevent.input.drain(2)
            state = .idle
            if requestCount > 0 { wait(worker.snapshot.patience.idle) }
            return true
        }
        beginExchange().headReceived(bufferevent.input, length)
        return true
    }

    private func beginExchange() -> Exchange {
        let exchange = worker.takeExchange()
        state = .exchanging(exchange)
        requestCount += 1
        emptyLines = 0
        scanner = HeadScanner()
        worker.wheel.unset(deadline)
        exchange.begin(for: self, started: headStarted)
        return exchange
    }
}

// MARK: - Ending

extension ClientConnection {
    /// What becomes of the connection after an exchange.
    enum Continuation {
        /// The next request may come.
        case keep
        /// The connection ends when its output is flushed.
        case end(Linger)
        /// The connection ends at once, so that the client sees that the answer is not complete.
        case cut
    }

    /// The exchange is over; called by it once, as its last act.
    func exchangeEnded(_ exchange: Exchange, _ continuation: Continuation) {
        worker.giveBack(exchange)
        state = .idle
        switch continuation {
        case .keep where (!isEnding || isPatient) && mayAskMore:
            // One that was not told of the end may have sent its next request already.
            wait(worker.snapshot.patience.idle)
            if hasEnded || !bufferevent.input.isEmpty { parse() }
        case .keep: finish(.needless)
        case .end(let linger): finish(linger)
        case .cut: close(.reset)
        }
    }

    /// Whether another request can come, or has come already.
    var mayAskMore: Bool { !hasEnded || !bufferevent.input.isEmpty }

    /// Ends the connection once its output is flushed.
    func finish(_ linger: Linger) {
        let linger: Linger = hasEnded ? .needless : hasUnread ? .needed : linger
        state = .flushing(linger)
        bufferevent.setWriteLowMark(0)
        bufferevent.flush()
        if bufferevent.output.isEmpty {
            flushed(linger)
        } else {
            wait(isShakingHands ? worker.snapshot.patience.handshake : worker.snapshot.patience.stream)
        }
    }

    /// Whether bytes have come that nobody will read, also such as the system has not handed over yet: they make it
    /// drop an answer that is on its way, and reset the connection.
    private var hasUnread: Bool { !bufferevent.input.isEmpty || !bufferevent.isQuiet }

    private func flushed(_ linger: Linger) {
        switch linger {
        case .needless: close(.orderly)
        case .needed where hasEnded: close(.orderly)
        case .needed:
            state = .lingering
            bufferevent.shutdownOutput()
            bufferevent.input.drain(bufferevent.input.length)
            wait(isRefused ? Self.refusedLingerTime : Self.lingerTime)
        }
    }

    /// Ends the connection at once. Idempotent.
    func close(_ ending: Bufferevent.Ending) {
        if case .closed = state { return }
        if case .exchanging(let exchange) = state {
            exchange.clientLeft()
            return
        }
        state = .closed
        if let security { worker.handshakeEnded(security) }
        if isCounted, let address = peer.ip { worker.census.leave(address) }
        worker.wheel.remove(deadline)
        upstreams?.endAll()
        bufferevent.retire(ending)
        worker.remove(self)
    }
}

@available(*, unavailable)
extension ClientConnection: Sendable {}

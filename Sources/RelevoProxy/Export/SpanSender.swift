// Sends spans to their collector, one request after another, and waits when that does not take them.
// Confined to the exporter's thread; what may wait at most is SpanExporter's matter.

import CLibevent
import CLibeventDNS
import CLibeventTLS
import RelevoPolicy

/// Spans that were handed over together, and what became of them.
struct SpanBatch: Sendable {
    /// Spans in JSON, each with a comma behind it.
    var bytes: [UInt8] = []
    /// How many.
    var spans = 0
}

/// What a sender tells whoever has made it.
struct SpanEvents: Sendable {
    /// So many spans, of so many bytes, were taken or are lost.
    var settled: @Sendable (_ taken: Int, _ lost: Int, _ bytes: Int) -> Void
    /// News for the operator.
    var notify: @Sendable (ProxyNotice) -> Void
}

/// The exporter's end of the mailbox.
final class SpanSender {
    /// Bytes of spans in one request, unless a single block has more.
    static let batchBytes = 512 * 1024
    /// How long spans wait for others.
    static let gatherTime: Duration = .seconds(1)
    private static let longestPause = 30
    /// How often one request is sent at most: about eight minutes' worth.
    private static let mostTries = 20

    /// What the timer runs for.
    private enum Wait {
        case none
        /// For more spans.
        case gathering
        /// For a collector that has failed.
        case backingOff
    }

    private let loop: EventLoop
    private let collector: TraceCollector
    private let frame: (before: [UInt8], after: [UInt8])
    private let security: EndpointSecurity
    private let makeSource: () throws(DNSFailure) -> any NameSource
    private let events: SpanEvents
    private var source: (any NameSource)?
    private var queue: [SpanBatch] = []
    private var batch: SpanBatch?
    private var call: CollectorCall?
    private var pause: Timer?
    private var wait = Wait.none
    /// Bytes of the queue.
    private var queued = 0
    private var isAsking = false
    private var failures = 0
    private var isTroubled = false
    private var onEmpty: (() -> Void)?

    init(
        loop: EventLoop, _ target: SpanTarget, _ events: SpanEvents
    ) throws(SystemError) {
        self.loop = loop
        self.events = events
        collector = target.collector
        frame = Self.frame(service: target.service)
        if let name = collector.serverName {
            let context = try? TLSClientContext(protocols: ["http/1.1"])
            security = context.map { .tls($0, serverName: name, endpoint: target.collector.text) } ?? .missing
        } else {
            security = .none
        }
        makeSource = { () throws(DNSFailure) in try target.names(loop, target.resolver) }
        pause = try Timer(loop: loop, .once) { [unowned self] in pauseIsOver() }
    }

    /// What is written around the spans of a request.
    private static func frame(service: String) -> (before: [UInt8], after: [UInt8]) {
        var before = Array(#"{"resourceSpans":[{"resource":{"attributes":["#.utf8)
        before += Array(#"{"key":"service.name","value":{"stringValue":""#.utf8)
        JSONText.append(text: service, to: &before)
        before += Array(#""}}]},"scopeSpans":[{"scope":{"name":"relevo"},"spans":["#.utf8)
        return (before, Array("]}]}]}".utf8))
    }

    /// Takes spans.
    func take(_ block: SpanBatch) {
        queue.append(block)
        queued += block.bytes.count
        guard call == nil, !isAsking else { return }
        switch wait {
        case .none: goOn()
        case .gathering where queued >= Self.batchBytes: pauseIsOver()
        case .gathering, .backingOff: break
        }
    }

    /// Sends what waits at once, and calls `done` when nothing does any more, or at the first failure.
    func finish(_ done: @escaping () -> Void) {
        onEmpty = done
        guard call == nil, !isAsking else { return }
        pauseIsOver()
    }

    /// Ends everything; what still waits is lost.
    func close() {
        call?.close()
        call = nil
        pause?.close()
        pause = nil
        source?.close()
        source = nil
        for block in (batch.map { [$0] } ?? []) + queue { settle(block, taken: 0) }
        batch = nil
        queue = []
        queued = 0
    }

    /// Ends the thread's loop.
    func stop() { loop.stop() }

    private func settle(_ block: SpanBatch, taken: Int) {
        events.settled(taken, block.spans - taken, block.bytes.count)
    }

    private func wait(_ time: Duration, for reason: Wait) {
        wait = reason
        pause?.start(time)
    }

    private func pauseIsOver() {
        pause?.stop()
        wait = .none
        sendNext()
    }

    /// Sends what waits, at once if that is much or the last.
    private func goOn() {
        if onEmpty != nil || queued >= Self.batchBytes { return sendNext() }
        if !queue.isEmpty { wait(Self.gatherTime, for: .gathering) }
    }

    private func sendNext() {
        if batch == nil { batch = nextBatch() }
        guard batch != nil else {
            onEmpty?()
            onEmpty = nil
            return
        }
        switch collector.address {
        case .literal(let host, let port):
            send(to: SocketAddress(literal: host, port: UInt16(clamping: port)).map { [$0] } ?? [])
        case .unix(let path): send(to: [.unix(path: path)])
        case .name(let host, let port): ask(host, UInt16(clamping: port))
        case .service: ended(.refused("a service is no collector"))
        }
    }

    private func nextBatch() -> SpanBatch? {
        guard !queue.isEmpty else { return nil }
        var result = SpanBatch()
        var taken = 0
        for block in queue {
            guard taken == 0 || result.bytes.count + block.bytes.count <= Self.batchBytes else { break }
            result.bytes += block.bytes
            result.spans += block.spans
            taken += 1
        }
        queue.removeFirst(taken)
        queued -= result.bytes.count
        return result
    }

    /// Looks for the addresses of the collector's name, each time anew: the nameserver remembers them.
    private func ask(_ host: String, _ port: UInt16) {
        do throws(DNSFailure) {
            if source == nil { source = try makeSource() }
            isAsking = true
            source?.addresses(of: host, port: port) { [unowned self] result in
                isAsking = false
                switch result {
                case .success(let answer): send(to: answer.addresses)
                case .failure(let failure): ended(.failed(failure.description))
                }
            }
        } catch {
            ended(.failed(error.description))
        }
    }

    /// Sends to one of the addresses: to the next one after each failure.
    private func send(to addresses: [SocketAddress]) {
        guard let batch, !addresses.isEmpty else { return ended(.failed("no address")) }
        // But for the last comma.
        let spans = batch.bytes[..<max(0, batch.bytes.count - 1)]
        let length = frame.before.count + spans.count + frame.after.count
        var request = collector.head
        request.reserveCapacity(request.count + length + 40)
        request += Array("Content-Length: \(length)\r\n\r\n".utf8)
        request += frame.before
        request += spans
        request += frame.after
        do throws(SystemError) {
            call = try CollectorCall(loop: loop, request, to: addresses[failures % addresses.count], security) {
                [unowned self] in ended($0)
            }
        } catch {
            ended(.failed(error.reason))
        }
    }

    private func ended(_ result: CollectorResult) {
        call = nil
        switch result {
        case .taken(let rejected):
            finishBatch(taken: { max(0, $0 - rejected) })
            if isTroubled { events.notify(.outlet(.collectorTakes(collector.text))) }
            isTroubled = false
        case .refused(let reason):
            finishBatch(taken: { _ in 0 })
            tell(.collectorRefuses(collector.text, reason: reason))
        case .busy(let reason, let seconds):
            tell(.collectorFails(collector.text, reason: reason))
            return goOnLater(after: seconds)
        case .failed(let reason):
            tell(.collectorFails(collector.text, reason: reason))
            return goOnLater(after: nil)
        }
        goOn()
    }

    private func finishBatch(taken: (Int) -> Int) {
        guard let batch else { return }
        settle(batch, taken: taken(batch.spans))
        self.batch = nil
        failures = 0
    }

    private func tell(_ news: OutletNotice) {
        if !isTroubled { events.notify(.outlet(news)) }
        isTroubled = true
    }

    private func goOnLater(after seconds: Int?) {
        failures += 1
        guard onEmpty == nil else {
            // Whoever ends does not wait for a collector that fails.
            onEmpty?()
            onEmpty = nil
            return
        }
        // One that will never be taken does not keep others back for ever.
        if failures >= Self.mostTries { finishBatch(taken: { _ in 0 }) }
        let usual = min(Self.longestPause, 1 << min(max(failures, 1) - 1, 5))
        let jitter = Int.random(in: 0...250)
        wait(.milliseconds(min(max(seconds ?? 0, usual), 300) * 1000 + jitter), for: .backingOff)
    }
}

@available(*, unavailable)
extension SpanSender: Sendable {}

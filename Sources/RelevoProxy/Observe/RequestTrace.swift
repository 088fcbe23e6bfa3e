// What is remembered of a request that failed or was slow, copied when it ends; and the rings that hold it.
// The words about it are made when somebody asks: RequestStory.

import CLibevent
import RelevoHTTP
import RelevoPolicy

/// One request, as its exchange was when it ended.
struct RequestTrace: Sendable {
    /// Bytes of a target that are kept.
    static let maxTarget = 1024

    let id: [UInt8]
    let ended: WallTime
    let end: MonotonicTime
    let record: ExchangeRecord
    let method: [UInt8]
    let host: [UInt8]
    let target: [UInt8]
    let client: [UInt8]
    let peer: SocketAddress?
    let listener: ListenerAddress?
    let domain: Domain?
    let route: Route?
    let cluster: Cluster?
    let endpoint: Endpoint?
    let failures: [FailedAttempt]
    let refusal: RetryRefusal?
    let detail: String?

    /// Copies what the exchange knows, but for what log lines leave out as well.
    init(_ exchange: Exchange, _ redaction: LogRedaction) {
        id = exchange.requestID
        ended = .now
        end = exchange.now
        record = exchange.record
        let head = exchange.request.fields.bytes
        method = Array(head[exchange.request.methodRange.clamped(to: head.indices)].prefix(64))
        let whole = redaction.target(head[exchange.request.targetRange.clamped(to: head.indices)])
        target = Array(whole.prefix(Self.maxTarget))
        host = exchange.request.authority.host
        client = redaction.host(exchange.clientAddress)
        peer = redaction.cutsClient ? nil : exchange.client?.peer
        listener = exchange.client?.door.spec.address
        domain = exchange.domain
        route = exchange.routeNumber.flatMap { number in exchange.domain?.routes.first { $0.number == number } }
        cluster = exchange.cluster?.cluster
        endpoint = exchange.target?.endpoint
        failures = exchange.history.failures
        refusal = exchange.history.refusal
        detail = exchange.detail
    }
}

/// The requests that one worker remembers. Confined to its thread.
struct RecentRequests {
    /// Why a request is remembered. Each sort has places of its own, so that scanners push no real failure out.
    private enum Sort: Int { case failed, spoiled, slow }

    private var rings: [Ring] = [Ring(), Ring(), Ring()]
    private var places: Int
    private var slow: UInt64
    private var redaction: LogRedaction

    /// Remembers as the configuration says.
    init(_ configuration: ProxyConfiguration) {
        let settings = configuration.recent
        redaction = LogRedaction(configuration.accessLog.settings?.redacted ?? [])
        places = settings?.requests ?? 0
        slow = settings.map { Patience.nanoseconds($0.slowerThan) } ?? .max
    }

    /// Remembers by other settings from now on; what is too much for them goes.
    mutating func change(to configuration: ProxyConfiguration) {
        let before = self
        self = RecentRequests(configuration)
        for index in rings.indices { for trace in before.rings[index].inOrder { rings[index].add(trace, places) } }
    }

    /// Takes note of an exchange that is over, if it should be remembered.
    mutating func note(_ exchange: Exchange) {
        guard places > 0, let sort = sort(of: exchange.record) else { return }
        rings[sort.rawValue].add(RequestTrace(exchange, redaction), places)
    }

    private func sort(of record: ExchangeRecord) -> Sort? {
        if let fault = record.fault { return fault.isOfRequest ? .spoiled : .failed }
        if record.status >= 500 { return .failed }
        guard let began = record.responseBegan else { return nil }
        return began.nanoseconds(since: record.headComplete) >= slow ? .slow : nil
    }

    /// All of them, in no order.
    var all: [RequestTrace] { rings.flatMap(\.inOrder) }

    /// The newest of so many.
    private struct Ring {
        private var traces: [RequestTrace] = []
        private var next = 0

        /// In the order in which they came.
        var inOrder: [RequestTrace] { Array(traces[next...] + traces[..<next]) }

        mutating func add(_ trace: RequestTrace, _ places: Int) {
            guard traces.count >= places else { return traces.append(trace) }
            guard places > 0 else { return }
            traces[next] = trace
            next = (next + 1) % places
        }
    }
}

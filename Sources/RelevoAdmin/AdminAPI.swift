// What can be asked of a proxy and ordered, each by a path of its own. docs/admin.md is the description for users.
// HTTP is spoken by AdminServer; the commands of `relevo` that use this are in RelevoCLI.

public import CLibevent
import Foundation
public import Relevo

/// What a reload by the admin listener has come to.
public struct AdminReload: Sendable, Codable, Hashable {
    /// What changed, or would change, in one line.
    public var summary: String
    /// Each difference, a line each.
    public var plan: [String]
    /// Exchanges that run on with what is gone; nil if nothing was changed.
    public var leaving: Int?
    /// Where clients are accepted now; nil if nothing was changed.
    public var addresses: [String]?

    /// Tells of a plan that was not carried out.
    public init(_ plan: ReloadPlan) {
        summary = plan.description
        self.plan = plan.lines
    }

    /// Tells of a reload.
    public init(_ report: ReloadReport) {
        self.init(report.plan)
        leaving = report.leaving
        addresses = report.addresses.map(\.description)
    }
}

/// Why an order was not carried out.
public struct AdminRefusal: Error, Sendable {
    /// In words, several lines perhaps.
    public let words: String
    /// The status of the answer: 422 for a wrong configuration, 409 for what cannot be done now, 503 without a proxy
    /// that runs.
    public let status: Int

    /// Gives a reason.
    public init(_ words: String, status: Int = 409) {
        self.words = words
        self.status = status
    }
}

/// An order for an endpoint, as it is sent.
public struct EndpointOrderDocument: Codable, Sendable, Hashable {
    /// The cluster's name.
    public var cluster: String
    /// The endpoint with its port.
    public var endpoint: String
    /// `drain`, `disable`, `enable` or `weight`.
    public var command: String
    /// The weight, with `weight`.
    public var value: Int?

    /// Puts an order together.
    public init(cluster: String, endpoint: String, command: String, value: Int?) {
        self.cluster = cluster
        self.endpoint = endpoint
        self.command = command
        self.value = value
    }

    func order() throws(AdminRefusal) -> EndpointCommand {
        switch (command, value) {
        case ("drain", nil): return .drain
        case ("disable", nil): return .disable
        case ("enable", nil): return .enable
        case ("weight", let value?) where (0...1000).contains(value): return .weight(value)
        case ("weight", _): throw AdminRefusal("`weight` wants a `value` from 0 to 1000")
        case ("drain", _), ("disable", _), ("enable", _): throw AdminRefusal("`\(command)` wants no `value`")
        default: throw AdminRefusal("`command` is `drain`, `disable`, `enable` or `weight`, not `\(command)`")
        }
    }
}

/// What an upgrade by the admin listener has come to.
public struct AdminUpgrade: Sendable, Codable, Hashable {
    /// The process that serves now.
    public var process: Int
    /// The process that did, and ends when its clients have left.
    public var former: Int

    /// Tells of an upgrade.
    public init(process: Int, former: Int) {
        self.process = process
        self.former = former
    }
}

/// What the process of a proxy can do that the proxy alone cannot. Each may be called at any time, from any thread.
public struct AdminOrders: Sendable {
    /// Reads the configuration again and serves it, or only tells what would change.
    public var reload: @Sendable (_ isDryRun: Bool) async -> Result<AdminReload, AdminRefusal>
    /// Starts this program anew and has the new process take over.
    public var upgrade: @Sendable () async -> Result<AdminUpgrade, AdminRefusal>
    /// Gives its place to the process at the other end.
    public var handOver: @Sendable (DescriptorChannel) async -> Void
    /// Whether another process is taking over: then nothing should be changed here.
    public var isHandingOver: @Sendable () -> Bool
    /// Reloads that were carried out so far, and those that were refused.
    public var reloads: @Sendable () -> (done: Int, refused: Int)

    /// Puts orders together.
    public init(
        reload: @escaping @Sendable (_ isDryRun: Bool) async -> Result<AdminReload, AdminRefusal>,
        upgrade: @escaping @Sendable () async -> Result<AdminUpgrade, AdminRefusal>,
        handOver: @escaping @Sendable (DescriptorChannel) async -> Void,
        isHandingOver: @escaping @Sendable () -> Bool,
        reloads: @escaping @Sendable () -> (done: Int, refused: Int)
    ) {
        self.reload = reload
        self.upgrade = upgrade
        self.handOver = handOver
        self.isHandingOver = isHandingOver
        self.reloads = reloads
    }
}

/// Answers for one proxy.
public struct AdminAPI: Sendable {
    private let proxy: ReverseProxy
    private let version: String
    private let started = Date()
    private let birth = MonotonicTime.now
    private let orders: AdminOrders
    private let tailSeats = TailSeats()

    /// Answers for a proxy; `orders` know the process that it is in.
    public init(_ proxy: ReverseProxy, version: String, orders: AdminOrders) {
        self.proxy = proxy
        self.version = version
        self.orders = orders
    }

    private static let paths = """
        GET  /dashboard      a page for browsers
        GET  /v1/status      how the proxy is
        GET  /metrics        the same and more, for Prometheus
        GET  /v1/failures    requests that failed or were slow, and why; ?id=ID for one, ?limit=N
        GET  /v1/tail        a line for each request as it ends; ?where=CONDITION, percent-encoded
        GET  /v1/traffic     counters by domain, route, cluster and endpoint, and what leads where
        GET  /v1/endpoints   how its endpoints are
        POST /v1/endpoints   an order: { "cluster": …, "endpoint": …, "command": "drain" }
        POST /v1/reload      the configuration is read again; with ?dry_run=1 nothing is changed
        POST /v1/upgrade     a new process of this program takes over
        POST /v1/handover    another process takes over (Upgrade: relevo-handover/1)
        """

    /// Answers a request.
    public func answer(_ request: AdminRequest) async -> AdminResponse {
        switch (request.path, request.method) {
        case ("/", "GET"), ("/", "HEAD"):
            return request.prefersHTML ? .dashboard : AdminResponse(status: 200, text: Self.paths)
        case ("/dashboard", "GET"), ("/dashboard", "HEAD"): return .dashboard
        case ("/v1/status", "GET"), ("/v1/status", "HEAD"): return AdminResponse(json: await status())
        case ("/v1/traffic", "GET"), ("/v1/traffic", "HEAD"):
            return AdminResponse(json: await traffic(), .compact)
        case ("/metrics", "GET"), ("/metrics", "HEAD"):
            let facts = ProcessFacts(version: version, started: started, reloads: orders.reloads())
            let text = MetricsText.write(await proxy.metrics(), facts)
            return AdminResponse(status: 200, type: MetricsText.contentType, body: text)
        case ("/v1/failures", "GET"), ("/v1/failures", "HEAD"): return await failures(request.query)
        case ("/v1/tail", "GET"): return tail(request.query)
        case ("/v1/endpoints", "GET"), ("/v1/endpoints", "HEAD"): return AdminResponse(json: await endpoints())
        case ("/v1/endpoints", "POST"): return await order(request.body)
        case ("/v1/reload", "POST"): return await reload(request.query)
        case ("/v1/upgrade", "POST"): return Self.answer(await orders.upgrade())
        case ("/v1/handover", "POST"): return handOver(request)
        case ("/", _), ("/dashboard", _), ("/v1/status", _), ("/v1/failures", _), ("/v1/traffic", _), ("/metrics", _):
            return Self.refusal(of: request, allowing: "GET, HEAD")
        case ("/v1/tail", _): return Self.refusal(of: request, allowing: "GET")
        case ("/v1/endpoints", _): return Self.refusal(of: request, allowing: "GET, HEAD, POST")
        case ("/v1/reload", _), ("/v1/upgrade", _), ("/v1/handover", _):
            return Self.refusal(of: request, allowing: "POST")
        default: return AdminResponse(failure: 404, "there is no `\(request.path)`; GET / lists what there is")
        }
    }

    private static func refusal(of request: AdminRequest, allowing methods: String) -> AdminResponse {
        var answer = AdminResponse(failure: 405, "`\(request.path)` takes \(methods)")
        answer.fields = ["Allow: \(methods)"]
        return answer
    }

    private func status() async -> StatusDocument {
        StatusDocument(
            version: version, state: proxy.isStopping ? "stopping" : "running",
            process: Int(ProcessInfo.processInfo.processIdentifier), started: started,
            addresses: proxy.addresses.map(\.description), statistics: await proxy.statistics(),
            endpoints: await endpoints())
    }

    private func traffic() async -> TrafficDocument {
        let metrics = await proxy.metrics()
        return TrafficDocument(
            version: version, state: proxy.isStopping ? "stopping" : "running",
            process: Int(ProcessInfo.processInfo.processIdentifier),
            uptime: Double(MonotonicTime.now.nanoseconds(since: birth)) / 1e9, metrics)
    }

    private func endpoints() async -> [EndpointDocument] { await proxy.endpoints().map { EndpointDocument($0) } }

    private func failures(_ parts: [String]) async -> AdminResponse {
        guard let query = FailureQuery(parts) else {
            return AdminResponse(failure: 400, "`/v1/failures` takes `id` and `limit` (1 to 10000)")
        }
        let found = await proxy.recentRequests(query.id, limit: query.limit)
        return AdminResponse(json: FailuresDocument(failures: found.map { FailureDocument($0) }))
    }

    private func tail(_ query: [String]) -> AdminResponse {
        do throws(AdminRefusal) {
            let query = try TailQuery(query)
            guard let seat = tailSeats.take() else {
                throw AdminRefusal("\(TailSeats.most) look on already", status: 503)
            }
            guard let feed = proxy.requestFeed(where: query.condition) else {
                throw AdminRefusal("the proxy does not run", status: 503)
            }
            let stream = TailStream(feed: feed, seat: seat)
            return .lines { stream.begin($0) }
        } catch {
            return AdminResponse(failure: error.status, error.words)
        }
    }

    private func order(_ body: [UInt8]) async -> AdminResponse {
        guard !orders.isHandingOver() else { return AdminResponse(failure: 409, "another process is taking over") }
        guard let document = try? JSONDecoder().decode(EndpointOrderDocument.self, from: Data(body)) else {
            return AdminResponse(
                failure: 400, "the content wants to be JSON with `cluster`, `endpoint`, `command` and perhaps `value`")
        }
        do throws(AdminRefusal) {
            let order = try document.order()
            do throws(EndpointCommandError) {
                try await proxy.command(order, endpoint: document.endpoint, ofCluster: document.cluster)
            } catch {
                return AdminResponse(failure: error == .notRunning ? 503 : 404, "\(error)")
            }
        } catch {
            return AdminResponse(failure: 400, error.words)
        }
        let now = await endpoints().first { $0.cluster == document.cluster && $0.endpoint == document.endpoint }
        return now.map { AdminResponse(json: $0) } ?? AdminResponse(failure: 404, "the endpoint has gone meanwhile")
    }

    private func reload(_ query: [String]) async -> AdminResponse {
        let isDryRun = query.contains("dry_run=1")
        guard query.isEmpty || isDryRun && query.count == 1 else {
            return AdminResponse(failure: 400, "`/v1/reload` takes `dry_run=1` and nothing else")
        }
        return Self.answer(await orders.reload(isDryRun))
    }

    private static func answer(_ result: Result<some Encodable, AdminRefusal>) -> AdminResponse {
        switch result {
        case .success(let outcome): AdminResponse(json: outcome)
        case .failure(let refusal): AdminResponse(failure: refusal.status, refusal.words)
        }
    }

    private func handOver(_ request: AdminRequest) -> AdminResponse {
        guard request.cameByPath else { return AdminResponse(failure: 403, "sockets do not pass a port") }
        guard request.upgrade == HandOver.protocolName else {
            var refusal = AdminResponse(failure: 426, "this wants `Upgrade: \(HandOver.protocolName)`")
            refusal.fields = ["Upgrade: \(HandOver.protocolName)", "Connection: upgrade"]
            return refusal
        }
        let orders = orders
        return AdminResponse(switchingTo: HandOver.protocolName) { channel in
            Task { await orders.handOver(channel) }
        }
    }
}

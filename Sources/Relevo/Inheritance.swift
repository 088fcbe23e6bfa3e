// What one proxy leaves to the next, and one proxy gets from whoever was there before.
// How it comes from one process to the other is the matter of whoever owns them.

public import CLibevent
import RelevoPolicy
import RelevoProxy

/// What a proxy leaves to the one that takes its place: open listening sockets, and what clients have been given to
/// remember.
public struct Inheritance: Sendable {
    /// The sockets of one listener.
    public struct Listener: Sendable {
        /// What the configuration says of the listener that had them, `127.0.0.1:8080`; nil if there was none.
        public var configured: String?
        /// One or more, all at the same address.
        public var sockets: [ListeningSocket]
        /// Whether the file of a unix socket is removed when its listener ends: not that of a service manager, which
        /// goes on listening there.
        public var ownsFile: Bool

        /// Puts sockets together.
        public init(configured: String? = nil, sockets: [ListeningSocket], ownsFile: Bool = true) {
            self.configured = configured
            self.sockets = sockets
            self.ownsFile = ownsFile
        }
    }

    /// What a proxy knows and its configuration does not say. It has secrets in it.
    public struct State: Sendable, Hashable, Codable {
        /// An order for an endpoint.
        public struct Order: Sendable, Hashable, Codable {
            /// The cluster's name.
            public var cluster: String
            /// The endpoint with its port.
            public var endpoint: String
            /// `drain`, `disable` or `weight`.
            public var command: String
            /// The weight.
            public var value: Int?
        }

        private enum CodingKeys: String, CodingKey {
            case secret, ticketKeys, orders
        }

        /// Reads what is there: another version may leave more, or less.
        public init(from decoder: any Decoder) throws {
            let values = try decoder.container(keyedBy: CodingKeys.self)
            secret = try values.decodeIfPresent([UInt8].self, forKey: .secret) ?? []
            ticketKeys = try values.decodeIfPresent([[UInt8]].self, forKey: .ticketKeys) ?? []
            orders = try values.decodeIfPresent([Order].self, forKey: .orders) ?? []
        }

        /// What cookies are signed with where the configuration names no secret; empty for a new one.
        public var secret: [UInt8] = []
        /// The keys of TLS tickets, the current one first; empty for new ones.
        public var ticketKeys: [[UInt8]] = []
        /// The orders that hold.
        public var orders: [Order] = []

        /// Nothing is known.
        public init() {}
    }

    /// In the order of the configuration.
    public var listeners: [Listener]
    /// What is known besides.
    public var state: State

    /// Puts an inheritance together: by a service manager sockets only.
    public init(listeners: [Listener], state: State = State()) {
        self.listeners = listeners
        self.state = state
    }
}

extension Inheritance {
    /// Opens the listeners of a configuration for a proxy to come, as for one that may not open them itself. What is
    /// given already is not opened again, and not in the result.
    /// - Throws: ``ConfigurationError``, or ``ProxyStartError`` with nothing left open.
    public init(opening configuration: ProxyConfiguration, beside given: [ListeningSocket] = []) throws {
        let snapshot = try SnapshotBuilder.build(configuration)
        var others = InheritedListeners(given.map { .init(configured: nil, sockets: [$0], ownsFile: false) })
        let taken = others.take(for: snapshot.listeners)
        let missing = zip(snapshot.listeners, taken).filter { $0.1 == nil }.map(\.0)
        do {
            let opened = try ListenerSet().open(missing, workers: configuration.workers ?? Processors.count)
            self.init(
                listeners: zip(missing, opened.sockets).map { spec, sockets in
                    Listener(configured: spec.address.description, sockets: sockets)
                })
        } catch {
            throw ProxyStartError(error)
        }
    }
}

/// How a proxy gave its place to another.
public struct Succession: Sendable {
    /// The time in which clients may leave; nil for ``Timeouts/drain``.
    public var limit: Duration?
    /// Paths of listeners that the other has not taken: they are removed, and nobody else's.
    public var abandonedPaths: Set<String>
    /// Whether clients that wait between two requests are let go at once.
    public var isPrompt = false

    /// Puts the terms together.
    public init(limit: Duration? = nil, abandonedPaths: Set<String> = []) {
        self.limit = limit
        self.abandonedPaths = abandonedPaths
    }

    var manner: DrainManner { isPrompt ? .prompt : .patient }
}

extension ReverseProxy {
    /// What another proxy needs to take the place of this one, which goes on as before; nil unless it runs. The sockets
    /// are open for as long as anybody has them.
    public func inheritance() async -> Inheritance? {
        // Amid a reload some workers have the listeners of one configuration and others those of another.
        await reloads.enter()
        defer { reloads.leave() }
        guard let group = runningGroup else { return nil }
        let sockets = await group.listeningSockets()
        var state = Inheritance.State()
        state.secret = group.secret
        state.ticketKeys = served.ticketKeys.shared
        state.orders = await group.orders().map { Inheritance.State.Order($0) }
        return Inheritance(
            listeners: sockets.listeners.map {
                .init(configured: $0.configured, sockets: $0.sockets, ownsFile: $0.ownsFile)
            }, state: state)
    }

    /// Ends, as another proxy accepts clients at the same sockets. Nobody is to notice: who is connected may send one
    /// more request, and is told with its answer to connect anew; what takes longer than ``Timeouts/drain`` is cut off.
    /// Returns when nothing of this proxy is left.
    public func retire(_ terms: Succession = Succession()) async {
        let paths = runningGroup?.paths ?? []
        // At once: when the last client has left, somebody else may have them.
        for path in paths where terms.abandonedPaths.contains(path) { FileOutput.removeSocket(path) }
        await end(within: terms.limit ?? served.snapshot.timeouts.drain, terms.manner, leaving: paths)
    }
}

extension GroupSettings {
    /// Begins with what another proxy has left.
    mutating func take(_ inheritance: Inheritance) {
        inherited = InheritedListeners(
            inheritance.listeners.map {
                .init(configured: $0.configured, sockets: $0.sockets, ownsFile: $0.ownsFile)
            })
        if !inheritance.state.secret.isEmpty { secret = inheritance.state.secret }
        orders = inheritance.state.orders.compactMap(\.held)
    }
}

extension Inheritance.State.Order {
    fileprivate init(_ held: HeldOrder) {
        (cluster, endpoint) = (held.cluster, held.endpoint)
        switch held.order {
        case .enable: command = "enable"
        case .drain: command = "drain"
        case .disable: command = "disable"
        case .weight(let weight): (command, value) = ("weight", weight)
        }
    }

    fileprivate var held: HeldOrder? {
        let order: EndpointOrder? =
            switch (command, value) {
            case ("drain", _): .drain
            case ("disable", _): .disable
            case ("weight", let value?): .weight(value)
            default: nil
            }
        return order.map { HeldOrder(cluster: cluster, endpoint: endpoint, order: $0) }
    }
}

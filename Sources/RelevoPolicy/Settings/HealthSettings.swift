// How the health of endpoints is found out, as values of a configuration.
// What follows from findings: Health/.

/// Asking each endpoint regularly whether it is well.
public struct HealthCheck: Sendable, Hashable {
    /// What is asked.
    public enum Probe: Sendable, Hashable {
        /// That a connection opens.
        case tcp
        /// That a request is answered as expected.
        case http(HTTPProbe)
    }

    /// What is asked.
    public var probe: Probe
    /// From one check to the next, give or take a tenth.
    public var interval: Duration = .seconds(2)
    /// A check that has no result by then has failed.
    public var timeout: Duration = .seconds(1)
    /// Checks in a row that must pass before an endpoint that is down is up.
    public var rise = 2
    /// Checks in a row that must fail before an endpoint that is up is down.
    public var fall = 3
    /// What an endpoint counts as until its first result, which decides by itself.
    public var startsUp = true
    /// A port to ask instead of the endpoint's own.
    public var port: Int?

    /// Creates a check.
    public init(_ probe: Probe = .http(HTTPProbe())) { self.probe = probe }
}

/// A request that tells whether an endpoint is well.
public struct HTTPProbe: Sendable, Hashable {
    /// The path, with a query if need be.
    public var path = "/"
    /// The method.
    public var method = "GET"
    /// The Host field; nil for the endpoint's own address.
    public var host: String?
    /// Statuses that are good.
    public var statuses: [ClosedRange<Int>] = [200...399]
    /// A text that the first 64 KiB of the answer must contain.
    public var body: String?

    /// Creates a request for `/`.
    public init() {}
}

/// Taking endpoints out of service for a time because of how they serve. On by default.
public struct Ejection: Sendable, Hashable {
    /// Failures in a row that eject; 0 for no such rule.
    public var consecutive = 5
    /// Per cent of the requests within `window` whose failure ejects; 0 for no such rule.
    public var rate = 50
    /// Requests within `window` below which `rate` means nothing.
    public var volume = 20
    /// The time in which requests are counted for `rate`.
    public var window: Duration = .seconds(10)
    /// How long the first ejection lasts; each further one that follows soon is longer by as much.
    public var time: Duration = .seconds(5)
    /// The longest ejection.
    public var maxTime: Duration = .seconds(60)
    /// Per cent of a cluster's endpoints that may be ejected at a time; one may be, whatever this says, but never all.
    public var share = 50
    /// Whether answers with a status of 500 or above are failures, as failed connections always are.
    public var countsServerErrors = true

    /// Creates the defaults.
    public init() {}
}

// How much an endpoint or a cluster is given at a time, as values of a configuration.
// Who waits, and who is refused: Capacity/.

/// Requests that wait for an endpoint because all are at their limit.
public struct QueueSettings: Sendable, Hashable {
    /// Requests that may wait in a cluster; 0 for none.
    public var length = 100
    /// How long each of them waits at most.
    public var timeout: Duration = .seconds(1)

    /// Creates the defaults.
    public init() {}
}

/// A limit on the requests in flight of a cluster that follows its latency: it grows while answers come as fast as
/// with little load, and shrinks when they take longer.
public struct AdaptiveLimit: Sendable, Hashable {
    /// The limit at first, and the lowest.
    public var minimum = 10
    /// The highest limit.
    public var maximum = 1000

    /// Creates the defaults.
    public init() {}
}

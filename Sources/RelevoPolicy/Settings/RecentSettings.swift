// Which requests a running proxy remembers, so that somebody can ask why they went as they did.
// What is remembered of each: RequestTrace in RelevoProxy.

/// Requests that are remembered: those that failed, and those that were slow.
public struct RecentSettings: Sendable, Hashable {
    /// How many of each sort every worker remembers: those that failed, those that their client spoiled, slow ones.
    public var requests = 200
    /// A request is slow if its answer begins later than this after its head was complete.
    public var slowerThan: Duration = .seconds(1)

    /// Creates the defaults.
    public init() {}
}

// Looking on at a proxy: a line for each request as it ends, whatever the access log says.
// The lines are gathered in RelevoProxy.

public import RelevoPolicy
import RelevoProxy

/// Lines of requests, as they end. Requests do not wait for who looks on: of more than 4 MiB that are not fetched,
/// lines are dropped and counted. Any thread.
public final class RequestFeed: Sendable {
    private let tap: RequestTap
    private let goesOn: @Sendable () -> Bool
    private let detach: @Sendable () -> Void

    fileprivate init(
        _ tap: RequestTap, goesOn: @escaping @Sendable () -> Bool, detach: @escaping @Sendable () -> Void
    ) {
        (self.tap, self.goesOn, self.detach) = (tap, goesOn, detach)
    }

    deinit { detach() }

    /// Whether more may come: the proxy runs, or finishes what runs.
    public var isOpen: Bool { goesOn() }

    /// Whole lines of JSON, as in docs/access-log.md, that have come since the last call; and how many were dropped.
    public func take() -> (lines: [UInt8], dropped: Int) { tap.take() }
}

extension ReverseProxy {
    /// Looks on from now until the feed is let go of; nil unless the proxy runs. Any thread.
    ///
    /// What `redacted` of the access log says is left out here as well.
    /// - Parameter condition: which requests are meant; nil for all.
    public func requestFeed(where condition: RequestCondition? = nil) -> RequestFeed? {
        guard let group = runningGroup else { return nil }
        let tap = RequestTap(condition)
        group.attach(tap)
        return RequestFeed(tap) { [weak self] in
            self.map { $0.runningGroup != nil || $0.isStopping } ?? false
        } detach: { [weak group] in
            group?.detach(tap)
        }
    }
}

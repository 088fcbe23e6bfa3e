// Files of an embedding program's own, such as its configuration: it is told when they change.
// The files that a configuration names are followed by the proxy itself.

public import CLibevent
public import Logging
import RelevoProxy

/// Tells of changes of files, however they are made: written in place, renamed over the old ones, or behind a link that
/// leads somewhere else. Any thread.
public final class FileWatch: Sendable {
    private let following: FileFollowing

    /// Begins, on a thread of its own.
    /// - Parameter onChange: called with those of the paths on which something has changed, some 300 ms after the last
    ///   change. It may be that a file is the same after all. Must not call ``end()``.
    public init(
        _ paths: Set<String>, logger: Logger, onChange: @escaping @Sendable ([String]) -> Void
    ) throws(SystemError) {
        following = try FileFollowing(paths, notify: { ReverseProxy.report($0, to: logger) }, onChange: onChange)
    }

    /// Ends it; returns when nothing of it is left.
    public func end() { following.end() }
}

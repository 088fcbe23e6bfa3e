// A thread that follows files for whoever owns a proxy, such as the configuration that it was read from.
// The files that a configuration names are followed by FilesLoop.

package import CLibevent
import RelevoPolicy

/// Tells of changes of files until it is ended. Any thread may call its methods.
package final class FileFollowing: Sendable {
    private let mailbox: LoopMailbox<FileFollower>
    private let thread: LoopThread

    /// Begins.
    /// - Parameters:
    ///   - notify: told when the system does not tell of changes. Any thread.
    ///   - onChange: called with those of the paths on which something has changed, some time after the last change. It
    ///     may be that the file is the same after all. On the thread of this object.
    package init(
        _ paths: Set<String>, _ pace: FilePace = FilePace(), notify: @escaping @Sendable (ProxyNotice) -> Void,
        onChange: @escaping @Sendable ([String]) -> Void
    ) throws(SystemError) {
        let mailbox = try LoopMailbox<FileFollower>()
        self.mailbox = mailbox
        thread = try LoopThread.start(name: "relevo-watch") { () throws(SystemError) in
            let loop = try EventLoop()
            let follower = FileFollower(
                loop: loop, watcher: try FileWatcher(loop: loop, pace: pace) { notify(.file($0)) })
            follower.watcher.follow(paths, onChange: onChange)
            let jobs = try mailbox.receive(on: loop, context: follower)
            return {
                loop.run()
                follower.watcher.close()
                jobs.close()
            }
        }
    }

    /// Ends it; returns when nothing of it is left. Not to be called on its own thread.
    package func end() {
        mailbox.postAlways { $0.loop.stop() }
        thread.join()
    }
}

/// What the thread works on. Confined to it.
final class FileFollower {
    let loop: EventLoop
    let watcher: FileWatcher

    init(loop: EventLoop, watcher: FileWatcher) {
        self.loop = loop
        self.watcher = watcher
    }
}

@available(*, unavailable)
extension FileFollower: Sendable {}

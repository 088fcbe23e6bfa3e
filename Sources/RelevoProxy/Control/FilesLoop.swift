// The thread that looks at files again while the proxy runs. A disk or a file server may let it wait for as long as it
// likes: workers and the control thread do not wait with it.
// What follows from a change: CertificateRenewal.

import CLibevent
import CLibeventTLS
import RelevoPolicy
import Synchronization

/// Which files a proxy follows, and who hears of changes. The closures are called on the files' thread.
struct FollowedFiles: Sendable {
    /// The certificates of listeners, which are replaced one by one.
    var certificates: ListenerCertificates
    /// Others, which only a reload can take up.
    var others: Set<String>
    /// Those as they were before they were read; nil if that is not known.
    var marks: [String: FileMark]?
    /// Called with what is to be served from then on.
    var publish: @Sendable (ListenerCertificates) -> Void
    /// Called with those of the others on which something has changed, in their order.
    var othersChanged: @Sendable ([String]) -> Void
}

/// What the files' thread works on. Confined to it.
final class FilesPlane {
    let loop: EventLoop
    let watcher: FileWatcher
    let renewal: CertificateRenewal
    private let others: Set<String>
    private let marks: [String: FileMark]?
    private let othersChanged: ([String]) -> Void

    /// Creates the parts; nothing is looked at yet.
    init(
        _ loop: EventLoop, _ followed: FollowedFiles, _ pace: FilePace, notify: @escaping (FileNotice) -> Void
    ) throws(SystemError) {
        self.loop = loop
        (others, marks, othersChanged) = (followed.others, followed.marks, followed.othersChanged)
        watcher = try FileWatcher(loop: loop, pace: pace, notify: notify)
        renewal = try CertificateRenewal(
            loop: loop, followed.certificates, pace: pace, publish: followed.publish, notify: notify)
    }

    /// Begins to follow files. What has changed since they were read is served soon.
    func begin() {
        renewal.begin()
        let files = renewal.files
        watcher.follow(files) { [unowned renewal] in renewal.filesChanged($0) }
        renewal.filesChanged(files.sorted())
        guard !others.isEmpty else { return }
        watcher.follow(others) { [unowned self] in othersChanged($0) }
        // What was changed after it was read and before it was followed is told by nobody else.
        let changed = others.filter { path in marks.map { FileMark(path) != $0[path] } ?? false }
        if !changed.isEmpty { othersChanged(changed.sorted()) }
    }

    func close() {
        watcher.close()
        renewal.close()
    }
}

@available(*, unavailable)
extension FilesPlane: Sendable {}

/// The files' thread of a proxy. Any thread may call its methods.
final class FilesLoop: Sendable {
    private let mailbox: LoopMailbox<FilesPlane>
    private let thread: LoopThread
    private let hasEnded = Promise<Bool>()

    /// Starts the thread, which does nothing before ``begin()``.
    init(
        _ followed: FollowedFiles, _ pace: FilePace, notify: @escaping @Sendable (ProxyNotice) -> Void
    ) throws(SystemError) {
        let handover = Handover(followed)
        let mailbox = try LoopMailbox<FilesPlane>()
        self.mailbox = mailbox
        thread = try LoopThread.start(name: "relevo-files") { [hasEnded] () throws(SystemError) in
            let loop = try EventLoop()
            let plane = try FilesPlane(loop, handover.take(), pace) { notify(.file($0)) }
            let jobs = try mailbox.receive(on: loop, context: plane)
            return {
                loop.run()
                plane.close()
                jobs.close()
                hasEnded.fulfil(true)
            }
        }
    }

    /// Begins to follow files. Returns at once: there may be thousands of them.
    func begin() { mailbox.postAlways { $0.begin() } }

    /// Ends the thread. If it waits for a disk it is left behind.
    func end() async {
        mailbox.postAlways { $0.loop.stop() }
        if await hasEnded.value(within: .seconds(1), otherwise: false) { thread.join() }
    }
}

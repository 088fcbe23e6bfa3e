// The thread that looks at files again while the proxy runs. A disk or a file server may let it wait for as long as it
// likes: workers and the control thread do not wait with it.
// What follows from a change: CertificateRenewal.

import CLibevent
import CLibeventTLS
import RelevoPolicy
import Synchronization

/// What the files' thread works on. Confined to it.
final class FilesPlane {
    let loop: EventLoop
    let watcher: FileWatcher
    let renewal: CertificateRenewal

    /// Creates the parts; nothing is looked at yet.
    init(
        _ loop: EventLoop, _ certificates: ListenerCertificates, _ pace: FilePace,
        publish: @escaping (ListenerCertificates) -> Void, notify: @escaping (FileNotice) -> Void
    ) throws(SystemError) {
        self.loop = loop
        watcher = try FileWatcher(loop: loop, pace: pace, notify: notify)
        renewal = try CertificateRenewal(loop: loop, certificates, pace: pace, publish: publish, notify: notify)
    }

    /// Begins to follow files. What has changed since they were read is served soon.
    func begin() {
        renewal.begin()
        let files = renewal.files
        watcher.follow(files) { [unowned renewal] in renewal.filesChanged($0) }
        renewal.filesChanged(files.sorted())
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

    /// Starts the thread, which does nothing before ``begin()``; `publish` is called on it with what is to be served
    /// from then on.
    init(
        _ certificates: ListenerCertificates, _ pace: FilePace, notify: @escaping @Sendable (ProxyNotice) -> Void,
        publish: @escaping @Sendable (ListenerCertificates) -> Void
    ) throws(SystemError) {
        let handover = Handover(certificates)
        let mailbox = try LoopMailbox<FilesPlane>()
        self.mailbox = mailbox
        thread = try LoopThread.start(name: "relevo-files") { [hasEnded] () throws(SystemError) in
            let loop = try EventLoop()
            let plane = try FilesPlane(loop, handover.take(), pace, publish: publish) { notify(.file($0)) }
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

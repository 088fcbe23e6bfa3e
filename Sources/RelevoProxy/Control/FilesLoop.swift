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
        _ loop: EventLoop, _ certificates: ListenerCertificates, _ settings: GroupSettings,
        publish: @escaping (ListenerCertificates) -> Void
    ) throws(SystemError) {
        self.loop = loop
        let notify: (FileNotice) -> Void = { settings.notify(.file($0)) }
        watcher = try FileWatcher(loop: loop, pace: settings.pace, notify: notify)
        renewal = try CertificateRenewal(
            loop: loop, certificates, pace: settings.pace, publish: publish, notify: notify)
    }

    /// Begins to follow files. What has changed since they were read is served soon.
    func begin() {
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

    /// Starts the thread; `publish` is called on it with what is to be served from then on.
    init(
        _ certificates: ListenerCertificates, _ settings: GroupSettings,
        publish: @escaping @Sendable (ListenerCertificates) -> Void
    ) throws(SystemError) {
        let mailbox = try LoopMailbox<FilesPlane>()
        self.mailbox = mailbox
        thread = try LoopThread.start(name: "relevo-files") { [hasEnded] () throws(SystemError) in
            let loop = try EventLoop()
            let plane = try FilesPlane(loop, certificates, settings, publish: publish)
            let jobs = try mailbox.receive(on: loop, context: plane)
            return {
                // Not before the start of the proxy goes on: there may be thousands of files.
                plane.begin()
                loop.run()
                plane.close()
                jobs.close()
                hasEnded.fulfil(true)
            }
        }
    }

    /// Ends the thread. If it waits for a disk it is left behind.
    func end() async {
        mailbox.postAlways { $0.loop.stop() }
        if await hasEnded.value(within: .seconds(1), otherwise: false) { thread.join() }
    }
}

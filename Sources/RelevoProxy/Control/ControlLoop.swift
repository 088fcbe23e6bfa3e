// The thread on which happens what happens once for a process and not once for each worker.
// What that is: ControlPlane. It serves no clients.

import CLibevent
import RelevoPolicy

/// The control thread of a proxy. Any thread may call its methods.
final class ControlLoop: Sendable {
    /// The way to what the thread works on.
    let mailbox: LoopMailbox<ControlPlane>
    private let thread: LoopThread
    private let hasNames: Bool

    /// Starts the thread and waits until it serves; nothing is looked up or checked yet.
    init(
        _ snapshot: ProxySnapshot, _ settings: GroupSettings, workers: [LoopMailbox<Worker>]
    ) throws(SystemError) {
        let mailbox = try LoopMailbox<ControlPlane>()
        self.mailbox = mailbox
        hasNames = !NameResolver.names(in: snapshot).isEmpty
        // The thread keeps what it begins with: not certificates, which others may replace.
        let keys = settings.certificates?.ticketKeys
        let settings = settings.withoutCertificates
        // Without the thread no name would ever get an address.
        thread = try LoopThread.start(name: "relevo-control") { () throws(SystemError) in
            let loop = try EventLoop()
            let plane = try ControlPlane(loop, snapshot, settings, workers: workers)
            if let keys { try plane.rotate(keys) }
            let jobs = try mailbox.receive(on: loop, context: plane)
            return {
                loop.run()
                plane.close()
                jobs.close()
            }
        }
    }

    /// Begins to follow all names and waits until each has an answer, for `patience` at most.
    func followNames(patience: Duration) async {
        guard hasNames else { return }
        let answered = Promise<Void>()
        if !mailbox.post({ $0.resolver.start { answered.fulfil(()) } }) { answered.fulfil(()) }
        await answered.value(within: patience, otherwise: ())
    }

    /// Begins to check endpoints.
    func watch() { mailbox.post { $0.monitor.start() } }

    /// Ends the thread soon.
    func stop() { mailbox.post { $0.loop.stop() } }

    /// Waits for the thread's end.
    func join() { thread.join() }
}

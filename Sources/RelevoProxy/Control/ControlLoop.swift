// What happens once for a process and not once for each worker: name resolution, for now.
// It serves no clients.

import CLibevent
import RelevoPolicy

/// The control thread of a proxy. Any thread may call its methods.
final class ControlLoop: Sendable {
    private let mailbox: LoopMailbox<NameResolver>
    private let loopMailbox: LoopMailbox<EventLoop>
    private let thread: LoopThread
    private let names: [Endpoint]

    /// Starts the thread and waits until it serves; nothing is looked up yet.
    init(
        _ snapshot: ProxySnapshot, _ settings: GroupSettings, workers: [LoopMailbox<Worker>]
    ) throws(SystemError) {
        let mailbox = try LoopMailbox<NameResolver>()
        let loopMailbox = try LoopMailbox<EventLoop>()
        self.mailbox = mailbox
        self.loopMailbox = loopMailbox
        names = snapshot.clusters.flatMap(\.endpoints).filter {
            if case .name = $0.address { true } else { false }
        }
        let report = Self.report(settings.notify, workers)
        // Without the thread no name would ever get an address.
        thread = try LoopThread.start(name: "relevo-control") { () throws(SystemError) in
            let loop = try EventLoop()
            let resolver = try NameResolver(loop: loop, mailbox: mailbox, lookup: settings.lookup, onResult: report)
            let jobs = try mailbox.receive(on: loop, context: resolver)
            let orders = try loopMailbox.receive(on: loop, context: loop)
            return {
                loop.run()
                resolver.close()
                jobs.close()
                orders.close()
            }
        }
    }

    private static func report(
        _ notify: @escaping @Sendable (ProxyNotice) -> Void, _ workers: [LoopMailbox<Worker>]
    ) -> @Sendable (Endpoint, Result<[SocketAddress], NameLookup.Failure>) -> Void {
        { endpoint, result in
            switch result {
            case .success(let addresses):
                notify(.nameResolved(endpoint.text, addresses))
                let id = endpoint.id
                for worker in workers { worker.post { $0.resolved(endpoint: id, to: addresses) } }
            case .failure(let failure):
                notify(.nameUnresolved(endpoint.text, reason: failure.description))
            }
        }
    }

    /// Begins to look up all names and waits until each has an answer, for `patience` at most.
    func resolveNames(patience: Duration) async {
        guard !names.isEmpty else { return }
        let names = names
        let answered = Promise<Void>()
        if !mailbox.post({ $0.resolve(names) { answered.fulfil(()) } }) { answered.fulfil(()) }
        await answered.value(within: patience, otherwise: ())
    }

    /// Ends the thread soon.
    func stop() { loopMailbox.post { $0.stop() } }

    /// Waits for the thread's end.
    func join() { thread.join() }
}

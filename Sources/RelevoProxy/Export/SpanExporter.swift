// The thread that reports spans to a collector. Workers hand spans over and never wait for it.
// How they are sent: SpanSender.

package import CLibevent
package import RelevoPolicy
import CLibeventDNS
import Synchronization

/// Where spans go, and what is needed to get there.
package struct SpanTarget: Sendable {
    /// The collector.
    package var collector: TraceCollector
    /// The name of the service in traces.
    package var service: String
    /// Who answers questions for its name.
    package var names: NameSourceMaker = DNSResolver.source
    /// How they are asked.
    package var resolver: ResolverSettings

    /// Creates a target.
    package init(_ collector: TraceCollector, service: String, resolver: ResolverSettings) {
        self.collector = collector
        self.service = service
        self.resolver = resolver
    }
}

/// Takes spans from all workers. What does not fit while the collector does not take them is dropped and counted.
package final class SpanExporter: Sendable {
    /// Bytes of spans that may wait for the collector.
    package static let capacity = 4 << 20

    private let mailbox: LoopMailbox<SpanSender>
    private let tally: SpanTally
    private let thread: LoopThread
    private let hasEnded = Promise<Bool>()

    /// Starts the exporter's thread.
    package init(
        _ target: SpanTarget, notify: @escaping @Sendable (ProxyNotice) -> Void
    ) throws(SystemError) {
        let tally = SpanTally(notify)
        self.tally = tally
        let mailbox = try LoopMailbox<SpanSender>()
        self.mailbox = mailbox
        let events = SpanEvents(settled: { tally.settle(taken: $0, lost: $1, bytes: $2) }, notify: notify)
        thread = try LoopThread.start(name: "relevo-spans", priority: .low) { [hasEnded] () throws(SystemError) in
            let loop = try EventLoop()
            let sender = try SpanSender(loop: loop, target, events)
            let jobs = try mailbox.receive(on: loop, context: sender)
            return {
                loop.run()
                jobs.close()
                sender.close()
                hasEnded.fulfil(true)
            }
        }
    }

    /// Spans that the collector has taken, and those that it has not got; any thread.
    package var counts: (exported: Int, dropped: Int) { tally.counts }

    /// Hands over a block of spans; any thread.
    func write(_ block: [UInt8], spans: Int) {
        let size = block.count
        let isAccepted =
            tally.take(size)
            && mailbox.post { $0.take(SpanBatch(bytes: block, spans: spans)) }
        if !isAccepted { tally.settle(taken: 0, lost: spans, bytes: size) }
    }

    /// Sends what waits and ends the thread; a collector that does not take it is given `limit`.
    package func finish(within limit: Duration) async {
        mailbox.postAlways { sender in sender.finish { sender.stop() } }
        if await !hasEnded.value(within: limit, otherwise: false) {
            mailbox.postAlways { $0.stop() }
        }
        thread.join()
        tally.tellOfDrops()
    }
}

/// What has become of spans. Any thread.
private final class SpanTally: Sendable {
    private let waiting = Atomic<Int>(0)
    private let exported = Atomic<Int>(0)
    private let dropped: DropCount

    init(_ notify: @escaping @Sendable (ProxyNotice) -> Void) {
        dropped = DropCount { notify(.outlet(.spansDropped($0))) }
    }

    var counts: (exported: Int, dropped: Int) { (exported.load(ordering: .relaxed), dropped.total) }

    /// Whether so many bytes still fit; they count from then on, until they are settled.
    func take(_ bytes: Int) -> Bool {
        waiting.add(bytes, ordering: .relaxed).oldValue + bytes <= SpanExporter.capacity
    }

    func settle(taken: Int, lost: Int, bytes: Int) {
        waiting.subtract(bytes, ordering: .relaxed)
        exported.add(taken, ordering: .relaxed)
        dropped.add(lost)
    }

    func tellOfDrops() { dropped.tell() }
}

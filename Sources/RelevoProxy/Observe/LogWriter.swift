// Writes finished log lines on a thread of its own.
// What a line says is AccessLogLine's matter.

package import CLibevent
import Synchronization

/// Takes blocks of log lines from all workers and writes them to a descriptor, never blocking the worker.
///
/// If the reader of the descriptor stalls, blocks wait up to ``capacity`` bytes; what comes then is dropped and
/// counted.
package final class LogWriter: Sendable {
    /// Bytes that may wait for the writer.
    package static let capacity = 4 << 20

    private let mailbox: LoopMailbox<LogSink>
    private let waiting = Atomic<Int>(0)
    private let dropped = Atomic<Int>(0)
    private let thread: LoopThread

    /// Starts the writer's thread. The descriptor stays the caller's and must outlive the writer.
    package init(descriptor: Int32) throws(SystemError) {
        let mailbox = try LoopMailbox<LogSink>()
        self.mailbox = mailbox
        thread = try LoopThread.start(name: "relevo-log") { () throws(SystemError) in
            let loop = try EventLoop()
            let receiver = try mailbox.receive(on: loop, context: LogSink(descriptor: descriptor, loop: loop))
            return {
                loop.run()
                receiver.close()
            }
        }
    }

    /// Lines dropped since the start; any thread.
    package var droppedLines: Int { dropped.load(ordering: .relaxed) }

    /// Hands over a block of whole lines; any thread.
    package func write(_ block: [UInt8], lines: Int) {
        let size = block.count
        let before = waiting.add(size, ordering: .relaxed).oldValue
        let accepted =
            before + size <= Self.capacity
            && mailbox.post { [self] sink in
                if !sink.write(block) { dropped.add(lines, ordering: .relaxed) }
                waiting.subtract(size, ordering: .relaxed)
            }
        guard !accepted else { return }
        waiting.subtract(size, ordering: .relaxed)
        dropped.add(lines, ordering: .relaxed)
    }

    /// Ends the thread after what waits has been written. A reader that has stalled is given `limit`, then left behind
    /// with its thread.
    package func finish(within limit: Duration) async {
        let done = Promise<Void>()
        let posted = mailbox.post { sink in
            sink.stop()
            done.fulfil(())
        }
        guard posted else { return }
        await done.value(within: limit, otherwise: ())
    }
}

/// The writer's end of the mailbox. Confined to the writer's thread.
package final class LogSink {
    private let descriptor: Int32
    private let loop: EventLoop

    init(descriptor: Int32, loop: EventLoop) {
        self.descriptor = descriptor
        self.loop = loop
    }

    func write(_ block: [UInt8]) -> Bool { FileOutput.writeAll(block, to: descriptor) }

    func stop() { loop.stop() }
}

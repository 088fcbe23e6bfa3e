// Writes finished log lines on a thread of its own.
// What a line says is AccessLogLine's matter.

package import CLibevent
package import RelevoPolicy
import Synchronization

/// Takes blocks of log lines from all workers and writes them to a descriptor or a file, never blocking the worker.
///
/// If the reader stalls, blocks wait up to ``capacity`` bytes; what comes then, and what a full disk does not take, is
/// dropped and counted.
package final class LogWriter: Sendable {
    /// Bytes that may wait for the writer.
    package static let capacity = 4 << 20

    private let mailbox: LoopMailbox<LogSink>
    private let waiting = Atomic<Int>(0)
    private let dropped: DropCount
    private let thread: LoopThread

    /// Starts the writer's thread. The descriptor stays the caller's and must outlive the writer.
    /// - Parameter onDrop: called with the number of lines that were lost since it was called last, every ten seconds
    ///   at most; on any thread.
    package convenience init(
        descriptor: Int32, onDrop: @escaping @Sendable (Int) -> Void = { _ in }
    ) throws(SystemError) {
        try self.init(onDrop) { () throws(SystemError) in FileOutlet(descriptor: descriptor) }
    }

    /// Opens what the settings say and starts the writer's thread.
    package convenience init(
        _ target: AccessLogSettings.Target, onDrop: @escaping @Sendable (Int) -> Void = { _ in }
    ) throws(SystemError) {
        try self.init(onDrop) { () throws(SystemError) in
            switch target {
            case .standardOutput: FileOutlet(descriptor: 1)
            case .file(let path): try FileOutlet(path: path)
            case .syslog(let syslog): try SyslogOutlet(syslog, process: ProcessIdentity.number)
            }
        }
    }

    private init(
        _ onDrop: @escaping @Sendable (Int) -> Void,
        _ open: @escaping @Sendable () throws(SystemError) -> any LogOutlet
    ) throws(SystemError) {
        dropped = DropCount(onDrop: onDrop)
        let mailbox = try LoopMailbox<LogSink>()
        self.mailbox = mailbox
        thread = try LoopThread.start(name: "relevo-log") { () throws(SystemError) in
            let loop = try EventLoop()
            let sink = LogSink(try open(), loop: loop)
            let receiver = try mailbox.receive(on: loop, context: sink)
            return {
                loop.run()
                receiver.close()
            }
        }
    }

    /// Lines dropped since the start; any thread.
    package var droppedLines: Int { dropped.total }

    /// Hands over a block of whole lines; any thread.
    package func write(_ block: [UInt8], lines: Int) {
        let size = block.count
        let before = waiting.add(size, ordering: .relaxed).oldValue
        let accepted =
            before + size <= Self.capacity
            && mailbox.post { [self] sink in
                dropped.add(sink.write(block, lines: lines))
                waiting.subtract(size, ordering: .relaxed)
            }
        guard !accepted else { return }
        waiting.subtract(size, ordering: .relaxed)
        dropped.add(lines)
    }

    /// Tells of lines that were lost and not told of yet, if there are any.
    package func tellOfDrops() { dropped.tell() }

    /// Opens the file anew, after those lines that wait: whoever rotates logs has moved it away. A file that cannot be
    /// opened leaves the one from before in use.
    /// - Returns: why it could not be opened; nil also if there is no file.
    package func reopen() async -> SystemError? {
        await withCheckedContinuation { continuation in
            let isPosted = mailbox.post { continuation.resume(returning: $0.reopen()) }
            if !isPosted { continuation.resume(returning: nil) }
        }
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
    private var outlet: (any LogOutlet)?
    private let loop: EventLoop

    init(_ outlet: any LogOutlet, loop: EventLoop) {
        self.outlet = outlet
        self.loop = loop
    }

    func write(_ block: [UInt8], lines: Int) -> Int { outlet?.write(block, lines: lines) ?? lines }

    func reopen() -> SystemError? { outlet?.reopen() }

    func stop() {
        outlet?.close()
        outlet = nil
        loop.stop()
    }
}

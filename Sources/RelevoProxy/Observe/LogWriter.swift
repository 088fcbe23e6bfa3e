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
    private let dropped = Atomic<Int>(0)
    private let told: Mutex<Told>
    private let onDrop: @Sendable (Int) -> Void
    private let thread: LoopThread

    /// What the operator was told of lost lines.
    private struct Told {
        var lines = 0
        /// Nothing more before then.
        var silence = MonotonicTime.now
    }

    /// How long nothing is told of lost lines after something was.
    private static let silence: Duration = .seconds(10)

    /// Starts the writer's thread. The descriptor stays the caller's and must outlive the writer.
    /// - Parameter onDrop: called with the number of lines that were lost since it was called last, every ten seconds
    ///   at most; on any thread.
    package convenience init(
        descriptor: Int32, onDrop: @escaping @Sendable (Int) -> Void = { _ in }
    ) throws(SystemError) {
        try self.init(LogSink.Output(descriptor: descriptor, path: nil), onDrop)
    }

    /// Opens what the settings say and starts the writer's thread.
    package convenience init(
        _ target: AccessLogSettings.Target, onDrop: @escaping @Sendable (Int) -> Void = { _ in }
    ) throws(SystemError) {
        switch target {
        case .standardOutput: try self.init(descriptor: 1, onDrop: onDrop)
        case .file(let path):
            let output = LogSink.Output(descriptor: try FileOutput.openForAppending(path), path: path)
            do throws(SystemError) {
                try self.init(output, onDrop)
            } catch {
                FileOutput.close(output.descriptor)
                throw error
            }
        }
    }

    private init(_ output: LogSink.Output, _ onDrop: @escaping @Sendable (Int) -> Void) throws(SystemError) {
        self.onDrop = onDrop
        told = Mutex(Told())
        let mailbox = try LoopMailbox<LogSink>()
        self.mailbox = mailbox
        thread = try LoopThread.start(name: "relevo-log") { () throws(SystemError) in
            let loop = try EventLoop()
            let receiver = try mailbox.receive(on: loop, context: LogSink(output, loop: loop))
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
                if !sink.write(block) { drop(lines) }
                waiting.subtract(size, ordering: .relaxed)
            }
        guard !accepted else { return }
        waiting.subtract(size, ordering: .relaxed)
        drop(lines)
    }

    private func drop(_ lines: Int) {
        dropped.add(lines, ordering: .relaxed)
        let now = MonotonicTime.now
        let isSilent = told.withLock { told in
            guard now >= told.silence else { return true }
            told.silence = now + Self.silence
            return false
        }
        if !isSilent { tellOfDrops() }
    }

    /// Tells of lines that were lost and not told of yet, if there are any.
    package func tellOfDrops() {
        let lost = told.withLock { told in
            let all = droppedLines
            defer { told.lines = all }
            return all - told.lines
        }
        if lost > 0 { onDrop(lost) }
    }

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
    /// Where lines go.
    struct Output: Sendable {
        var descriptor: Int32
        /// The file; nil for a descriptor that is somebody else's.
        var path: String?
    }

    private var output: Output
    private let loop: EventLoop
    /// Whether the last line was cut: a full disk took a part of it.
    private var isAmidLine = false

    init(_ output: Output, loop: EventLoop) {
        self.output = output
        self.loop = loop
    }

    func write(_ block: [UInt8]) -> Bool {
        if isAmidLine {
            guard FileOutput.writeAll([0x0A], to: output.descriptor) else { return false }
            isAmidLine = false
        }
        let count = FileOutput.write(block, to: output.descriptor)
        isAmidLine = count > 0 && block[count - 1] != 0x0A
        return count == block.count
    }

    func reopen() -> SystemError? {
        guard let path = output.path else { return nil }
        do throws(SystemError) {
            let next = try FileOutput.openForAppending(path)
            FileOutput.close(output.descriptor)
            output.descriptor = next
            isAmidLine = false
            return nil
        } catch {
            return error
        }
    }

    func stop() {
        if output.path != nil { FileOutput.close(output.descriptor) }
        output = Output(descriptor: -1, path: nil)
        loop.stop()
    }
}

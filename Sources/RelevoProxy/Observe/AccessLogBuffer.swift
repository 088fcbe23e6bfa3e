// Gathers a worker's log lines into blocks and hands them to the writer.
// What a line says is the matter of AccessLogLine.

import CLibevent

/// The access log of one worker. Confined to its thread.
final class AccessLogBuffer {
    /// Bytes after which a block is handed over without waiting for the tick.
    static let blockBytes = 64 * 1024

    private let writer: LogWriter
    private var block: [UInt8] = []
    private var clock = LogClock()
    private var lines = 0

    init(_ writer: LogWriter) {
        self.writer = writer
        block.reserveCapacity(Self.blockBytes + 4096)
    }

    /// Appends the line of an exchange that is over.
    func append(_ exchange: Exchange) {
        AccessLogLine.append(exchange, now: exchange.now, clock: &clock, to: &block)
        lines += 1
        if block.count >= Self.blockBytes { flush() }
    }

    /// Hands over what there is.
    ///
    /// The writer gets a copy of exactly that size and the block keeps its memory: a few lines in a block made for many
    /// would wait with all of that block's memory, which the writer's bound does not count.
    func flush() {
        guard lines > 0 else { return }
        var copy: [UInt8] = []
        copy.reserveCapacity(block.count)
        copy.append(contentsOf: block)
        writer.write(copy, lines: lines)
        block.removeAll(keepingCapacity: true)
        lines = 0
    }
}

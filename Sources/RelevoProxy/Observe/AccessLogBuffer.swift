// Gathers a worker's log lines into blocks and hands them to the writer.
// What a line says is the matter of AccessLogLine.

import CLibevent

/// The access log of one worker. Confined to its thread.
final class AccessLogBuffer {
    /// Bytes after which a block is handed over without waiting for the tick.
    static let blockBytes = 16 * 1024

    private let writer: LogWriter
    private var block: [UInt8] = []
    private var lines = 0

    init(_ writer: LogWriter) { self.writer = writer }

    /// Appends the line of an exchange that is over.
    func append(_ exchange: Exchange) {
        AccessLogLine.append(exchange, now: .now, to: &block)
        lines += 1
        if block.count >= Self.blockBytes { flush() }
    }

    /// Hands over what there is.
    func flush() {
        guard lines > 0 else { return }
        writer.write(block, lines: lines)
        block = []
        lines = 0
    }
}

// Gathers a worker's log lines into blocks and hands them to the writer: those that are wanted, in their form.
// What a line says is the matter of AccessLogLine and CombinedLine.

import CLibevent
import RelevoPolicy

/// The access log of one worker. Confined to its thread.
final class AccessLogBuffer {
    /// Bytes after which a block is handed over without waiting for the tick.
    static let blockBytes = 64 * 1024

    private let writer: LogWriter
    private let settings: AccessLogSettings
    private let redaction: LogRedaction
    private let takesAll: Bool
    private let slow: UInt64
    private var dice = RandomSource(seed: .random(in: 0...UInt64.max))
    private var block: [UInt8] = []
    private var line: [UInt8] = []
    private var clock = LogClock()
    private var lines = 0

    init(_ writer: LogWriter, _ settings: AccessLogSettings) {
        self.writer = writer
        self.settings = settings
        redaction = LogRedaction(settings.redacted)
        takesAll = settings.only == .all && settings.sample >= 100
        slow = settings.slowerThan.map { Patience.nanoseconds($0) } ?? .max
        block.reserveCapacity(Self.blockBytes + 4096)
    }

    /// Appends the line of an exchange that is over, if it is wanted.
    func append(_ exchange: Exchange) {
        guard takesAll || wants(exchange.record) else { return }
        if let template = settings.template {
            writeLine(of: exchange)
            TemplateLine.append(exchange, template, line, redaction, to: &block)
        } else {
            appendInFormat(exchange)
        }
        lines += 1
        if block.count >= Self.blockBytes { flush() }
    }

    private func appendInFormat(_ exchange: Exchange) {
        switch settings.format {
        case .json: AccessLogLine.append(exchange, redaction, now: exchange.now, clock: &clock, to: &block)
        case .logfmt:
            writeLine(of: exchange)
            LogfmtText.append(line, to: &block)
        case .combined: CombinedLine.append(exchange, redaction, to: &block)
        }
    }

    /// Writes the JSON form from which others are made.
    private func writeLine(of exchange: Exchange) {
        line.removeAll(keepingCapacity: true)
        AccessLogLine.append(exchange, redaction, now: exchange.now, clock: &clock, to: &line)
    }

    private func wants(_ record: ExchangeRecord) -> Bool {
        if record.fault != nil || record.status >= 500 { return true }
        if let began = record.responseBegan, began.nanoseconds(since: record.headComplete) >= slow { return true }
        return settings.only == .all && Int.random(in: 0..<100, using: &dice) < settings.sample
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

// The spans of one worker: which requests have some, and those that wait for the exporter's thread.
// What a span says: SpanLine. Who sends them: SpanExporter.

import RelevoHTTP
import RelevoPolicy

/// Gathers spans. Confined to its worker's thread.
final class SpanBuffer {
    /// Bytes that are handed over at a time.
    static let blockBytes = 32 * 1024

    private let exporter: SpanExporter
    private let share: UInt64
    private let redaction: LogRedaction
    private var random: RandomSource
    private var block: [UInt8] = []
    private var count = 0

    /// - Parameter redacted: what log lines leave out, spans leave out as well.
    init(
        _ exporter: SpanExporter, _ settings: TracingSettings, _ redacted: Set<AccessLogSettings.Redaction>,
        seed: UInt64
    ) {
        self.exporter = exporter
        share = UInt64(clamping: settings.sample)
        redaction = LogRedaction(redacted)
        random = RandomSource(seed: seed)
    }

    /// The place of a request in a trace.
    func context(of request: borrowing RequestHead, isTrusted: Bool) -> TraceContext {
        let received = TraceParent(request.fields)
        let isChosen = random.next() % UInt64(TracingSettings.all) < share
        return TraceContext(received, isTrusted: isTrusted, isSampled: isChosen, using: &random)
    }

    /// Writes the spans of an exchange that is over.
    func append(_ exchange: Exchange) {
        count += SpanLine.append(exchange, redaction, to: &block)
        if block.count >= Self.blockBytes { flush() }
    }

    /// Hands over what has been written; called at each tick.
    func flush() {
        guard count > 0 else { return }
        exporter.write(block, spans: count)
        block = []
        count = 0
    }
}

// One request to a collector of spans, with its answer.
// When one is made, and what follows from the answer, is SpanSender's matter.

import CLibevent
import RelevoHTTP
import RelevoPolicy

/// What came of a request to a collector.
enum CollectorResult: Sendable, Equatable {
    /// It has taken the spans, but for so many.
    case taken(rejected: Int)
    /// It cannot take them now; perhaps it has said for how many seconds.
    case busy(String, seconds: Int?)
    /// It does not want them.
    case refused(String)
    /// There was no answer.
    case failed(String)
}

/// A running request. Confined to its loop's thread.
final class CollectorCall {
    /// Bytes of an answer that are read at most.
    private static let maxAnswer = 64 * 1024
    private static let patience: Duration = .seconds(10)

    private var onResult: ((CollectorResult) -> Void)?
    private var connection: Bufferevent?
    private var limit: Timer?
    private var answer = AnswerReader(answering: .post)
    private var body: [UInt8] = []
    private var request: [UInt8]

    /// Begins a request. `onResult` is called once, later, and never after ``close()``.
    /// - Throws: what the system refuses at once.
    init(
        loop: EventLoop, _ request: [UInt8], to address: SocketAddress, _ security: EndpointSecurity,
        onResult: @escaping (CollectorResult) -> Void
    ) throws(SystemError) {
        self.request = request
        self.onResult = onResult
        let connection = try security.open(address, on: loop)
        self.connection = connection
        connection.setReadHighMark(Self.maxAnswer)
        connection.onSignal = { [unowned self] in signalled($0) }
        connection.onRead = { [unowned self] in judge(isComplete: false) }
        limit = try Timer(loop: loop, .once) { [unowned self] in
            fail("no answer within \(DurationText.write(Self.patience))")
        }
        limit?.start(Self.patience)
    }

    /// Ends the request without a result. Idempotent.
    func close() {
        onResult = nil
        limit?.close()
        limit = nil
        connection?.retire()
        connection = nil
    }

    private func end(_ result: CollectorResult) {
        guard let report = onResult else { return }
        close()
        report(result)
    }

    private func signalled(_ signal: BuffereventSignal) {
        switch signal {
        case .connected:
            connection?.startReading()
            connection?.send(request)
            request = []
        case .endOfStream: judge(isComplete: true)
        case .failed(let error): fail(error.reason)
        }
    }

    /// Looks at what has come. `isComplete` says that no more will.
    private func judge(isComplete: Bool) {
        guard let input = connection?.input else { return }
        do throws(HTTPParseError) {
            guard try answer.takeHead(from: input) else {
                if isComplete { end(.failed(input.isEmpty ? "the connection ended" : "half an answer")) }
                return
            }
        } catch {
            return end(.failed("no valid HTTP: \(error.explanation)"))
        }
        var part: [UInt8] = []
        input.takePrefix(input.length, into: &part)
        body += part
        guard isComplete || isWhole else { return }
        end(Self.result(answer.head, body))
    }

    /// Whether enough has come: of an answer that is no success the status alone says what follows.
    private var isWhole: Bool {
        if !(200..<300).contains(answer.head.status) || body.count >= Self.maxAnswer { return true }
        if answer.isWhole(body.count) { return true }
        let isChunked = answer.head.fields.contains(.transferEncoding)
        return isChunked && body.suffix(5).elementsEqual(Self.lastChunk)
    }

    private static let lastChunk: [UInt8] = [0x30, 0x0D, 0x0A, 0x0D, 0x0A]

    /// Nothing more comes. A status that has come counts all the same: sent again, spans would be there twice.
    private func fail(_ reason: String) {
        end(answer.hasHead ? Self.result(answer.head, body) : .failed(reason))
    }

    /// Which answers are worth another try is said by the specification of OTLP (§ OTLP/HTTP response).
    private static func result(_ head: borrowing ResponseHead, _ body: [UInt8]) -> CollectorResult {
        let text = "status \(head.status)"
        switch head.status {
        case 200..<300: return .taken(rejected: rejected(in: body))
        case 429, 502, 503, 504:
            let wait = Self.seconds(head.fields)
            return .busy(text, seconds: wait)
        default: return .refused(text)
        }
    }

    private static func seconds(_ fields: borrowing HeaderFields) -> Int? {
        guard let line = fields.first(.retryAfter) else { return nil }
        return Int(decimal: fields.value(of: line))
    }

    /// The number of spans that the collector did not want: `{"partialSuccess":{"rejectedSpans":"3"}}`.
    static func rejected(in body: [UInt8]) -> Int {
        guard let key = body.firstRange(of: Array(#""rejectedSpans""#.utf8)) else { return 0 }
        let rest = body[key.upperBound...].drop { [0x20, 0x3A, 0x22, 0x09].contains($0) }
        return Int(decimal: rest.prefix { ASCII.isDigit($0) }) ?? 0
    }
}

extension Int {
    /// Up to nine digits; nil for anything else.
    fileprivate init?(decimal digits: ArraySlice<UInt8>) {
        guard (1...9).contains(digits.count), digits.allSatisfy({ ASCII.isDigit($0) }) else { return nil }
        self = digits.reduce(0) { $0 * 10 + Int($1 &- 0x30) }
    }
}

@available(*, unavailable)
extension CollectorCall: Sendable {}

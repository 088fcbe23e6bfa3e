// One check of one endpoint: connects, asks, reads the answer, and says once what came of it.
// When checks are made and what follows from them is HealthMonitor's matter.

import CLibevent
import RelevoHTTP
import RelevoPolicy

/// A running check. Confined to its loop's thread.
final class HealthProbe {
    /// Bytes of an answer that are read at most.
    static let maxAnswer = 64 * 1024

    private let probe: HealthCheck.Probe
    private let request: [UInt8]
    private var onResult: ((CheckResult) -> Void)?
    private var connection: Bufferevent?
    private var limit: Timer?
    private var answer = AnswerReader(answering: .other)
    /// What is looked for in the body; the text that every answer has if nothing is.
    private var search = TextSearch("")

    /// Where and how an endpoint is asked.
    struct Place {
        let address: SocketAddress
        let security: EndpointSecurity
    }

    /// Begins a check of an endpoint at a place. `onResult` is called once, later, and never after ``close()``.
    /// - Throws: what the system refuses at once.
    init(
        loop: EventLoop, _ check: HealthCheck, of endpoint: Endpoint, at place: Place,
        onResult: @escaping (CheckResult) -> Void
    ) throws(SystemError) {
        probe = check.probe
        request = Self.request(check.probe, endpoint)
        self.onResult = onResult
        if case .http(let http) = check.probe {
            answer = AnswerReader(answering: Method.known(Array(http.method.utf8).span))
            search = TextSearch(http.body ?? "")
        }
        let connection = try place.security.open(place.address, on: loop)
        self.connection = connection
        if let version = endpoint.proxyProtocol {
            connection.sendFirst(ProxyHeader.own(version, from: connection.localAddress, to: place.address))
        }
        connection.setReadHighMark(Self.maxAnswer)
        connection.onSignal = { [unowned self] in signalled($0) }
        connection.onRead = { [unowned self] in readable() }
        limit = try Timer(loop: loop, .once) { [unowned self] in
            end(.failed("nothing within \(DurationText.write(check.timeout))"))
        }
        limit?.start(check.timeout)
    }

    /// Ends the check without a result. Idempotent.
    func close() {
        onResult = nil
        limit?.close()
        limit = nil
        connection?.retire()
        connection = nil
    }

    private func end(_ result: CheckResult) {
        guard let report = onResult else { return }
        close()
        report(result)
    }

    private static func request(_ probe: HealthCheck.Probe, _ endpoint: Endpoint) -> [UInt8] {
        guard case .http(let http) = probe else { return [] }
        let host = http.host ?? endpoint.hostText
        return Array(
            """
            \(http.method) \(http.path) HTTP/1.1\r
            Host: \(host)\r
            User-Agent: relevo-health\r
            Accept: */*\r
            Connection: close\r
            \r

            """.utf8)
    }

    private func signalled(_ signal: BuffereventSignal) {
        switch signal {
        case .connected:
            guard case .http = probe else {
                // A header that is to come first has no request behind it with which it would leave.
                connection?.flush()
                return end(.passed)
            }
            connection?.startReading()
            connection?.send(request)
        case .endOfStream: judge(isComplete: true)
        case .failed(let error): end(.failed(error.reason))
        }
    }

    private func readable() {
        let isFull = search.count + (connection?.input.length ?? 0) >= Self.maxAnswer
        judge(isComplete: isFull)
    }

    /// Looks at what has come. `isComplete` says that no more will.
    private func judge(isComplete: Bool) {
        guard case .http(let wanted) = probe, let input = connection?.input else { return }
        do throws(HTTPParseError) {
            guard try answer.takeHead(from: input) else {
                if isComplete { end(.failed(input.isEmpty ? "no answer" : "half an answer")) }
                return
            }
        } catch {
            end(.failed("no valid HTTP: \(error.explanation)"))
            return
        }
        guard wanted.statuses.contains(where: { $0.contains(answer.head.status) }) else {
            let expected = wanted.statuses.map(Self.text).joined(separator: ", ")
            end(.failed("status \(answer.head.status) instead of \(expected)"))
            return
        }
        var bytes: [UInt8] = []
        input.takePrefix(input.length, into: &bytes)
        search.add(bytes)
        if search.isFound {
            end(.passed)
        } else if isComplete || answer.isWhole(search.count) {
            end(.failed("the answer does not contain \"\(wanted.body ?? "")\""))
        }
    }

    private static func text(_ range: ClosedRange<Int>) -> String {
        range.count == 1 ? "\(range.lowerBound)" : "\(range.lowerBound)-\(range.upperBound)"
    }
}

@available(*, unavailable)
extension HealthProbe: Sendable {}

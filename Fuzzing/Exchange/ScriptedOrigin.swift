// The origin: reads requests strictly, for nothing ambiguous may ever reach one, and answers as the input says.
// One origin serves all domains, so that a connection which was left dirty would answer somebody else.

import FuzzSupport

/// The origin of one run.
final class ScriptedOrigin {
    private let listener: Plug
    private var connections: [OriginConnection] = []
    private var scenario: Scenario?
    private var answersGiven = 0
    /// Marks the answers of this run that are the origin's own.
    private(set) var mark = ""
    private var runs: UInt64 = 0
    /// Complete requests in the order of their ends: heads as they came, bodies without their framing.
    private(set) var requests: [[UInt8]] = []

    init(path: String) { listener = Plug.listen(path) }

    /// Prepares for a run.
    func begin(_ scenario: Scenario) {
        self.scenario = scenario
        answersGiven = 0
        requests = []
        runs += 1
        var dice = Dice(seed: runs)
        mark = "X-Mark-\(String(dice.next(), radix: 36))"
    }

    /// Does what can be done; false if there was nothing.
    func turn() -> Bool {
        var isBusy = false
        while let plug = listener.accept() {
            connections.append(OriginConnection(plug, cut: scenario?.originCut ?? .nowhere))
            isBusy = true
        }
        for connection in connections { isBusy = connection.turn(self) || isBusy }
        return isBusy
    }

    /// Whether a connection is open at both ends.
    var isConnected: Bool { connections.contains { !$0.hasEnded } }

    /// Ends all connections and forgets them.
    func closeAll() {
        for connection in connections { connection.close() }
        connections = []
    }

    var answersEarly: Bool { scenario?.behaviour.contains(.answersEarly) ?? false }

    func completed(_ request: [UInt8]) { requests.append(request) }

    /// The answer to the request whose head this is, and whether it ends the connection.
    func answer(to head: StrictHead) -> (bytes: [UInt8], closes: Bool) {
        let target = head.words.count > 1 ? head.words[1] : ""
        let isProbe = head.texts("host") == ["probe.example"] && target.hasPrefix("/probe-")
        if let scenario, answersGiven < scenario.answers.count, !isProbe {
            answersGiven += 1
            return (scenario.answers[answersGiven - 1], scenario.behaviour.contains(.originCloses))
        }
        let length = target.utf8.count
        let text = "HTTP/1.1 200 OK\r\n\(mark): \(target)\r\nContent-Length: \(length)\r\n\r\n"
        return (Array((text + (head.words[0] == "HEAD" ? "" : target)).utf8), false)
    }
}

/// One connection to the origin.
final class OriginConnection {
    private let plug: Plug
    private var cut: Cut
    private var received: [UInt8] = []
    private var pending: [UInt8] = []
    private var closesWhenSent = false
    /// Whether the head at the front was answered before its body was complete.
    private var isAnswered = false
    /// Whether what comes may be another protocol.
    private var isOpaque = false

    init(_ plug: Plug, cut: Cut) {
        self.plug = plug
        self.cut = cut
    }

    var hasEnded: Bool { plug.hasEnded }

    func close() { plug.close() }

    func turn(_ origin: ScriptedOrigin) -> Bool {
        let bytes = plug.receive()
        received += bytes
        var isBusy = !bytes.isEmpty
        if !isOpaque { while readRequest(origin) { isBusy = true } }
        if !pending.isEmpty {
            let length = cut.next(of: pending.count)
            let sent = plug.send(pending.prefix(max(length, pending.count > 8192 ? 8192 : 0)))
            pending.removeFirst(sent)
            isBusy = isBusy || sent > 0
            if plug.isDeaf { pending = [] }
        } else if closesWhenSent {
            closesWhenSent = false
            plug.close()
        }
        return isBusy
    }

    /// Takes one request from the front; false if none is complete.
    private func readRequest(_ origin: ScriptedOrigin) -> Bool {
        guard !isOpaque, let length = StrictHead.length(in: received[...]) else { return false }
        var why = ""
        guard let head = StrictHead(received[..<length], why: &why) else {
            violation("an origin got \(why): \(readable(received))")
        }
        let isClassic = head.texts("host").first?.hasPrefix("c.example") ?? false || head.words.last == "HTTP/1.0"
        if isClassic { SentRequest(head).checkClassic() } else { SentRequest(head).check() }
        if origin.answersEarly, !isAnswered {
            isAnswered = true
            give(origin.answer(to: head))
        }
        guard let body = body(head, received[length...], isClassic) else { return false }
        if !isAnswered { give(origin.answer(to: head)) }
        isAnswered = false
        origin.completed(received.prefix(length) + body.data)
        received.removeFirst(length + body.length)
        return true
    }

    private func give(_ answer: (bytes: [UInt8], closes: Bool)) {
        pending += answer.bytes
        closesWhenSent = closesWhenSent || answer.closes
        // After 101 the connection belongs to another protocol.
        isOpaque = String(decoding: answer.bytes, as: UTF8.self).contains(" 101")
    }

    /// The data of a complete body, and its length with its framing.
    private func body(
        _ head: StrictHead, _ rest: ArraySlice<UInt8>, _ isClassic: Bool
    ) -> (data: [UInt8], length: Int)? {
        switch head.framing {
        case .chunked:
            do throws(NaiveChunks.Failure) {
                let chunks = try NaiveChunks(rest)
                require(isClassic || chunks.extensions.allSatisfy(\.isEmpty), "an extension reached an origin")
                return (chunks.data, chunks.length)
            } catch {
                require(error == .incomplete, "an origin got broken chunks: \(readable(rest))")
                return nil
            }
        case .some(.none), .length, nil:
            let length = head.elements("content-length").first.flatMap { Int($0) } ?? 0
            return rest.count >= length ? (Array(rest.prefix(length)), length) : nil
        }
    }
}

// The client's reading of what it got: as many answers as it asked for, each complete or visibly not.
// Requests are read again here, strictly; where that is not possible, nothing is said about what follows.

import FuzzSupport

/// What a client asked, as far as everybody reads it alike.
struct SentRequests {
    /// Method and target of each request.
    private(set) var requests: [(method: String, target: String)] = []
    /// Whether the whole stream was read.
    private(set) var isWhole = true

    init(_ stream: [UInt8]) {
        var rest = stream[...]
        while !rest.isEmpty {
            while rest.starts(with: [13, 10]) { rest = rest.dropFirst(2) }
            guard let length = StrictHead.length(in: rest) else { break }
            var why = ""
            guard let head = StrictHead(rest.prefix(length), why: &why), head.words.count == 3,
                let framing = head.framing
            else { break }
            requests.append((head.words[0], head.words[1]))
            rest = rest.dropFirst(length)
            switch framing {
            case .none: continue
            case .length(let count) where count <= rest.count: rest = rest.dropFirst(count)
            case .length: rest = []
            case .chunked:
                guard let chunks = try? NaiveChunks(rest) else { break }
                rest = rest.dropFirst(chunks.length)
                continue
            }
        }
        isWhole = rest.isEmpty
    }
}

/// The answers that a client got.
struct ReceivedResponses {
    /// Statuses of final answers, those that are cut short included.
    private(set) var statuses: [Int] = []

    /// Reads everything. `mark` names the field in which the origin repeats the target that it was asked for.
    init(_ outcome: Stage.Outcome, to sent: SentRequests, mark: String) {
        var rest = outcome.received[...]
        while !rest.isEmpty {
            guard let length = StrictHead.length(in: rest) else {
                require(outcome.hasEnded, "half a head: \(readable(rest))")
                return
            }
            var why = ""
            guard let head = StrictHead(rest.prefix(length), why: &why) else {
                violation("a client got \(why): \(readable(rest))")
            }
            let status = head.words.count > 1 ? Int(head.words[1]) ?? 0 : 0
            require((100...999).contains(status) && head.words[0].hasPrefix("HTTP/1."), "status line \(head.words)")
            rest = rest.dropFirst(length)
            if status == 101 { return }
            if status < 200 { continue }
            let number = statuses.count
            statuses.append(status)
            guard number < sent.requests.count else {
                // What is no request gets one answer at most, and it is a refusal.
                require(number == sent.requests.count && status >= 400, "an answer to nothing: \(readable(rest))")
                return
            }
            let target = sent.requests[number].target
            if target.hasPrefix("/"), let echo = head.texts(mark.lowercased()).first {
                require(echo == target.lowercased(), "the answer to \(echo) went to \(target)")
            }
            guard let body = Self.bodyLength(head, status, sent.requests[number].method, rest, outcome) else { return }
            rest = rest.dropFirst(body)
        }
    }

    /// The length of a complete body; nil if the connection's end is its end, or cuts it short.
    private static func bodyLength(
        _ head: StrictHead, _ status: Int, _ method: String, _ rest: ArraySlice<UInt8>, _ outcome: Stage.Outcome
    ) -> Int? {
        if method == "HEAD" || status == 204 || status == 304 { return 0 }
        switch head.framing {
        case .length(let length) where length <= rest.count: return length
        case .chunked:
            do throws(NaiveChunks.Failure) {
                return try NaiveChunks(rest).length
            } catch {
                require(error == .incomplete, "a client got broken chunks: \(readable(rest.prefix(2000)))")
                return nil
            }
        case nil: return head.elements("content-length").first.flatMap { Int($0) }.map { min($0, rest.count) }
        case .length, .some(.none): return nil
        }
    }
}

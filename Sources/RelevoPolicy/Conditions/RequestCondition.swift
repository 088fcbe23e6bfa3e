// Conditions on requests that are over, as operators write them: `code ~ connect.* or status >= 500`.
// Reading them is the matter of ConditionReader; what a request is like, that of whoever asks.

/// A condition on a request that is over. Immutable; any thread.
public struct RequestCondition: Sendable, Hashable {
    /// What of a request is compared; the names are those of the access log.
    public enum Field: String, Sendable, Hashable, CaseIterable {
        /// The failure code; absent if an endpoint's answer went on.
        case code
        /// The domain as it is configured.
        case domain
        /// The host in normal form.
        case host
        /// The method.
        case method
        /// The target as it came.
        case target
        /// The target without its query.
        case path
        /// The cluster's name.
        case cluster
        /// The last endpoint.
        case endpoint
        /// The client's address.
        case client
        /// The identifier.
        case requestID = "request_id"
        /// The status that the client got.
        case status
        /// Attempts to reach an endpoint.
        case attempts
        /// Milliseconds from the first byte of the head to the end.
        case duration = "duration_ms"
        /// Milliseconds from the request's head to the answer's.
        case response = "response_ms"
        /// Bytes taken from the client.
        case bytesReceived = "bytes_received"
        /// Bytes sent to the client.
        case bytesSent = "bytes_sent"

        /// Whether it is compared as a number.
        public var isNumber: Bool {
            switch self {
            case .code, .domain, .host, .method, .target, .path, .cluster, .endpoint, .client, .requestID: false
            case .status, .attempts, .duration, .response, .bytesReceived, .bytesSent: true
            }
        }

        /// Whether it is a time.
        var isTime: Bool { self == .duration || self == .response }
    }

    /// What a request has of a field.
    public enum Value: Sendable, Hashable {
        /// Nothing.
        case none
        /// Of a field that is text.
        case text(ArraySlice<UInt8>)
        /// Of a field that is a number; times are in milliseconds.
        case number(Double)
    }

    /// How numbers are compared.
    enum Relation: String, Sendable, Hashable, CaseIterable {
        case equal = "="
        case unequal = "!="
        case atMost = "<="
        case atLeast = ">="
        case less = "<"
        case more = ">"

        func holds(_ left: Double, _ right: Double) -> Bool {
            switch self {
            case .equal: left == right
            case .unequal: left != right
            case .atMost: left <= right
            case .atLeast: left >= right
            case .less: left < right
            case .more: left > right
            }
        }
    }

    /// One comparison.
    enum Comparison: Sendable, Hashable {
        case text(Field, TextPattern, isWanted: Bool)
        case number(Field, Relation, Double)
    }

    /// Of one of these all hold.
    let alternatives: [[Comparison]]

    /// Reads a condition.
    public init(_ text: String) throws(ConditionError) {
        var reader = ConditionReader(text)
        alternatives = try reader.alternatives()
    }

    /// Whether a request is meant.
    /// - Parameter value: what it has of a field.
    public func holds(_ value: (Field) -> Value) -> Bool {
        alternatives.contains { all in all.allSatisfy { Self.holds($0, value) } }
    }

    private static func holds(_ comparison: Comparison, _ value: (Field) -> Value) -> Bool {
        switch comparison {
        case .text(let field, let pattern, let isWanted):
            // What is not there is none of anything: `code != client.closed` also means those that went well.
            guard case .text(let bytes) = value(field) else { return !isWanted }
            return pattern.matches(bytes) == isWanted
        case .number(let field, let relation, let right):
            guard case .number(let left) = value(field) else { return false }
            return relation.holds(left, right)
        }
    }
}

/// A text in which `*` stands for any bytes, or none.
struct TextPattern: Sendable, Hashable {
    /// What stands between the stars; one piece without any.
    private let pieces: [[UInt8]]

    /// A text in which a star is a star.
    init(exactly text: some StringProtocol) { pieces = [Array(text.utf8)] }

    /// A pattern.
    init(_ text: some StringProtocol) {
        pieces = text.utf8.split(separator: 0x2A, omittingEmptySubsequences: false).map { Array($0) }
    }

    /// Whether all of a text is meant. Takes at most the product of both lengths.
    func matches(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard let first = pieces.first, let last = pieces.last, pieces.count > 1 else {
            return bytes.elementsEqual(pieces.first ?? [])
        }
        guard bytes.count >= first.count + last.count, bytes.starts(with: first), bytes.suffix(last.count) == last[...]
        else { return false }
        var rest = bytes.dropFirst(first.count).dropLast(last.count)
        for piece in pieces.dropFirst().dropLast() {
            // The first place is the best one: it leaves the most for what follows.
            guard let place = Self.place(of: piece, in: rest) else { return false }
            rest = rest[(place + piece.count)...]
        }
        return true
    }

    private static func place(of piece: [UInt8], in bytes: ArraySlice<UInt8>) -> Int? {
        guard bytes.count >= piece.count else { return nil }
        return (bytes.startIndex...bytes.endIndex - piece.count).first { bytes[$0...].starts(with: piece) }
    }
}

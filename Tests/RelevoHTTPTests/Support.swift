// Short ways to make heads and to run them through the module, shared by all tests of this target.
// Not for expectations: each test states its own.

import RelevoHTTP

/// Limits that no test meets by accident.
let roomy = HeadLimits(headBytes: 1 << 20, fields: 1000, targetBytes: 1 << 16)

/// A parsed request, from text.
func request(_ text: String, limits: HeadLimits = roomy) throws(HTTPParseError) -> RequestHead {
    try request(bytes: Array(text.utf8), limits: limits)
}

/// A parsed request, from bytes.
func request(bytes: [UInt8], limits: HeadLimits = roomy) throws(HTTPParseError) -> RequestHead {
    var head = RequestHead()
    head.fields.bytes = bytes
    try head.parse(limits: limits)
    return head
}

/// A parsed GET with these field lines beside Host.
func get(_ lines: String...) throws(HTTPParseError) -> RequestHead {
    try request(head("GET / HTTP/1.1", ["Host: a.example"] + lines))
}

/// A parsed POST with these field lines beside Host.
func post(_ lines: String...) throws(HTTPParseError) -> RequestHead {
    try request(head("POST / HTTP/1.1", ["Host: a.example"] + lines))
}

/// A parsed response, from text.
func response(_ text: String, limits: HeadLimits = roomy) throws(HTTPParseError) -> ResponseHead {
    var head = ResponseHead()
    head.fields.bytes = Array(text.utf8)
    try head.parse(limits: limits)
    return head
}

/// A parsed response with status 200 and these field lines.
func ok(_ lines: String...) throws(HTTPParseError) -> ResponseHead {
    try response(head("HTTP/1.1 200 OK", lines))
}

/// The text of a head.
func head(_ firstLine: String, _ lines: [String]) -> String {
    ([firstLine] + lines).map { $0 + "\r\n" }.joined() + "\r\n"
}

/// The outgoing request as text.
func sent(_ head: borrowing RequestHead, _ rewrite: RequestRewrite = RequestRewrite()) -> String {
    var output: [UInt8] = []
    HeadSerializer.append(request: head, rewrite: rewrite, to: &output)
    return String(decoding: output, as: UTF8.self)
}

/// The outgoing response as text.
func sent(_ head: borrowing ResponseHead, _ rewrite: ResponseRewrite = ResponseRewrite()) -> String {
    var output: [UInt8] = []
    HeadSerializer.append(response: head, rewrite: rewrite, to: &output)
    return String(decoding: output, as: UTF8.self)
}

/// The lines of a head without its first one and without line ends.
func lines(_ text: String) -> [String] {
    text.split(separator: "\r\n").dropFirst().map { String($0) }
}

/// What a chunked body looks like after the scanner: the data, the trailers that may pass, the bytes it used.
struct ChunkedResult: Equatable {
    var data: [UInt8] = []
    var trailers: [UInt8] = []
    var consumed = 0
    var isFinished = false
}

/// Feeds a body in pieces of the sizes that `cut` yields (nil: all that is there).
func scan(
    _ body: [UInt8], limits: HeadLimits = roomy, cut: () -> Int? = { nil }
) throws(HTTPParseError) -> ChunkedResult {
    var scanner = ChunkedScanner(limits: limits)
    var result = ChunkedResult()
    var available = 0
    while !scanner.isFinished, available < body.count {
        available = min(body.count, available + max(1, cut() ?? body.count))
        try drain(&scanner, body, upTo: available, into: &result)
    }
    result.isFinished = scanner.isFinished
    if scanner.isFinished { scanner.appendTrailers(to: &result.trailers) }
    return result
}

private func drain(
    _ scanner: inout ChunkedScanner, _ body: [UInt8], upTo available: Int, into result: inout ChunkedResult
) throws(HTTPParseError) {
    while result.consumed < available {
        let rest = body[result.consumed..<available]
        guard let step = try scanner.next(rest.span) else { return }
        switch step {
        case .framing(let count), .end(let count):
            result.consumed += count
        case .data(let count):
            let here = min(count, rest.count)
            result.data += rest.prefix(here)
            scanner.moved(here)
            result.consumed += here
        }
    }
}

/// A fixed-seed generator (SplitMix64), so that a failure can be repeated.
struct Seeded: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}

extension HeadScanner {
    /// Looks at a whole array as the next piece.
    mutating func scan(_ piece: some Collection<UInt8>, limit: Int) throws(HTTPParseError) -> Int? {
        let bytes = Array(piece)
        return try scan(bytes.span, limit: limit)
    }

    /// Looks at a whole array as the next piece of a request head.
    mutating func scan(_ piece: some Collection<UInt8>, limits: HeadLimits) throws(HTTPParseError) -> Int? {
        let bytes = Array(piece)
        return try scan(bytes.span, limits: limits)
    }
}

extension ChunkedScanner {
    /// Says what the bytes at the beginning of a text are.
    mutating func next(_ text: some Collection<UInt8>) throws(HTTPParseError) -> Step? {
        let bytes = Array(text)
        return try next(bytes.span)
    }
}

// One direction of an exchange's body: bytes from one connection's input to another's output. Knows framing, but
// neither heads nor connections; the two lanes of an exchange know nothing of each other.

import CLibevent
import RelevoHTTP

/// How a body's framing crosses the proxy.
enum LaneFraming {
    /// There is no body.
    case none
    /// So many more bytes, as they are.
    case counted(Int)
    /// Chunks as they are; they are followed only to find the end (classic mode).
    case rawChunks
    /// Chunks in, chunks of our own out: extensions are dropped, trailers filtered.
    case reframedChunks
    /// Chunks in, bare data out, for a target that does not know chunks.
    case unchunked
    /// Everything until the source ends, as it is.
    case untilEnd
    /// Everything until the source ends, in chunks of our own.
    case untilEndToChunks
}

/// Moves one body. Whole segments change buffers; only chunk framing is ever copied or written. Confined to its
/// worker's thread.
final class ForwardLane {
    /// Why a lane does not move bytes at the moment; it moves when no reason is left.
    struct PauseReasons: OptionSet {
        let rawValue: UInt8
        /// The target has enough unsent bytes.
        static let targetFull = PauseReasons(rawValue: 1)
        /// There is no target yet.
        static let awaitingConnect = PauseReasons(rawValue: 2)
    }

    /// What a turn of the lane came to.
    enum Progress: Equatable {
        /// Everything that could be moved was moved.
        case flowing
        /// The body is complete.
        case ended
        /// The source broke the framing.
        case malformed(HTTPParseError)
        /// The body is larger than allowed.
        case tooLarge
    }

    /// Unsent bytes in the target that pause the lane; half of it lets it go on.
    static let highMark = 64 * 1024

    /// Bytes of a body that is copied to leave with its head: cheaper than segments that change buffers.
    static let smallBody = 8 * 1024

    /// Why nothing moves at the moment.
    var paused: PauseReasons = []
    /// Whether the body is complete.
    var hasEnded = true
    /// Body bytes taken from the source so far, framing included.
    var bytesTaken = 0
    private(set) var framing = LaneFraming.none
    /// Bytes of a counted body that are still to come.
    var remaining = 0
    private var limit = Int.max
    /// Whether there is a scanner: looking at so large an optional is not free.
    private var isChunked = false
    private var chunks: ChunkedScanner?

    /// Begins a body. `limit` bounds its data in bytes; 0 means no bound.
    func start(_ framing: LaneFraming, limits: HeadLimits, limit: Int = 0) {
        self.framing = framing
        self.limit = limit == 0 ? .max : limit
        paused = []
        hasEnded = false
        bytesTaken = 0
        remaining = 0
        if isChunked { chunks = nil }
        isChunked = false
        switch framing {
        case .none: hasEnded = true
        case .counted(let count):
            remaining = count
            hasEnded = count == 0
        case .rawChunks, .reframedChunks, .unchunked:
            isChunked = true
            chunks = ChunkedScanner(limits: limits)
        case .untilEnd, .untilEndToChunks: break
        }
    }

    /// Back to the initial state.
    func reset() {
        start(.none, limits: HeadLimits())
    }

    /// Whether the end of the source is the end of the body.
    var endsWithSource: Bool {
        switch framing {
        case .untilEnd, .untilEndToChunks: true
        case .none, .counted, .rawChunks, .reframedChunks, .unchunked: false
        }
    }

    /// Whether only the end of the connection tells the target that the body is complete.
    var endsWithTarget: Bool {
        switch framing {
        case .unchunked, .untilEnd: true
        case .none, .counted, .rawChunks, .reframedChunks, .untilEndToChunks: false
        }
    }

    /// Moves what is there, unless paused.
    func pump(from source: Evbuffer, to target: Evbuffer) -> Progress {
        guard !hasEnded else { return .ended }
        guard paused.isEmpty, !source.isEmpty else { return .flowing }
        let before = source.length
        defer { bytesTaken += before - source.length }
        switch framing {
        case .none: hasEnded = true
        case .counted:
            remaining -= source.transfer(remaining, to: target)
            hasEnded = remaining == 0
        case .untilEnd: source.transfer(source.length, to: target)
        case .untilEndToChunks: Self.moveChunk(source.length, from: source, to: target)
        case .rawChunks, .reframedChunks, .unchunked: return pumpChunks(from: source, to: target)
        }
        return hasEnded ? .ended : .flowing
    }

    /// Takes a body of known length that is small and all there out of the source, so that it can leave with its head.
    /// - Returns: false if it is not: then nothing has changed.
    func takeWhole(from source: Evbuffer, to bytes: inout [UInt8]) -> Bool {
        if hasEnded { return true }
        guard case .counted = framing, remaining <= Self.smallBody, source.length >= remaining else { return false }
        source.appendPrefix(remaining, to: &bytes)
        source.drain(remaining)
        takeWhole(remaining)
        return true
    }

    /// The whole body went with its head.
    func takeWhole(_ count: Int) {
        bytesTaken += count
        remaining = 0
        hasEnded = true
    }

    /// The source has ended. Completes a body that ends so.
    /// - Returns: false if the body is incomplete.
    func sourceEnded(target: Evbuffer) -> Bool {
        guard !hasEnded else { return true }
        guard endsWithSource else { return false }
        if case .untilEndToChunks = framing { target.append(Array("0\r\n\r\n".utf8)) }
        hasEnded = true
        return true
    }

    /// Gives up the rest of the body.
    func abandon() {
        hasEnded = true
        paused = []
    }
}

// MARK: - Chunks

extension ForwardLane {
    private func pumpChunks(from source: Evbuffer, to target: Evbuffer) -> Progress {
        guard var scanner = chunks.take() else { return .ended }
        defer { chunks = scanner }
        while !source.isEmpty, !hasEnded {
            if scanner.isInData {
                let count = min(scanner.remainingData, source.length)
                guard count <= limit else { return .tooLarge }
                limit -= count
                if case .reframedChunks = framing {
                    Self.moveChunk(count, from: source, to: target)
                } else {
                    source.transfer(count, to: target)
                }
                scanner.moved(count)
                continue
            }
            do throws(HTTPParseError) {
                try scanFraming(&scanner, from: source, to: target)
            } catch {
                return .malformed(error)
            }
        }
        return hasEnded ? .ended : .flowing
    }

    private func scanFraming(
        _ scanner: inout ChunkedScanner, from source: Evbuffer, to target: Evbuffer
    ) throws(HTTPParseError) {
        var step: ChunkedScanner.Step?
        try source.forEachSegment { (segment) throws(HTTPParseError) in
            step = try scanner.next(segment)
            return false
        }
        switch step {
        case .framing(let count): consume(count, from: source, to: target)
        case .end(let count):
            consume(count, from: source, to: target)
            if case .reframedChunks = framing { target.append(Self.lastChunk(scanner)) }
            hasEnded = true
        case .data, nil: break
        }
    }

    private func consume(_ count: Int, from source: Evbuffer, to target: Evbuffer) {
        if case .rawChunks = framing {
            source.transfer(count, to: target)
        } else {
            source.drain(count)
        }
    }

    private static func moveChunk(_ count: Int, from source: Evbuffer, to target: Evbuffer) {
        var line: [UInt8] = []
        ChunkedScanner.appendSize(count, to: &line)
        target.append(line)
        source.transfer(count, to: target)
        target.append(Array("\r\n".utf8))
    }

    /// The last chunk and the trailers that may cross a proxy (RFC 9110 §6.5.1).
    private static func lastChunk(_ scanner: ChunkedScanner) -> [UInt8] {
        var bytes = Array("0\r\n".utf8)
        scanner.appendTrailers(to: &bytes)
        return bytes
    }
}

// A pipe through which bytes go from one socket to another without coming into this process' memory (splice(2)).
// When that pays, and how many bytes may go, is the owner's matter.

import CEvent2
import Glibc

/// A kernel buffer between two sockets. Confined to its loop's thread.
///
/// The bytes stay in the pages in which they arrived; only references to them move. The owner empties the pipe before
/// it gives it to others: what is held belongs to one stream.
public final class SplicePipe {
    /// What a step came to.
    public enum Outcome: Sendable {
        /// So many bytes moved.
        case moved(Int)
        /// Nothing can be moved at the moment.
        case blocked
        /// The source has ended.
        case ended
        /// The source or the target has failed.
        case failed(SystemError)
    }

    /// Bytes that a pipe holds at most, if the system grants it.
    static let capacity = 256 * 1024

    /// Bytes in the pipe.
    public private(set) var held = 0
    private let readEnd: Int32
    private let writeEnd: Int32

    /// Opens a pipe: two descriptors, no memory until it is used.
    public init() throws(SystemError) {
        var ends: (Int32, Int32) = (-1, -1)
        let status = withUnsafeMutablePointer(to: &ends) {
            $0.withMemoryRebound(to: Int32.self, capacity: 2) { relevo_pipe($0) }
        }
        guard status == 0 else { throw SystemError.last(in: .pipe) }
        (readEnd, writeEnd) = ends
        // A refusal leaves a smaller pipe, which works as well.
        _ = relevo_set_pipe_size(writeEnd, Int32(Self.capacity))
    }

    deinit {
        Glibc.close(readEnd)
        Glibc.close(writeEnd)
    }

    /// Takes up to `count` bytes out of a socket. Only into an empty pipe and past an empty input, so that the order
    /// of bytes is that of their arrival.
    ///
    /// Urgent data (RFC 9293 §3.8.5) blocks it for good: the system splices up to it, and only a read gets past it.
    public func fill(from source: Bufferevent, upTo count: Int) -> Outcome {
        guard held == 0, count > 0, source.phase == .open, source.input.isEmpty else { return .blocked }
        guard source.isPlain else { return .failed(SystemError(ENOTSUP, in: .read)) }
        let moved = relevo_splice(source.fileDescriptor, writeEnd, min(count, Self.capacity))
        if moved > 0 {
            held = moved
            return .moved(moved)
        }
        if moved == 0 { return .ended }
        return errno == EAGAIN || errno == EINTR ? .blocked : .failed(SystemError.last(in: .read))
    }

    /// Gives what is held to a socket, as far as it takes it. Only behind an empty output.
    public func empty(into target: Bufferevent) -> Outcome {
        guard held > 0, target.phase == .open, target.output.isEmpty else { return .blocked }
        guard target.isPlain else { return .failed(SystemError(ENOTSUP, in: .write)) }
        let moved = relevo_splice(readEnd, target.fileDescriptor, held)
        if moved > 0 {
            held -= moved
            return .moved(moved)
        }
        if moved == 0 || errno == EAGAIN || errno == EINTR { return .blocked }
        target.writeFailure = true
        return .failed(SystemError.last(in: .write))
    }
}

@available(*, unavailable)
extension SplicePipe: Sendable {}

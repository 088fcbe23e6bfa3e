// A chain of byte segments: libevent's evbuffer.
// What the bytes mean is others' matter.

import CEvent2
import Glibc

/// Owns or borrows one `evbuffer`. Confined to its loop's thread.
///
/// The buffers of a bufferevent end with it: a use after that finds them empty and does nothing.
public final class Evbuffer {
    private(set) var raw: OpaquePointer?
    private let isOwner: Bool
    /// Whether libevent itself fills the buffer, as it does those of pairs.
    private let isFilledByLibevent: Bool
    /// False if the buffer is empty for certain. To ask an empty buffer, as most are between two messages, is then no
    /// look at libevent's own structure.
    private var mayHold: Bool

    /// Creates an empty buffer of its own.
    public init() throws(SystemError) {
        guard let raw = evbuffer_new() else { throw SystemError.last(in: .evbuffer) }
        self.raw = raw
        isOwner = true
        isFilledByLibevent = false
        mayHold = false
    }

    init(borrowing raw: OpaquePointer?, isFilledByLibevent: Bool) {
        self.raw = raw
        isOwner = false
        self.isFilledByLibevent = isFilledByLibevent
        mayHold = isFilledByLibevent
    }

    deinit {
        if isOwner, let raw { evbuffer_free(raw) }
    }

    /// The bufferevent that lent the buffer has ended.
    func invalidate() { raw = nil }

    /// Bytes that have left the buffer for a layer that could not send them yet.
    var sealed = 0

    /// Bytes are about to be added: to be called wherever that happens.
    func willGrow() { mayHold = true }

    /// Bytes in the buffer, and of an output those that a layer has encrypted and not sent.
    public var length: Int {
        guard mayHold, let raw else { return sealed }
        let length = evbuffer_get_length(raw)
        if length == 0, !isFilledByLibevent { mayHold = false }
        return length + sealed
    }

    /// Whether there is nothing to read.
    public var isEmpty: Bool { length == 0 }
}

// MARK: - Reading

extension Evbuffer {
    /// Hands each contiguous segment from `offset` on to `body` until it returns false or the bytes are used up
    /// (`evbuffer_peek`). Nothing is drained.
    public func forEachSegment<E: Error>(
        from offset: Int = 0, _ body: (Span<UInt8>) throws(E) -> Bool
    ) throws(E) {
        var position = offset
        while let raw, position >= 0, position < evbuffer_get_length(raw) {
            var place = evbuffer_ptr()
            var segment = iovec()
            guard evbuffer_ptr_set(raw, &place, position, EVBUFFER_PTR_SET) == 0,
                evbuffer_peek(raw, -1, &place, &segment, 1) > 0, segment.iov_len > 0
            else { return }
            let bytes = UnsafeBufferPointer(
                start: segment.iov_base.assumingMemoryBound(to: UInt8.self), count: segment.iov_len)
            guard try body(bytes.span) else { return }
            position += segment.iov_len
        }
    }

    /// Replaces the contents of `array` with the first `count` bytes (or as many as there are) and removes them from
    /// the buffer. The array keeps its capacity.
    public func takePrefix(_ count: Int, into array: inout [UInt8]) {
        copyPrefix(count, into: &array)
        drain(array.count)
    }

    /// Replaces the contents of `array` with the first `count` bytes, or as many as there are.
    public func copyPrefix(_ count: Int, into array: inout [UInt8]) {
        if !array.isEmpty { array.removeAll(keepingCapacity: true) }
        appendPrefix(count, to: &array)
    }

    /// Appends the first `count` bytes, or as many as there are, to an array.
    public func appendPrefix(_ count: Int, to array: inout [UInt8]) {
        let amount = min(count, length)
        guard amount > 0 else { return }
        array.append(addingCapacity: amount) { output in
            output.withUnsafeMutableBufferPointer { memory, initialized in
                initialized = copyPrefix(to: UnsafeMutableRawBufferPointer(memory))
            }
        }
    }

    /// Copies as many bytes as there is room for. Not by `evbuffer_copyout`: it refuses the output of a bufferevent,
    /// which is libevent's to drain.
    private func copyPrefix(to memory: UnsafeMutableRawBufferPointer) -> Int {
        var copied = 0
        forEachSegment { segment in
            let part = segment.extracting(first: memory.count - copied)
            part.withUnsafeBytes { UnsafeMutableRawBufferPointer(rebasing: memory[copied...]).copyMemory(from: $0) }
            copied += part.count
            return copied < memory.count
        }
        return copied
    }

    /// Position of the first occurrence of `needle` at or after `offset` (`evbuffer_search`).
    public func firstIndex(of needle: StaticString, from offset: Int = 0) -> Int? {
        guard let raw, offset >= 0, offset <= evbuffer_get_length(raw) else { return nil }
        var start = evbuffer_ptr()
        guard evbuffer_ptr_set(raw, &start, offset, EVBUFFER_PTR_SET) == 0 else { return nil }
        let text = UnsafeRawPointer(needle.utf8Start).assumingMemoryBound(to: CChar.self)
        let found = evbuffer_search(raw, text, needle.utf8CodeUnitCount, &start)
        return found.pos >= 0 ? found.pos : nil
    }

    /// Removes the first `count` bytes, or all if there are fewer.
    public func drain(_ count: Int) {
        if let raw, count > 0 { evbuffer_drain(raw, count) }
    }
}

// MARK: - Writing

extension Evbuffer {
    /// Moves the first `count` bytes to the end of `target`, whole segments without a copy.
    /// - Returns: the bytes moved, fewer if there were fewer.
    @discardableResult
    public func move(_ count: Int, to target: Evbuffer) -> Int {
        guard let raw, let other = target.raw, count > 0 else { return 0 }
        target.willGrow()
        let available = evbuffer_get_length(raw)
        if count >= available {
            return evbuffer_add_buffer(other, raw) == 0 ? available : 0
        }
        return max(0, Int(evbuffer_remove_buffer(raw, other, count)))
    }

    /// Hands the first `count` bytes over to the end of `target`: many by moving segments, few by a copy.
    ///
    /// A segment takes a kilobyte of memory however little is in it: a peer that sends single bytes would fill the
    /// target with segments that are all but empty.
    /// - Returns: the bytes handed over, fewer if there were fewer.
    @discardableResult
    public func transfer(_ count: Int, to target: Evbuffer) -> Int {
        let amount = min(count, length)
        guard amount <= 1024 else { return move(amount, to: target) }
        guard let raw, let other = target.raw, amount > 0 else { return 0 }
        target.willGrow()
        return withUnsafeTemporaryAllocation(byteCount: amount, alignment: 1) { memory in
            let taken = max(0, Int(evbuffer_remove(raw, memory.baseAddress, amount)))
            return evbuffer_add(other, memory.baseAddress, taken) == 0 ? taken : 0
        }
    }

    /// Appends a copy of `bytes` from an offset on.
    public func append(_ bytes: [UInt8], from offset: Int = 0) {
        guard let raw, offset >= 0, offset < bytes.count else { return }
        willGrow()
        bytes.withUnsafeBytes { _ = evbuffer_add(raw, $0.baseAddress! + offset, $0.count - offset) }
    }

    /// Puts a copy of `bytes` before everything else (`evbuffer_prepend`).
    public func prepend(_ bytes: [UInt8]) {
        guard let raw, !bytes.isEmpty else { return }
        willGrow()
        bytes.withUnsafeBytes { _ = evbuffer_prepend(raw, $0.baseAddress, $0.count) }
    }

    /// Appends a copy of the text's UTF-8 bytes.
    public func append(_ text: String) { append(Array(text.utf8)) }

    /// Appends up to `capacity` bytes that `body` writes in place (`evbuffer_reserve_space`, `evbuffer_commit_space`).
    public func append(
        reserving capacity: Int, _ body: (inout OutputSpan<UInt8>) -> Void
    ) {
        guard let raw, capacity > 0 else { return }
        var space = iovec()
        guard evbuffer_reserve_space(raw, capacity, &space, 1) == 1 else { return }
        let memory = UnsafeMutableBufferPointer(
            start: space.iov_base.assumingMemoryBound(to: UInt8.self), count: min(space.iov_len, capacity))
        var output = OutputSpan(buffer: memory, initializedCount: 0)
        body(&output)
        space.iov_len = output.finalize(for: memory)
        // Not before `body`, which may ask the buffer while it is still empty.
        willGrow()
        evbuffer_commit_space(raw, &space, 1)
    }
}

@available(*, unavailable)
extension Evbuffer: Sendable {}

// What servers have given a client to resume with, by server.
// What it may be used for is checked by OpenSSL and by the server.

import COpenSSL
import Synchronization

/// The last ticket of each server, so many at most: the oldest goes first. Any thread.
final class ResumptionCache: Sendable {
    private struct Content {
        var tickets: [String: Ticket] = [:]
        var count: UInt64 = 0
    }

    /// One ticket with the connection that it resumes (`SSL_SESSION`). Never changed: who uses it gets a copy, as
    /// OpenSSL writes into those of connections, without a lock.
    private final class Ticket: Sendable {
        nonisolated(unsafe) let raw: OpaquePointer
        let number: UInt64

        init(_ raw: OpaquePointer, _ number: UInt64) {
            self.raw = raw
            self.number = number
        }

        deinit { SSL_SESSION_free(raw) }
    }

    private let capacity: Int
    private let content = Mutex(Content())

    init(capacity: Int) { self.capacity = capacity }

    /// Keeps a copy.
    func keep(_ raw: OpaquePointer, for key: String) {
        guard capacity > 0, SSL_SESSION_is_resumable(raw) == 1, let copy = SSL_SESSION_dup(raw) else { return }
        let address = UInt(bitPattern: copy)
        content.withLock { content in
            guard let copy = OpaquePointer(bitPattern: address) else { return }
            content.count += 1
            content.tickets[key] = Ticket(copy, content.count)
            guard content.tickets.count > capacity else { return }
            if let oldest = content.tickets.min(by: { $0.value.number < $1.value.number }) {
                content.tickets[oldest.key] = nil
            }
        }
    }

    /// A copy of what is kept, which the caller frees.
    func find(_ key: String) -> OpaquePointer? {
        let ticket = content.withLock { $0.tickets[key] }
        guard let ticket else { return nil }
        // Another thread may replace it at any moment.
        return withExtendedLifetime(ticket) { SSL_SESSION_dup(ticket.raw) }
    }

    /// Servers of which there is a ticket.
    var count: Int { content.withLock { $0.tickets.count } }
}

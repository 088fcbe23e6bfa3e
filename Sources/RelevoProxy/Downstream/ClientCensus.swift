// How many connections each client address has, over all workers. Touched when a connection begins and ends, never
// for a request.

package import RelevoHTTP
import Synchronization

/// Counts connections by client address; any thread.
package final class ClientCensus: Sendable {
    private let limit: Atomic<Int>
    private let counts = Mutex<[IPAddress: Int]>([:])

    /// Creates a census that allows `limit` connections for each address.
    package init(limit: Int) { self.limit = Atomic(limit) }

    /// Allows another number; who is there already stays.
    package func allow(_ limit: Int) { self.limit.store(limit, ordering: .relaxed) }

    /// Counts a connection; false if its address has as many as it may have, and then it is not counted.
    package func enter(_ address: IPAddress) -> Bool {
        let limit = limit.load(ordering: .relaxed)
        return counts.withLock { counts in
            let count = counts[address] ?? 0
            guard count < limit else { return false }
            counts[address] = count + 1
            return true
        }
    }

    /// Takes a counted connection out.
    package func leave(_ address: IPAddress) {
        counts.withLock { counts in
            guard let count = counts[address] else { return }
            counts[address] = count > 1 ? count - 1 : nil
        }
    }

    /// Addresses that have connections.
    package var addresses: Int { counts.withLock { $0.count } }
}

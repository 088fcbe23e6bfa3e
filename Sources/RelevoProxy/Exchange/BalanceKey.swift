// What of a request decides which endpoint it goes to, where the cluster balances by that.
// What follows from it: Balancing/ in RelevoPolicy.

import RelevoHTTP
import RelevoPolicy

/// Reads keys off requests. Made once for each cluster.
struct BalanceKey: Sendable {
    private let source: HashSource

    /// The reader for a way of balancing; nil if that wants no key.
    init?(_ balance: BalanceMethod) {
        switch balance {
        case .hash(.header(let name)): source = .header(name.lowercased())
        case .hash(let source): self.source = source
        case .random, .roundRobin, .leastRequests, .powerOfTwo, .latency, .sticky: return nil
        }
    }

    /// The key of a request; nil if it has nothing of the kind.
    func key(of request: borrowing RequestHead, client: [UInt8]) -> UInt64? {
        switch source {
        case .header(let name):
            guard let line = request.fields.line(named: name) else { return nil }
            return HashKey.hash(request.fields.value(of: line))
        case .cookie(let name):
            guard let value = Self.cookie(name, request.fields) else { return nil }
            return HashKey.hash(value)
        case .client: return client.isEmpty ? nil : HashKey.hash(client.span)
        case .path: return HashKey.hash(request.pathBytes)
        }
    }

    /// The value of the first cookie of a name; there may be several fields (RFC 9112 allows it, RFC 6265 does not).
    static func cookie(_ name: String, _ fields: borrowing HeaderFields) -> ArraySlice<UInt8>? {
        for line in fields.lines where line.known == .cookie && !line.removed {
            if let value = CookieValue.find(name, in: fields.value(of: line)) { return value }
        }
        return nil
    }
}

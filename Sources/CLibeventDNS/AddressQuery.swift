// One lookup of addresses: the question to c-ares, and its answer as a value.
// When the answer is told is the channel's matter.

import CCares
import CLibevent
import Glibc

/// A lookup that is given to c-ares, and given back with its answer.
final class AddressQuery {
    private let channel: DNSChannel
    private let name: String
    private let port: UInt16
    private let family: DNSResolver.Family
    private let done: (Result<DNSResolver.Answer, DNSFailure>) -> Void
    /// The call that asks has not returned: nameservers take longer, so an answer now is from a file.
    private var isBeingAsked = false

    init(
        _ channel: DNSChannel, name: String, port: UInt16, family: DNSResolver.Family,
        _ done: @escaping (Result<DNSResolver.Answer, DNSFailure>) -> Void
    ) {
        self.channel = channel
        self.name = name
        self.port = port
        self.family = family
        self.done = done
    }

    /// Puts the question; the channel's `finish` is called once for it, or never if the channel is closed.
    func ask() {
        guard let handle = channel.handle else { return }
        var hints = ares_addrinfo_hints()
        // Sorting would open a socket for each address.
        hints.ai_flags = ARES_AI_NOSORT
        hints.ai_family =
            switch family {
            case .any: AF_UNSPEC
            case .ipv4: AF_INET
            case .ipv6: AF_INET6
            }
        isBeingAsked = true
        ares_getaddrinfo(
            handle, name, nil, &hints,
            { context, status, _, list in
                let query = Unmanaged<AddressQuery>.fromOpaque(context!).takeRetainedValue()
                defer { ares_freeaddrinfo(list) }
                query.answered(status, list?.pointee)
            }, Unmanaged.passRetained(self).toOpaque())
        isBeingAsked = false
        channel.arm()
    }

    private func answered(_ status: Int32, _ list: ares_addrinfo?) {
        let result: Result<DNSResolver.Answer, DNSFailure>
        if let failure = DNSFailure(status: status) {
            result = .failure(failure)
        } else if let list, let answer = answer(list) {
            result = .success(answer)
        } else {
            result = .failure(.noData)
        }
        channel.finish { [done] in done(result) }
    }

    private func answer(_ list: ares_addrinfo) -> DNSResolver.Answer? {
        var (v6, v4): ([SocketAddress], [SocketAddress]) = ([], [])
        var seen: Set<SocketAddress> = []
        var seconds = Int32.max
        var node = list.nodes
        while let entry = node?.pointee {
            node = entry.ai_next
            seconds = min(seconds, entry.ai_ttl)
            guard let form = entry.ai_addr,
                let address = SocketAddress(form: form, length: Int(entry.ai_addrlen))?.withPort(port),
                seen.insert(address).inserted
            else { continue }
            if case .ipv6 = address { v6.append(address) } else { v4.append(address) }
        }
        var alias = list.cnames
        while let entry = alias?.pointee {
            alias = entry.next
            seconds = min(seconds, entry.ttl)
        }
        guard !seen.isEmpty else { return nil }
        // RFC 2181 §8: a value with the highest bit set, here a negative one, means none.
        let lifetime = isBeingAsked ? DNSResolver.hostsTimeToLive : .seconds(max(0, seconds))
        return DNSResolver.Answer(addresses: Self.alternate(v6, v4), timeToLive: lifetime)
    }

    private static func alternate(_ first: [SocketAddress], _ second: [SocketAddress]) -> [SocketAddress] {
        var merged: [SocketAddress] = []
        for index in 0..<min(max(first.count, second.count), DNSResolver.maxRecords) {
            if index < first.count { merged.append(first[index]) }
            if index < second.count { merged.append(second[index]) }
        }
        return Array(merged.prefix(DNSResolver.maxRecords))
    }
}

@available(*, unavailable)
extension AddressQuery: Sendable {}

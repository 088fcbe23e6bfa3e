// The addresses of one endpoint in one worker, and in which order a request tries them.
// Without clock or dice. Where addresses come from is NameResolver's matter, opening them Exchange's.

import CLibevent

/// The addresses of one endpoint.
///
/// A request begins with the address whose turn it is, whatever the order of the nameserver, and goes on to the others
/// when one fails. IPv6 and IPv4 take turns (RFC 8305 §4); the first is of the family that connected last.
///
/// Of several targets, which SRV records name, those of the lowest priority take turns by weight (RFC 2782, but evenly
/// spread instead of at random); the others are tried when all of them have failed the request.
final class AddressBook {
    /// How many there are.
    private(set) var count = 0
    private var targets: [Target] = []
    /// The only address, which most endpoints have.
    private var only: SocketAddress?
    private var preferred = AddressFamily.ipv6
    private var edition: UInt32 = 0

    /// The addresses of a host.
    private struct Target {
        let v6: [SocketAddress]
        let v4: [SocketAddress]
        let priority: Int
        let weight: Int
        var rotation = 0
        /// What it has to get: the target with the most is next.
        var credit = 0

        var count: Int { v6.count + v4.count }

        init(_ target: NameTarget) {
            v6 = target.addresses.filter { AddressFamily($0) == .ipv6 }
            v4 = target.addresses.filter { AddressFamily($0) == .ipv4 }
            priority = target.priority
            weight = target.weight
        }

        /// The address of a step from 0 to `count` - 1, each once.
        func address(_ step: Int, _ rotation: Int, first: AddressFamily) -> SocketAddress {
            let (one, other) = first == .ipv6 ? (v6, v4) : (v4, v6)
            let shared = min(one.count, other.count)
            if step < 2 * shared {
                let list = step % 2 == 0 ? one : other
                return list[(rotation + step / 2) % list.count]
            }
            let longer = one.count > other.count ? one : other
            return longer[(rotation + step - shared) % longer.count]
        }
    }

    /// All of them.
    var all: Set<SocketAddress> { Set(targets.flatMap { $0.v6 + $0.v4 }) }

    /// Takes other addresses.
    func replace(with found: [NameTarget]) {
        targets = found.filter { !$0.addresses.isEmpty }.sorted { $0.priority < $1.priority }
            .prefix(ServiceLookup.maxTargets).map { Target($0) }
        count = targets.reduce(0) { $0 + $1.count }
        only = count == 1 ? targets.lazy.flatMap { $0.v6 + $0.v4 }.first : nil
        edition &+= 1
    }

    /// A connection to an address has opened: its family is worth beginning with.
    func connected(_ address: SocketAddress) {
        if count > 1 { preferred = AddressFamily(address) }
    }

    /// Begins to go through the addresses for one request.
    func beginTurn() -> AddressTurn {
        var turn = AddressTurn(of: count)
        guard count > 1 else { return turn }
        turn.edition = edition
        turn.first = preferred
        enter(takeTurn(), &turn)
        return turn
    }

    /// The target of the lowest priority whose turn it is: each gets its weight, of all weights the heaviest less, so
    /// that every weight is served in even steps. One of weight 0 has a turn only if all others have none either.
    private func takeTurn() -> Int {
        guard targets.count > 1 else { return 0 }
        let group = targets.prefix { $0.priority == targets[0].priority }.indices
        let total = group.reduce(0) { $0 + targets[$1].weight }
        var chosen = group.lowerBound
        for index in group {
            targets[index].credit += total == 0 ? 1 : targets[index].weight
            if targets[index].credit > targets[chosen].credit { chosen = index }
        }
        targets[chosen].credit -= total == 0 ? group.count : total
        return chosen
    }

    /// The target after one that has failed: of the lowest priority that is left, the one whose turn is closest.
    private func successor(_ turn: AddressTurn) -> Int? {
        let left = targets.indices.filter { turn.tried & (1 << UInt64($0)) == 0 }
        guard let first = left.first else { return nil }
        return left.filter { targets[$0].priority == targets[first].priority }
            .max { targets[$0].credit < targets[$1].credit }
    }

    private func enter(_ target: Int, _ turn: inout AddressTurn) {
        turn.target = target
        turn.tried |= 1 << UInt64(target)
        turn.step = 0
        targets[target].rotation = (targets[target].rotation + 1) & Int(Int32.max)
        turn.rotation = targets[target].rotation
    }

    /// The next address of a turn; nil if all were tried, or if there is none any more.
    func next(_ turn: inout AddressTurn) -> SocketAddress? {
        guard turn.left > 0, count > 0 else {
            turn.left = 0
            return nil
        }
        if let only {
            turn.left = 0
            return only
        }
        if turn.edition != edition {
            // Others were found meanwhile: those are tried, but no more of them than were left.
            let left = min(turn.left, count)
            turn = beginTurn()
            turn.left = left
        }
        if turn.step >= targets[turn.target].count {
            guard let target = successor(turn) else {
                turn.left = 0
                return nil
            }
            enter(target, &turn)
        }
        let address = targets[turn.target].address(turn.step, turn.rotation, first: turn.first)
        turn.step += 1
        turn.left -= 1
        return address
    }

    /// Whether the next address of a turn is of the same host as `address` and of the other family.
    func hasAlternative(to address: SocketAddress, in turn: AddressTurn) -> Bool {
        guard turn.left > 0, count > 1, turn.edition == edition else { return false }
        let target = targets[turn.target]
        guard turn.step < target.count else { return false }
        let next = target.address(turn.step, turn.rotation, first: turn.first)
        return AddressFamily(next) != AddressFamily(address)
    }
}

/// The families between which a host's addresses alternate; paths count as IPv4.
enum AddressFamily: BitwiseCopyable {
    case ipv6, ipv4

    /// The family of an address.
    init(_ address: SocketAddress) {
        switch address {
        case .ipv6: self = .ipv6
        case .ipv4, .unix: self = .ipv4
        }
    }
}

/// How far one request has gone through the addresses of an endpoint.
struct AddressTurn: BitwiseCopyable {
    /// Addresses that were not tried yet.
    fileprivate(set) var left = 0
    fileprivate var target = 0
    /// A bit for each target that was tried.
    fileprivate var tried: UInt64 = 0
    fileprivate var step = 0
    fileprivate var rotation = 0
    fileprivate var first = AddressFamily.ipv6
    fileprivate var edition: UInt32 = 0

    /// A turn with so many addresses, or none.
    init(of count: Int = 0) { left = count }
}

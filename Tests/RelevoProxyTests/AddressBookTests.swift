// In which order requests try the addresses of an endpoint.
// How connections are opened to them is tested in IntegrationTests.

import CLibevent
@testable import RelevoProxy
import Testing

@Suite struct AddressBookTests {
    private static func v4(_ number: UInt16) -> SocketAddress { .loopback(port: number) }
    private static func v6(_ number: UInt16) -> SocketAddress { .ipv6(high: 0, low: 1, port: number, scope: 0) }

    /// A book with so many addresses of each family.
    private static func book(v6 sixes: Int, v4 fours: Int) -> AddressBook {
        let book = AddressBook()
        let addresses = (0..<sixes).map { v6(UInt16($0)) } + (0..<fours).map { v4(UInt16($0)) }
        book.replace(with: [NameTarget(addresses)])
        return book
    }

    /// All addresses that a request would try.
    private static func turn(_ book: AddressBook) -> [SocketAddress] {
        var turn = book.beginTurn()
        var tried: [SocketAddress] = []
        while let address = book.next(&turn) { tried.append(address) }
        #expect(turn.left == 0)
        return tried
    }

    @Test("a request tries each address once, whatever there is", arguments: 0...4, 0...4)
    func each(_ sixes: Int, _ fours: Int) {
        let book = Self.book(v6: sixes, v4: fours)
        #expect(book.count == sixes + fours)
        for round in 0..<30 {
            if round == 10, fours > 0 { book.connected(Self.v4(0)) }
            if round == 20, sixes > 0 { book.connected(Self.v6(0)) }
            let tried = Self.turn(book)
            #expect(tried.count == sixes + fours)
            #expect(Set(tried) == book.all)
        }
    }

    @Test("requests begin with each address equally often")
    func fair() {
        for count in 1...5 {
            let book = Self.book(v6: 0, v4: count)
            var firsts: [SocketAddress: Int] = [:]
            for _ in 0..<(10 * count) { firsts[Self.turn(book)[0], default: 0] += 1 }
            #expect(firsts.values.allSatisfy { $0 == 10 } && firsts.count == count, "\(firsts)")
        }
    }

    @Test("RFC 8305 §4: families take turns, IPv6 first, or whichever connected last")
    func families() {
        let book = Self.book(v6: 2, v4: 3)
        func families(_ book: AddressBook) -> [AddressFamily] { Self.turn(book).map { AddressFamily($0) } }
        #expect(families(book) == [.ipv6, .ipv4, .ipv6, .ipv4, .ipv4])
        book.connected(Self.v4(1))
        #expect(families(book) == [.ipv4, .ipv6, .ipv4, .ipv6, .ipv4])
        #expect(families(book) == [.ipv4, .ipv6, .ipv4, .ipv6, .ipv4])
        book.connected(Self.v6(0))
        #expect(families(book) == [.ipv6, .ipv4, .ipv6, .ipv4, .ipv4])
    }

    @Test("an alternative is an address of the other family that comes next")
    func alternatives() {
        let book = Self.book(v6: 1, v4: 2)
        var turn = book.beginTurn()
        let first = book.next(&turn)
        #expect(first == Self.v6(0))
        #expect(book.hasAlternative(to: Self.v6(0), in: turn))
        #expect(!book.hasAlternative(to: Self.v4(0), in: turn))
        _ = book.next(&turn)
        #expect(!book.hasAlternative(to: Self.v4(0), in: turn))
        _ = book.next(&turn)
        #expect(!book.hasAlternative(to: Self.v6(0), in: turn))
        let lonely = Self.book(v6: 1, v4: 0)
        var one = lonely.beginTurn()
        #expect(!lonely.hasAlternative(to: Self.v4(0), in: one))
        _ = lonely.next(&one)
        #expect(!lonely.hasAlternative(to: Self.v4(0), in: one))
    }

    private static func services(_ targets: (priority: Int, weight: Int)...) -> AddressBook {
        let book = AddressBook()
        book.replace(
            with: targets.enumerated().map { index, target in
                NameTarget([v4(UInt16(index))], priority: target.priority, weight: target.weight)
            })
        return book
    }

    @Test(
        "RFC 2782: targets of the lowest priority get the first attempts, by weight",
        arguments: [
            ([(0, 3), (0, 1)], [15, 5]), ([(0, 1), (0, 1)], [10, 10]), ([(0, 0), (0, 0)], [10, 10]),
            ([(0, 0), (0, 5)], [0, 20]), ([(1, 9), (0, 1)], [0, 20]), ([(5, 1), (5, 4), (9, 100)], [4, 16, 0]),
            ([(0, 65_535), (0, 65_535)], [10, 10]),
        ] as [([(priority: Int, weight: Int)], [Int])])
    func weights(_ targets: [(priority: Int, weight: Int)], _ expected: [Int]) {
        let book = AddressBook()
        book.replace(
            with: targets.enumerated().map { index, target in
                NameTarget([Self.v4(UInt16(index))], priority: target.priority, weight: target.weight)
            })
        var firsts = targets.map { _ in 0 }
        for _ in 0..<20 { firsts[Int(Self.turn(book)[0].port ?? 0)] += 1 }
        #expect(firsts == expected)
    }

    @Test("a request that fails goes through all targets, each once, and never to a lower rank before a higher")
    func ranks() {
        let book = Self.services((1, 1), (0, 2), (0, 0), (2, 7), (1, 5))
        let ranks = [1, 0, 0, 2, 1]
        for _ in 0..<20 {
            let tried = Self.turn(book).map { Int($0.port ?? 0) }
            #expect(Set(tried).count == 5)
            #expect(tried.map { ranks[$0] } == [0, 0, 1, 1, 2])
        }
    }

    @Test("targets beyond the bound, and those without addresses, are left out")
    func bound() {
        let book = AddressBook()
        book.replace(with: (0..<100).map { NameTarget([Self.v4(UInt16($0))], priority: 100 - $0) })
        #expect(book.count == 64)
        #expect(Self.turn(book).first == Self.v4(99))
        book.replace(with: [NameTarget([]), NameTarget([Self.v4(1)])])
        #expect(Self.turn(book) == [Self.v4(1)])
        book.replace(with: [NameTarget([])])
        #expect(book.count == 0)
    }

    @Test("a turn whose addresses are replaced goes on with the new ones, and ends all the same", arguments: 0...3)
    func replaced(_ count: Int) {
        let book = Self.book(v6: 0, v4: 3)
        var turn = book.beginTurn()
        _ = book.next(&turn)
        book.replace(with: count == 0 ? [] : [NameTarget((0..<count).map { Self.v6(UInt16($0)) })])
        #expect(!book.hasAlternative(to: Self.v4(0), in: turn))
        var tried: [SocketAddress] = []
        while let address = book.next(&turn) { tried.append(address) }
        #expect(tried.count == min(2, count))
        #expect(tried.allSatisfy { book.all.contains($0) })
        // A name that changes all the time keeps no request for ever.
        turn = Self.book(v6: 0, v4: 2).count == 2 ? book.beginTurn() : turn
        for _ in 0..<10 {
            book.replace(with: [NameTarget([Self.v4(8), Self.v4(9)])])
            _ = book.next(&turn)
        }
        #expect(book.next(&turn) == nil)
    }
}

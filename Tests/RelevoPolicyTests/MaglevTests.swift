// Keys and endpoints: how evenly they are spread, and which keys move when an endpoint leaves or is busy.
// Other policies: BalancerTests and BalancerLoadTests.

@testable import RelevoPolicy
import Testing

@Suite struct MaglevTests {
    private static let keys = (0..<20_000).map { HashKey.hash(ArraySlice("/item/\($0)".utf8)) }

    private func choices(_ origin: inout BalancedCluster, tried: [Int] = []) -> [Int] {
        Self.keys.map { origin.choose(BalanceRequest(tried: tried, key: $0)) ?? -1 }
    }

    private func counts(_ choices: [Int], of count: Int) -> [Int] {
        choices.reduce(into: Array(repeating: 0, count: count)) { $0[$1] += 1 }
    }

    /// How many places of a table each endpoint has.
    private func places(_ texts: [String], _ weights: [Int]) -> [Int] {
        let table = MaglevTable(texts: texts, weights: weights)
        var counts = weights.map { _ in 0 }
        for place in 0..<65_537 {
            let middle = (UInt64(65_537).dividingFullWidth((UInt64(place), 1 << 63)).quotient)
            if let position = table.position(of: middle) { counts[position] += 1 }
        }
        return counts
    }

    private func texts(_ range: Range<Int>) -> [String] { range.map { "10.0.0.\($0):80" } }

    @Test("each endpoint has its share of the table, give or take one place")
    func exactShares() {
        let equal = places(texts(0..<100), Array(repeating: 1, count: 100))
        #expect(equal.reduce(0, +) == 65_537)
        #expect(equal.allSatisfy { (655...656).contains($0) })
        let weights = (0..<50).map { $0 % 5 * 10 }
        let total = weights.reduce(0, +)
        for (count, weight) in zip(places(texts(0..<50), weights), weights) {
            #expect(abs(count - 65_537 * weight / total) <= 1)
        }
    }

    @Test("keys are spread by weight (chi-square, 5 degrees, p > 0.001)")
    func spread() {
        let weights = [1, 2, 3, 4, 10, 0, 1]
        var origin = BalancedCluster(.hash(.path), weights)
        #expect(chiSquare(counts(choices(&origin), of: 7), weights) < 20.6)
    }

    @Test("the table is the same in whatever order endpoints are written, and in every process")
    func deterministic() {
        let forwards = MaglevTable(texts: texts(0..<20), weights: (0..<20).map { $0 + 1 })
        let backwards = MaglevTable(texts: texts(0..<20).reversed(), weights: (0..<20).map { 20 - $0 })
        #expect(Self.keys.allSatisfy { forwards.position(of: $0) == backwards.position(of: $0).map { 19 - $0 } })
        // Recorded once; another number would send clients elsewhere after an update.
        let sum = Self.keys.prefix(1000).reduce(0) { $0 + (forwards.position(of: $1) ?? 0) }
        #expect(sum == 12_698)
    }

    @Test("when one of a hundred leaves the table, few keys of the others move")
    func departure() {
        let all = MaglevTable(texts: texts(0..<100), weights: Array(repeating: 1, count: 100))
        for gone in [0, 41, 99] {
            var names = texts(0..<100)
            names.remove(at: gone)
            let rest = MaglevTable(texts: names, weights: Array(repeating: 1, count: 99))
            let moved = Self.keys.count { key in
                guard let before = all.position(of: key), let after = rest.position(of: key) else { return true }
                return before != gone && before != (after < gone ? after : after + 1)
            }
            #expect(moved * 100 < Self.keys.count, "\(moved) of \(Self.keys.count)")
        }
    }

    @Test("when a heavy endpoint leaves the table, few keys of the others move more than have to")
    func heavyDeparture() {
        let weights = (0..<30).map { $0 == 7 ? 30 : $0 % 3 + 1 }
        let all = MaglevTable(texts: texts(0..<30), weights: weights)
        let rest = MaglevTable(texts: texts(0..<30), weights: weights.enumerated().map { $0 == 7 ? 0 : $1 })
        let moved = Self.keys.count {
            let before = all.position(of: $0)
            return before != 7 && before != rest.position(of: $0)
        }
        #expect(moved * 100 < Self.keys.count * 5, "\(moved) of \(Self.keys.count)")
    }

    @Test("when endpoints cannot be had or were tried, only their keys move, and to all others by weight")
    func absence() {
        let weights = (0..<100).map { $0 % 2 + 1 }
        var origin = BalancedCluster(.hash(.path), weights)
        let before = choices(&origin)
        let tried = choices(&origin, tried: [17])
        #expect(zip(before, tried).allSatisfy { $0 == 17 ? $1 != 17 : $1 == $0 })
        // One after the other, until most are gone and endpoints are ranked instead.
        var known = before
        for gone in 0..<97 {
            origin.view.setWeight(0, of: gone)
            guard gone % 16 == 0 else { continue }
            let now = choices(&origin)
            let isRight = zip(known, now).allSatisfy { $0 > gone ? $0 == $1 : $1 > gone }
            #expect(isRight, "\(gone)")
            known = now
        }
        let last = counts(choices(&origin), of: 100)
        #expect(chiSquare(Array(last[97...]), [2, 1, 2]) < 13.8)
        for gone in 0..<97 { origin.view.setWeight(weights[gone] * 256, of: gone) }
        #expect(choices(&origin) == before)
    }

    @Test("an endpoint in reserve has no keys until it serves; then all workers agree")
    func reserve() {
        let setting = cluster(.hash(.path), [1, 1, 1, 3], backups: [0, 1, 1, 1])
        var origin = BalancedCluster(setting, seed: 1)
        #expect(counts(choices(&origin), of: 4) == [20_000, 0, 0, 0])
        origin.view.setWeight(0, of: 0)
        let shares = counts(choices(&origin), of: 4)
        #expect(chiSquare(shares, [0, 1, 1, 3]) < 13.8)
        var other = BalancedCluster(setting, seed: 2)
        other.view.setWeight(0, of: 0)
        #expect(choices(&origin) == choices(&other))
    }

    @Test("in a slow start an endpoint has a part of its keys, and only these have moved (chi-square, 3 degrees)")
    func slowStart() {
        var origin = BalancedCluster(.hash(.path), [1, 1, 1, 1])
        let before = choices(&origin)
        origin.view.setWeight(64, of: 2)
        let during = choices(&origin)
        #expect(zip(before, during).allSatisfy { $0 == 2 || $0 == $1 })
        #expect(chiSquare(counts(during, of: 4), [4, 4, 1, 4]) < 16.3)
    }

    @Test("no endpoint is given more than a quarter above its share of what is in flight, however keys are chosen")
    func boundedLoad() throws {
        let weights = [1, 2, 3, 4]
        for keyCount in [1, 2, 50] {
            var origin = BalancedCluster(.hash(.path), weights)
            for turn in 0..<1000 {
                let request = BalanceRequest(key: Self.keys[turn % keyCount])
                let total = origin.view.active.reduce(0, +)
                let chosen = origin.choose(request)
                let choice = try #require(chosen)
                let bound = (1.25 * Double(total + 1) * Double(weights[choice]) / 10).rounded(.up)
                #expect(Double(origin.view.active[choice]) <= bound)
                origin.view.active[choice] += 1
            }
            for (active, weight) in zip(origin.view.active, weights) { #expect(active <= 125 * weight + 2) }
        }
    }

    @Test("with load far below its bound a key stays where it is")
    func noNeedlessMove() {
        var origin = BalancedCluster(.hash(.path), [1, 1, 1, 1])
        let before = choices(&origin)
        origin.view.active = [20, 21, 22, 24]
        #expect(choices(&origin) == before)
        origin.view.active = [20, 21, 60, 24]
        #expect(zip(before, choices(&origin)).allSatisfy { $0 == 2 ? $1 != 2 : $1 == $0 })
    }

    @Test("a request without a key goes to an endpoint at random by weight (chi-square, 2 degrees, p > 0.001)")
    func noKey() {
        var origin = BalancedCluster(.hash(.path), [1, 2, 3])
        #expect(chiSquare(origin.counts(20_000), [1, 2, 3]) < 13.8)
    }

    @Test("tables of no endpoints, of too many, and of absurd weights can be made")
    func extremes() {
        #expect(MaglevTable(texts: [], weights: []).position(of: 1) == nil)
        #expect(MaglevTable(texts: ["a"], weights: [0]).position(of: 1) == nil)
        #expect(MaglevTable(texts: ["a", "b"], weights: [.min, .max]).position(of: .max) == 1)
        let many = MaglevTable(texts: texts(0..<1000), weights: (0..<1000).map { $0 == 0 ? 1000 : 1 })
        let shares = Self.keys.count { many.position(of: $0) == 0 }
        #expect(abs(shares - 10_005) < 300)
    }
}

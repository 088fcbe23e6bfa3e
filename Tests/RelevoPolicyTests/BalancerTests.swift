// Which endpoint is chosen at random or in turn: shares, fairness, exclusions, repeatability.
// Seeds are fixed, so that a failure can be repeated.

@testable import RelevoPolicy
import Testing

@Suite struct BalancerTests {
    private func counts(_ weights: [Int], _ turns: Int, seed: UInt64) -> [Int] {
        var origin = BalancedCluster(.random, weights, seed: seed)
        return origin.counts(turns)
    }

    @Test("random: three equal endpoints get equal shares of 300 requests (chi-square, 2 degrees, p > 0.001)")
    func equalShares() {
        let shares = counts([1, 1, 1], 300, seed: 42)
        #expect(shares.allSatisfy { (60...140).contains($0) })
        #expect(chiSquare(shares, [1, 1, 1]) < 13.8)
    }

    @Test("random: shares follow weights (chi-square, 3 degrees, p > 0.001)", arguments: [1, 2, 3, 4, 5] as [UInt64])
    func weightedShares(seed: UInt64) {
        #expect(chiSquare(counts([1, 2, 3, 10], 20_000, seed: seed), [1, 2, 3, 10]) < 16.3)
    }

    @Test("random: shares of a hundred endpoints of weights from 1 to 1000 (chi-square, 99 degrees, p > 0.001)")
    func manyShares() {
        let weights = (0..<100).map { $0 == 50 ? 1000 : $0 % 7 + 1 }
        #expect(chiSquare(counts(weights, 100_000, seed: 3), weights) < 148.3)
    }

    @Test("random: shares follow weights that change at run time (chi-square, 2 degrees, p > 0.001)")
    func changedShares() {
        var origin = BalancedCluster(.random, [1, 1, 1, 1])
        _ = origin.choose()
        origin.view.setWeight(128, of: 0)
        origin.view.setWeight(0, of: 2)
        origin.view.setWeight(512, of: 3)
        let shares = origin.counts(20_000)
        #expect(shares[2] == 0)
        #expect(chiSquare(shares, [1, 2, 0, 4]) < 13.8)
    }

    @Test("random: what was tried leaves the shares of the others as they are (chi-square, 2 degrees, p > 0.001)")
    func triedShares() {
        var origin = BalancedCluster(.random, [100, 1, 2, 3])
        #expect(chiSquare(origin.counts(20_000, BalanceRequest(tried: [0])), [0, 1, 2, 3]) < 13.8)
        #expect(chiSquare(origin.counts(20_000, BalanceRequest(tried: [1])), [100, 0, 2, 3]) < 13.8)
    }

    @Test("equal seeds give equal choices, for every policy", arguments: allMethods)
    func repeatable(method: BalanceMethod) {
        var choices: [[Int?]] = []
        for _ in 0..<2 {
            var origin = BalancedCluster(method, [1, 2, 3, 1, 1], seed: 7)
            choices.append(
                (0..<500).map { turn in
                    origin.view.active[turn % 5] = turn % 3
                    return origin.choose(BalanceRequest(key: turn % 2 == 0 ? UInt64(turn) : nil))
                })
        }
        #expect(choices[0] == choices[1])
        #expect(counts([1, 1, 1], 1000, seed: 7) != counts([1, 1, 1], 1000, seed: 8))
    }

    @Test("weight 0 is never chosen, and nothing is chosen when nothing is allowed", arguments: allMethods)
    func exclusions(method: BalanceMethod) {
        var middle = BalancedCluster(method, [0, 1, 0])
        #expect(middle.counts(100, BalanceRequest(preferred: 0)) == [0, 100, 0])
        #expect(middle.counts(100, BalanceRequest(key: 5)) == [0, 100, 0])
        for weights in [[0, 0], []] {
            var nobody = BalancedCluster(method, weights)
            #expect(nobody.choose() == nil)
            #expect(nobody.choose(BalanceRequest(tried: [0], key: 1, preferred: 1)) == nil)
        }
        var three = BalancedCluster(method, [1, 1, 1])
        three.view.setWeight(0, of: 1)
        #expect(three.counts(100, BalanceRequest(tried: [0])) == [0, 0, 100])
        #expect(three.choose(BalanceRequest(tried: [0, 2])) == nil)
    }

    @Test("the next tier serves requests that have tried all of the first, and all while nobody else can")
    func tiers() {
        for method in allMethods {
            var origin = BalancedCluster(method, [1, 1, 1, 0, 1], backups: [0, 1, 0, 1, 7])
            #expect(origin.counts(50)[1] == 0)
            #expect(origin.counts(50, BalanceRequest(tried: [2, 0, 2, 99, -1], key: 3, preferred: 4))[1] == 50)
            #expect(origin.counts(50, BalanceRequest(tried: [0, 1, 2]))[4] == 50)
            #expect(origin.choose(BalanceRequest(tried: [0, 1, 2, 4])) == nil)
            origin.view.setWeight(0, of: 0)
            origin.view.setWeight(0, of: 2)
            #expect(origin.view.weights == [0, 256, 0, 0, 0])
            #expect(origin.counts(50, BalanceRequest(key: 3))[1] == 50)
            origin.view.setWeight(256, of: 2)
            #expect(origin.counts(50, BalanceRequest(key: 3))[2] == 50)
        }
    }

    @Test("round robin: endpoints take turns without bursts, by weight")
    func turns() {
        var origin = BalancedCluster(.roundRobin, [5, 1, 1])
        let choices = (0..<14).compactMap { _ in origin.choose() }
        #expect(choices == [0, 0, 1, 0, 2, 0, 0, 0, 0, 1, 0, 2, 0, 0])
    }

    @Test("round robin: shares are those of the weights, to the last request of a round")
    func roundShares() {
        let weights = [3, 1, 7, 2, 1000, 13]
        var origin = BalancedCluster(.roundRobin, weights)
        #expect(origin.counts(weights.reduce(0, +) * 3) == weights.map { $0 * 3 })
    }

    @Test("round robin: an endpoint that is out does not get its missed turns all at once")
    func noBurst() {
        var origin = BalancedCluster(.roundRobin, [1, 1])
        for _ in 0..<100 { #expect(origin.choose(BalanceRequest(tried: [1])) == 0) }
        #expect(origin.counts(10)[1] == 5)
        origin.view.setWeight(0, of: 1)
        for _ in 0..<100 { #expect(origin.choose() == 0) }
        origin.view.setWeight(256, of: 1)
        #expect(origin.counts(10)[1] == 5)
    }

    @Test("round robin: when weights shrink, what was due counts in turns, not in the old weights")
    func noDebt() {
        var origin = BalancedCluster(.roundRobin, [1000, 1000, 1000])
        _ = origin.choose()
        for position in 0..<3 { origin.view.setWeight(1, of: position) }
        #expect(origin.counts(9).allSatisfy { (2...4).contains($0) })
        for position in 0..<3 { origin.view.setWeight(256_000 * (position + 1), of: position) }
        #expect(chiSquare(origin.counts(600), [1, 2, 3]) < 0.1)
    }
}

// Which endpoint is chosen: shares, fairness, exclusions, repeatability.
// Seeds are fixed, so that a failure can be repeated.

@testable import RelevoPolicy
import Testing

@Suite struct BalancerTests {
    /// Pearson's statistic of counts against expected shares.
    private func chiSquare(_ counts: [Int], _ weights: [Int]) -> Double {
        let total = counts.reduce(0, +)
        let sum = weights.reduce(0, +)
        return zip(counts, weights).reduce(0) { result, pair in
            let expected = Double(total * pair.1) / Double(sum)
            let difference = Double(pair.0) - expected
            return result + difference * difference / expected
        }
    }

    private func counts(_ weights: [Int], _ turns: Int, seed: UInt64) -> [Int] {
        let balancer = RandomBalancer(weights: weights)
        var random = RandomSource(seed: seed)
        var counts = weights.map { _ in 0 }
        for _ in 0..<turns { balancer.choose(Candidates(), using: &random).map { counts[$0] += 1 } }
        return counts
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

    @Test("random: equal seeds give equal choices, other seeds others")
    func seeds() {
        #expect(counts([1, 1, 1], 100, seed: 7) == counts([1, 1, 1], 100, seed: 7))
        #expect(counts([1, 1, 1], 1000, seed: 7) != counts([1, 1, 1], 1000, seed: 8))
    }

    @Test("random: weight 0 is never chosen, and nothing is chosen when nothing is allowed")
    func exclusions() {
        #expect(counts([0, 1, 0], 100, seed: 1) == [0, 100, 0])
        #expect(counts([0, 0], 100, seed: 1) == [0, 0])
        let balancer = RandomBalancer(weights: [1, 1, 1])
        var random = RandomSource(seed: 1)
        for _ in 0..<100 {
            let choice = balancer.choose(Candidates(usable: [true, false, true], tried: [0]), using: &random)
            #expect(choice == 2)
        }
        #expect(balancer.choose(Candidates(tried: [0, 1, 2]), using: &random) == nil)
        #expect(RandomBalancer(weights: []).choose(Candidates(), using: &random) == nil)
    }

    @Test("round robin: endpoints take turns without bursts, by weight")
    func turns() {
        var balancer = RoundRobinBalancer(weights: [5, 1, 1])
        let choices = (0..<14).compactMap { _ in balancer.choose(Candidates()) }
        #expect(choices == [0, 0, 1, 0, 2, 0, 0, 0, 0, 1, 0, 2, 0, 0])
    }

    @Test("round robin: an endpoint that is out does not get its missed turns all at once")
    func noBurst() {
        var balancer = RoundRobinBalancer(weights: [1, 1])
        for _ in 0..<100 { #expect(balancer.choose(Candidates(usable: [true, false])) == 0) }
        let after = (0..<10).compactMap { _ in balancer.choose(Candidates()) }
        #expect(after.count { $0 == 1 } == 5)
    }
}

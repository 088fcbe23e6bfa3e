// Policies that look at how busy endpoints are, or how soon they answer.
// Expected shares are computed, not measured: see sharesOfTwo.

@testable import RelevoPolicy
import Testing

@Suite struct BalancerLoadTests {
    /// Serves requests that each take as long as the endpoint's speed says; gives how many each has served.
    private func serve(_ origin: inout BalancedCluster, turns: Int, arrivals: Int, durations: [Int]) -> [Int] {
        var counts = durations.map { _ in 0 }
        var ends: [(time: Int, position: Int, began: Int)] = []
        for time in 0..<turns {
            ends.removeAll { end in
                guard end.time <= time else { return false }
                origin.view.active[end.position] -= 1
                let now = UInt64(time) * 1_000_000
                origin.view.latencies[end.position].record(UInt64(time - end.began) * 1_000_000, now: now)
                return true
            }
            for _ in 0..<arrivals {
                guard let choice = origin.choose(BalanceRequest(now: UInt64(time) * 1_000_000)) else { continue }
                counts[choice] += 1
                origin.view.active[choice] += 1
                ends.append((time + durations[choice], choice, time))
            }
        }
        return counts
    }

    @Test("least requests: idle endpoints are equally likely (chi-square, 9 degrees, p > 0.001)")
    func leastTies() {
        var origin = BalancedCluster(.leastRequests, Array(repeating: 1, count: 10))
        #expect(chiSquare(origin.counts(20_000), Array(repeating: 1, count: 10)) < 27.9)
    }

    @Test("least requests: the busiest for its weight is left out, the others tie (chi-square, 1 degree, p > 0.001)")
    func leastLoaded() {
        var origin = BalancedCluster(.leastRequests, [1, 2, 3, 1])
        origin.view.active = [1, 3, 5, 0]
        #expect(origin.counts(10) == [0, 0, 0, 10])
        // (1 + 1) / 1, (3 + 1) / 2, (4 + 1) / 3, (1 + 1) / 1
        origin.view.active = [1, 3, 4, 1]
        #expect(origin.counts(10) == [0, 0, 10, 0])
        origin.view.active = [1, 3, 6, 2]
        #expect(chiSquare(origin.counts(20_000), [1, 1, 0, 0]) < 10.9)
    }

    @Test("least requests: requests in flight are in proportion to weights")
    func leastFlight() {
        var origin = BalancedCluster(.leastRequests, [1, 2, 4])
        for _ in 0..<700 { if let choice = origin.choose() { origin.view.active[choice] += 1 } }
        #expect(origin.view.active == [100, 200, 400])
    }

    @Test("power of two: equal idle endpoints have equal shares (chi-square, 9 degrees, p > 0.001)")
    func twoIdle() {
        var origin = BalancedCluster(.powerOfTwo, Array(repeating: 3, count: 10))
        #expect(chiSquare(origin.counts(20_000), Array(repeating: 1, count: 10)) < 27.9)
    }

    @Test(
        "power of two: with load and weights, shares are those of two draws (chi-square, 4 degrees, p > 0.001)",
        arguments: [[0, 0, 0, 0, 0], [3, 0, 1, 9, 2], [5, 9, 15, 0, 0], [9, 9, 9, 9, 8]])
    func twoLoaded(active: [Int]) {
        let weights = [1, 2, 3, 1, 5]
        var origin = BalancedCluster(.powerOfTwo, weights, seed: 11)
        origin.view.active = active
        let shares = sharesOfTwo(weights) { Double(active[$0] + 1) / Double(weights[$0]) }
        #expect(chiSquare(origin.counts(20_000), shares) < 18.5)
    }

    @Test("power of two: one endpoint of two that is tried or out leaves the other")
    func twoOfOne() {
        var origin = BalancedCluster(.powerOfTwo, [1, 1000])
        #expect(origin.counts(100, BalanceRequest(tried: [1])) == [100, 0])
        origin.view.setWeight(0, of: 1)
        #expect(origin.counts(100) == [100, 0])
    }

    @Test("power of two: a slow endpoint gets less than its weight says")
    func twoSlow() {
        var origin = BalancedCluster(.powerOfTwo, [1, 1, 1, 1])
        let counts = serve(&origin, turns: 2000, arrivals: 4, durations: [5, 5, 5, 50])
        #expect(counts[3] * 2 < counts[0])
        #expect(counts[3] > 0)
    }

    @Test("latency: with estimates, load and weights, shares are those of two draws (chi-square, 4 degrees, p > 0.001)")
    func latencyShares() {
        let weights = [1, 2, 3, 1, 5]
        let times: [UInt64] = [4, 10, 3, 20, 7]
        let active = [1, 0, 5, 0, 2]
        var origin = BalancedCluster(.latency, weights, seed: 12)
        origin.view.active = active
        for position in 0..<5 { origin.view.latencies[position].record(times[position], now: 1) }
        let shares = sharesOfTwo(weights) { Double(times[$0]) * Double(active[$0] + 1) }
        #expect(chiSquare(origin.counts(20_000, BalanceRequest(now: 1)), shares) < 18.5)
    }

    @Test("latency: an endpoint that was never measured is tried at once, and gets no second request until it answers")
    func latencyUnmeasured() {
        var origin = BalancedCluster(.latency, [1, 1])
        origin.view.latencies[0].record(1_000_000, now: 0)
        #expect(origin.counts(20) == [0, 20])
        origin.view.active[1] = 1
        origin.view.active[0] = 1000
        #expect(origin.counts(20) == [20, 0])
        origin.view.latencies[1].record(1000, now: 0)
        #expect(origin.counts(20) == [0, 20])
    }

    @Test("latency: among endpoints none of which was measured, requests in flight decide")
    func latencyCold() {
        var origin = BalancedCluster(.latency, [1, 1, 1])
        for _ in 0..<30 { if let choice = origin.choose() { origin.view.active[choice] += 1 } }
        #expect(origin.view.active.allSatisfy { (8...12).contains($0) })
    }

    @Test("latency: an endpoint ten times as slow gets a small share, but is not forgotten")
    func latencySlow() {
        var origin = BalancedCluster(.latency, [1, 1, 1, 1])
        let counts = serve(&origin, turns: 60_000, arrivals: 1, durations: [5, 5, 5, 50])
        #expect(counts[3] * 5 < counts[0])
        #expect(counts[3] > 4)
    }

    @Test("sticky: the preferred endpoint, else others by weight (chi-square, 2 degrees, p > 0.001)")
    func sticky() {
        var origin = BalancedCluster(.sticky(StickyCookie()), [1, 2, 3], backups: [0, 0, 0])
        #expect(origin.counts(100, BalanceRequest(preferred: 0)) == [100, 0, 0])
        #expect(chiSquare(origin.counts(20_000), [1, 2, 3]) < 13.8)
        for nobody in [-1, 3, Int.max, Int.min] {
            #expect(chiSquare(origin.counts(2000, BalanceRequest(preferred: nobody)), [1, 2, 3]) < 13.8)
        }
        #expect(chiSquare(origin.counts(20_000, BalanceRequest(tried: [1], preferred: 1)), [1, 0, 3]) < 10.9)
        origin.view.setWeight(0, of: 2)
        #expect(chiSquare(origin.counts(20_000, BalanceRequest(preferred: 2)), [1, 2, 0]) < 10.9)
    }

    @Test("sticky: an endpoint in reserve is not preferred while others serve")
    func stickyReserve() {
        var origin = BalancedCluster(.sticky(StickyCookie()), [1, 1], backups: [0, 1])
        #expect(origin.counts(20, BalanceRequest(preferred: 1)) == [20, 0])
        #expect(origin.counts(20, BalanceRequest(tried: [0], preferred: 1)) == [0, 20])
    }
}

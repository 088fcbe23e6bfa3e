// Weights, tiers and generations of a cluster's view.
// Who is chosen from it: the tests of balancers.

@testable import RelevoPolicy
import Testing

@Suite struct ClusterViewTests {
    @Test("weights are scaled at first, and shown for the tier that serves")
    func tiers() {
        var view = ClusterView(weights: [1, 2, 0, 3], backups: [0, 5, 0, 5])
        #expect(view.weights == [256, 0, 0, 0])
        #expect(view.active == [0, 0, 0, 0])
        #expect(view.latencies.count == 4)
        view.setWeight(0, of: 0)
        #expect(view.weights == [0, 512, 0, 768])
        view.setWeight(10, of: 2)
        #expect(view.weights == [0, 0, 10, 0])
        for position in 0..<4 { view.setWeight(0, of: position) }
        #expect(!view.isAnyUsable)
        #expect(view.weights == [0, 0, 0, 0])
    }

    @Test("the generation grows when a weight changes, and only then")
    func generations() {
        var view = ClusterView(weights: [1, 1], backups: [0, 1])
        let first = view.generation
        view.setWeight(256, of: 0)
        view.setWeight(1, of: 2)
        view.setWeight(1, of: -1)
        #expect(view.generation == first)
        view.setWeight(255, of: 0)
        #expect(view.generation > first)
        #expect(view.weights == [255, 0])
    }

    @Test("absurd weights, negative ones and missing tiers are made harmless")
    func extremes() {
        var view = ClusterView(weights: [.max, .min, 1], backups: [])
        #expect(view.weights[1] == 0)
        view.setWeight(.max, of: 1)
        view.setWeight(.min, of: 2)
        #expect(view.weights == [1 << 30, 1 << 30, 0])
        var none = ClusterView(weights: [], backups: [3])
        none.setWeight(1, of: 0)
        #expect(!none.isAnyUsable)
    }

    @Test("the heaviest weights of thousands of endpoints overflow nothing", arguments: allMethods)
    func sums(method: BalanceMethod) {
        var origin = BalancedCluster(cluster(method, Array(repeating: 1000, count: 3000)))
        for position in 0..<3000 {
            origin.view.setWeight(position % 2 == 0 ? .max : 1, of: position)
            origin.view.active[position] = position % 3 == 0 ? 1 << 40 : 0
        }
        for turn in 0..<20 {
            let request = BalanceRequest(tried: turn < 10 ? [] : [turn], key: UInt64(turn), now: .max)
            #expect(origin.choose(request) != nil)
        }
    }
}

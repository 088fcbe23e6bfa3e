// What holds for every policy whatever happens: who may be chosen, checked against a plain list.
// Shares are tested elsewhere.

@testable import RelevoPolicy
import Testing

@Suite struct BalancerPropertyTests {
    /// The rule in its simplest form.
    private struct Model {
        var weights: [Int]
        var backups: [Int]

        /// The untried usable endpoints of the lowest tier that has one.
        func allowed(_ tried: [Int]) -> [Int] {
            var tier = Int.max
            var allowed: [Int] = []
            for position in weights.indices where weights[position] > 0 && !tried.contains(position) {
                if backups[position] < tier {
                    tier = backups[position]
                    allowed.removeAll()
                }
                if backups[position] == tier { allowed.append(position) }
            }
            return allowed
        }
    }

    /// One cluster through random events.
    private struct Run {
        var origin: BalancedCluster
        var model: Model
        var now: UInt64 = 0

        init(_ cluster: Cluster, seed: UInt64) {
            origin = BalancedCluster(cluster, seed: seed)
            let endpoints = cluster.endpoints
            model = Model(weights: endpoints.map { $0.weight * 256 }, backups: endpoints.map(\.backup))
        }

        mutating func change(_ random: inout RandomSource) {
            guard !model.weights.isEmpty else { return }
            let position = random.below(model.weights.count)
            switch random.below(6) {
            case 0:
                origin.view.setWeight(0, of: position)
                model.weights[position] = 0
            case 1, 2:
                let weight = 1 + random.below(random.below(2) == 0 ? 3 : 256_000)
                origin.view.setWeight(weight, of: position)
                model.weights[position] = weight
            case 3: origin.view.active[position] = random.below(4) * random.below(50)
            case 4: origin.view.latencies[position].record(UInt64(random.below(1 << 30)), now: now)
            default: now += UInt64(random.below(1 << 36))
            }
        }

        /// A request as it may come: tried positions more than once and out of range, any key and preference.
        func request(_ random: inout RandomSource) -> BalanceRequest {
            var request = BalanceRequest(now: now)
            let count = model.weights.count
            if random.below(2) == 0 {
                request.tried = (0..<random.below(count + 2)).map { _ in random.below(count + 2) - 1 }
            }
            if random.below(3) > 0 { request.key = random.next() }
            if random.below(2) == 0 { request.preferred = random.below(count + 2) - 1 }
            return request
        }
    }

    @Test(
        "who is chosen has a weight, was not tried and is of the lowest possible tier, and somebody is if possible",
        arguments: allMethods)
    func events(method: BalanceMethod) {
        var random = RandomSource(seed: 2026)
        let clusters = (0..<12).map { number in
            let count = number < 11 ? number % 8 : 20
            return cluster(
                method, (0..<count).map { _ in random.below(4) },
                backups: (0..<count).map { _ in number % 2 == 0 ? 0 : random.below(3) * 5 })
        }
        var failures: [String] = []
        for sequence in 0..<Effort.cases(2000) {
            var run = Run(clusters[sequence % clusters.count], seed: UInt64(sequence))
            for _ in 0..<50 {
                run.change(&random)
                let request = run.request(&random)
                let choice = run.origin.choose(request)
                let allowed = run.model.allowed(request.tried)
                let isRight = choice.map { allowed.contains($0) } ?? allowed.isEmpty
                if !isRight { failures.append("\(sequence): \(choice as Int?) of \(run.model), \(request)") }
            }
        }
        #expect(failures.isEmpty, "\(failures.count): \(failures.first ?? "")")
    }
}

// What holds whatever a script says, and that nothing but the script and the seed decides.
// What single policies do is tested in SimulationTests.

import Testing

@testable import RelevoPolicy

@Suite("Every simulation")
struct SimulationPropertyTests {
    @Test("The same script gives the same outcome, another seed another")
    func determinism() {
        for method in allMethods {
            let cluster = simulated([1, 2, 3]) {
                $0.balance = method
                $0.health = HealthCheck()
                $0.slowStart = .seconds(3)
                $0.retry?.statuses = [500...599]
            }
            var script = SimulationScript(
                cluster, [[.from(3) { ($0.errors, $0.drops) = (30, 10) }], [.from(5) { $0.hangs = 50 }, .from(7)]]
            ) { ($0.duration, $0.posts, $0.workers) = (.seconds(12), 30, 3) }
            script.timeouts.response = .seconds(1)
            let first = Simulation.run(script)
            #expect(first == Simulation.run(script))
            #expect(first.violations(of: script) == [])
            script.seed = 2
            #expect(first != Simulation.run(script))
        }
    }

    @Test("Three thousand random scripts: every request ends once, and no rule is broken")
    func randomScripts() {
        var random = RandomSource(seed: 20_261_123)
        var failures = 0
        var changes = 0
        for _ in 0..<Effort.cases(3000) {
            let script = Self.script(using: &random)
            let report = Simulation.run(script)
            let violations = report.violations(of: script)
            #expect(violations == [])
            guard violations.isEmpty else { return }
            failures += report.requests - report.answered
            changes += report.changes.count
        }
        // Scripts in which nothing happens would prove nothing.
        #expect(failures > Effort.cases(3000))
        #expect(changes > Effort.cases(3000))
    }

    private static func script(using random: inout RandomSource) -> SimulationScript {
        func chance(_ percent: Int) -> Bool { random.below(100) < percent }
        let cluster = simulated((0...random.below(4)).map { _ in 1 + random.below(3) }) { source in
            let method = allMethods[random.below(allMethods.count)]
            // Tables of keys take long to make.
            if case .hash = method, chance(90) { source.balance = .leastRequests } else { source.balance = method }
            if chance(50) { source.health = HealthCheck(chance(30) ? .tcp : .http(HTTPProbe())) }
            source.health?.interval = .milliseconds(500 + random.below(1000))
            source.health?.timeout = .milliseconds(100 + random.below(400))
            source.health?.startsUp = chance(80)
            if chance(25) { source.ejection = nil }
            source.ejection?.time = .milliseconds(200 + random.below(3000))
            source.ejection?.share = random.below(101)
            source.ejection?.volume = 2 + random.below(20)
            if chance(25) { source.retry = nil }
            if chance(30) { source.retry?.statuses = [500...599] }
            source.retry?.budget = random.below(101)
            source.retry?.reserve = random.below(5)
            source.retry?.attempts = 1 + random.below(5)
            if chance(40) { source.slowStart = .milliseconds(500 + random.below(4000)) }
            if chance(30) { source.maxRequests = 1 + random.below(4) }
            if chance(20) { source.concurrency = 1 + random.below(10) }
            if chance(20) { source.adaptiveLimit = AdaptiveLimit() }
            source.adaptiveLimit?.minimum = 1 + random.below(3)
            source.queue.length = random.below(10)
            source.queue.timeout = .milliseconds(1 + random.below(2000))
            if chance(30) { source.hold = .milliseconds(50 + random.below(2000)) }
            source.timeouts.response = .milliseconds(200 + random.below(3000))
            source.timeouts.connect = .milliseconds(100 + random.below(1000))
        }
        let phases = cluster.endpoints.map { _ in (0..<random.below(4)).map { phase($0, using: &random) } }
        let workers = 1 + random.below(4)
        let posts = chance(20) ? 100 : random.below(101)
        let seed = random.next()
        return SimulationScript(cluster, phases) { script in
            (script.duration, script.rate, script.posts) = (.seconds(4), 15, posts)
            (script.workers, script.clients, script.seed) = (workers, 50, seed)
        }
    }

    private static func phase(_ number: Int, using random: inout RandomSource) -> EndpointPhase {
        var phase = EndpointPhase()
        phase.begins = UInt64(number) * second + UInt64(random.below(1_000_000_000))
        let shares: [WritableKeyPath<EndpointPhase, Int>] = [\.refuses, \.ignores, \.drops, \.hangs, \.errors]
        for _ in 0..<random.below(3) {
            let share = random.below(2) == 0 ? 100 : random.below(101)
            phase[keyPath: shares[random.below(shares.count)]] = share
            if phase.trouble > 100 { (phase.refuses, phase.ignores, phase.drops, phase.hangs) = (0, 0, 0, 0) }
        }
        phase.latency =
            switch random.below(3) {
            case 0: .fixed(UInt64(1 + random.below(50)) * 1_000_000)
            case 1: .range(1_000_000, UInt64(2 + random.below(2000)) * 1_000_000)
            default: .exponential(mean: UInt64(1 + random.below(500)) * 1_000_000)
            }
        phase.checks = EndpointPhase.Checks.allCases[random.below(3)]
        return phase
    }
}

// Random courses of events, sane and hostile: the invariants of HealthScript hold after each event.
// Seeds are fixed, so that a failure can be repeated.

@testable import RelevoPolicy
import Testing

@Suite struct HealthPropertyTests {
    /// A cluster with random settings that a configuration can have.
    private func cluster(_ random: inout RandomSource) -> Cluster {
        var check: HealthCheck?
        if !random.next().isMultiple(of: 3) {
            check = HealthCheck()
            check?.rise = Int(random.next() % 3) + 1
            check?.fall = Int(random.next() % 3) + 1
            check?.startsUp = random.next().isMultiple(of: 2)
        }
        var ejection: Ejection?
        if !random.next().isMultiple(of: 4) {
            ejection = Ejection()
            ejection?.consecutive = Int(random.next() % 8)
            ejection?.volume = Int(random.next() % 30)
            ejection?.share = Int(random.next() % 101)
            ejection?.time = .milliseconds(Int64(random.next() % 10_000) + 1)
            ejection?.maxTime = .milliseconds(Int64(random.next() % 50_000) + 10_001)
        }
        let weights = (0..<6).map { _ in Int(random.next() % 3) }
        return healthCluster(Int(random.next() % 6) + 1, check: check, ejection: ejection, weights: weights)
    }

    @Test("100,000 short courses of random events keep all promises", arguments: 0..<100 as Range<UInt64>)
    func courses(seed: UInt64) {
        var random = RandomSource(seed: seed)
        for _ in 0..<10 {
            let cluster = cluster(&random)
            for _ in 0..<Effort.cases(100) {
                var script = HealthScript(cluster, seed: random.next())
                let wrong = script.run(8)
                #expect(wrong == nil, "\(String(describing: cluster.health)) \(String(describing: cluster.ejection))")
                if wrong != nil { return }
            }
        }
    }

    @Test("a hundred long courses of random events keep all promises")
    func longCourses() {
        var random = RandomSource(seed: 4711)
        for _ in 0..<100 {
            var script = HealthScript(cluster(&random), seed: random.next())
            let wrong = script.run(1000)
            #expect(wrong == nil)
        }
    }

    @Test("settings of any values trap nowhere and keep all promises")
    func hostileSettings() {
        var random = RandomSource(seed: 1)
        let numbers = [Int.min, -1, 0, 1, 2, 100, 101, Int.max]
        let times: [Duration] = [
            .seconds(Int64.min), .seconds(-1), .zero, .nanoseconds(1), .seconds(5), .seconds(Int64.max),
        ]
        for _ in 0..<2000 {
            var check = HealthCheck()
            var ejection = Ejection()
            check.rise = numbers.randomElement(using: &random) ?? 0
            check.fall = numbers.randomElement(using: &random) ?? 0
            ejection.consecutive = numbers.randomElement(using: &random) ?? 0
            ejection.rate = numbers.randomElement(using: &random) ?? 0
            ejection.volume = numbers.randomElement(using: &random) ?? 0
            ejection.share = numbers.randomElement(using: &random) ?? 0
            ejection.window = times.randomElement(using: &random) ?? .zero
            ejection.time = times.randomElement(using: &random) ?? .zero
            ejection.maxTime = times.randomElement(using: &random) ?? .zero
            let start = ([0, 1, .max / 2, .max] as [UInt64]).randomElement(using: &random) ?? 0
            let cluster = healthCluster(Int(random.next() % 5), check: check, ejection: ejection)
            var script = HealthScript(cluster, seed: random.next(), now: start, isSane: false)
            let wrong = script.run(30)
            #expect(wrong == nil, "\(check) \(ejection)")
        }
    }

    @Test("a reload in the middle keeps what can be kept, whatever the settings before and after")
    func reloads() {
        var random = RandomSource(seed: 2)
        for _ in 0..<2000 {
            var old = HealthScript(cluster(&random), seed: random.next())
            _ = old.run(30)
            var new = HealthScript(cluster(&random), seed: random.next(), now: old.now, isSane: false)
            _ = new.health.adopt(old.health, now: old.now)
            for (old, new) in zip(old.health.standings, new.health.standings) {
                for order in [EndpointCondition.draining, .disabled] {
                    #expect((old.state == order) == (new.state == order))
                }
            }
            let wrong = new.run(30)
            #expect(wrong == nil)
        }
    }

    @Test("a cluster without any endpoint has nothing to say")
    func empty() {
        var stage = HealthStage(healthCluster(0, check: .usual, ejection: Ejection()))
        stage.checksFail(0)
        stage.serves(-1, badly: 9)
        stage.order(Int.max, .disable)
        stage.order(Int.min, .weight(3))
        #expect(stage.news.isEmpty)
        #expect(!stage.health.isDesperate)
        #expect(stage.health.outlook == .closed)
    }
}

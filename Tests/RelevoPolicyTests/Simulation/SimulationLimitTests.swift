// Limits on requests in flight, played: what endpoints get at a time, who waits, and who is refused.
// That no limit is passed in any script is tested in SimulationPropertyTests.

import Testing

@testable import RelevoPolicy

@Suite("Simulations of limits")
struct SimulationLimitTests {
    /// Two endpoints that take a tenth of a second for each request, under so many requests a second.
    private func run(_ rate: Int, _ change: (inout ProxyConfiguration.Cluster) -> Void) -> SimulationReport {
        var phase = EndpointPhase()
        phase.latency = .fixed(second / 10)
        let script = SimulationScript(simulated([1, 1], change), [[phase], [phase]]) {
            ($0.rate, $0.duration, $0.workers) = (rate, .seconds(60), 2)
        }
        let report = Simulation.run(script)
        #expect(report.violations(of: script) == [])
        return report
    }

    @Test("Endpoints get what they may have, and what is beyond that waits or is refused")
    func beyond() {
        let report = run(200) { $0.maxRequests = 5 }
        #expect(report.endpoints.map(\.mostAtOnce) == [5, 5])
        // Ten places, each for a tenth of a second.
        #expect((5900...6100).contains(report.answered), "\(report.answered)")
        #expect(report.failures.map(\.reason) == [.fault(.endpointOverloaded)])
        #expect(report.queued > report.answered / 2)
    }

    @Test("Within what they can do nobody is refused, and whoever comes in a bunch waits a little")
    func within() {
        let report = run(70) { $0.maxRequests = 5 }
        #expect(report.answered == report.requests)
        #expect(report.queued > 100)
        #expect(report.longest > second / 10 && report.longest < second)
    }

    @Test("Without a queue nobody waits")
    func noQueue() {
        let report = run(200) { ($0.maxRequests, $0.queue.length) = (5, 0) }
        #expect(report.queued == 0)
        #expect(report.longest == second / 10)
    }

    @Test("A cluster's limit holds for all of its endpoints together")
    func cluster() {
        let report = run(200) { $0.concurrency = 6 }
        #expect(report.endpoints.allSatisfy { $0.mostAtOnce <= 6 })
        #expect((3500...3700).contains(report.answered), "\(report.answered)")
    }

    @Test("Requests that go on to another endpoint keep their place, and nobody waits for ever")
    func retries() {
        for isRefusal in [true, false] {
            var phase = EndpointPhase()
            phase.latency = .fixed(second / 100)
            var bad = phase
            (bad.refuses, bad.errors) = isRefusal ? (100, 0) : (0, 30)
            let cluster = simulated([1, 1]) {
                ($0.concurrency, $0.ejection, $0.balance) = (4, nil, .roundRobin)
                $0.retry?.statuses = [503...503]
                $0.retry?.budget = 100
            }
            let script = SimulationScript(cluster, [[bad], [phase]]) { ($0.rate, $0.duration) = (150, .seconds(60)) }
            let report = Simulation.run(script)
            #expect(report.violations(of: script) == [])
            #expect(report.answered == report.requests, "\(report.failures)")
        }
    }

    @Test("Requests that are held need no place meanwhile")
    func held() {
        let phases = [EndpointPhase.from(5) { $0.refuses = 100 }, .from(6)]
        let cluster = simulated([1, 1]) {
            ($0.hold, $0.concurrency, $0.ejection) = (.seconds(3), 5, nil)
            $0.queue.length = 200
        }
        let script = SimulationScript(cluster, [phases, phases]) { ($0.rate, $0.duration) = (100, .seconds(10)) }
        let report = Simulation.run(script)
        #expect(report.violations(of: script) == [])
        #expect(report.answered == report.requests, "\(report.failures)")
        #expect(report.held > 50)
    }

    @Test("An adaptive limit lets through what is answered as quickly as ever")
    func adaptive() {
        let report = run(200) { $0.adaptiveLimit = AdaptiveLimit() }
        #expect(report.answered > report.requests * 9 / 10, "\(report.answered) of \(report.requests)")
        #expect(report.queued > 0)
    }
}

// What simulations show of the policies: who gets requests while endpoints fail, and what is sent again.
// The policies by themselves have tests of their own.

import Testing

@testable import RelevoPolicy

@Suite("Simulations")
struct SimulationTests {
    @Test("Nothing happens: every request is answered, shares are the weights, nobody is ejected")
    func quiet() {
        let report = Simulation.run(SimulationScript(simulated([1, 2, 1]), []) { $0.duration = .seconds(20) })
        #expect(abs(report.requests - 20_000) < 600)
        #expect(report.answered == report.requests)
        #expect(report.changes.isEmpty)
        #expect(report.resent == 0 && report.redirected == 0)
        for (position, share) in [25.0, 50, 25].enumerated() {
            #expect(abs(report.share(of: position, in: 0..<40) - share) < 2)
        }
        #expect(report.median == 10_000_000 && report.longest == 10_000_000)
    }

    @Test("An endpoint that refuses is ejected within a moment, others take over, and no client notices")
    func refusal() throws {
        let script = SimulationScript(simulated(), [[.from(10) { $0.refuses = 100 }, .from(20)]]) { $0.posts = 50 }
        let report = Simulation.run(script)
        #expect(report.answered == report.requests)
        let first = try #require(report.changes.first)
        #expect(first.change.position == 0)
        #expect(first.time > 10 * second && first.time < 10 * second + second / 20)
        #expect(first.change.text.hasPrefix("10.0.0.1:80 is ejected for 5s: "))
        #expect(first.change.text.hasSuffix(" failures in a row, the last: connect.refused"))
        #expect(report.share(of: 0, in: 11..<14) == 0)
        #expect(abs(report.share(of: 1, in: 11..<14) - 50) < 4)
        #expect(abs(report.share(of: 0, in: 40..<60) - 100.0 / 3) < 2)
        #expect(report.endpoints[0].ejections >= 2)
        #expect(report.redirected > 0 && report.resent == 0)
    }

    @Test("Slow start: the share begins at a tenth of the weight and returns to all of it")
    func slowStart() throws {
        let cluster = simulated([1, 1]) {
            $0.slowStart = .seconds(20)
            $0.ejection?.time = .seconds(10)
        }
        let script = SimulationScript(cluster, [[.from(5) { $0.refuses = 100 }, .from(12)]]) { $0.rate = 4000 }
        let report = Simulation.run(script)
        let back = try #require(report.changes.last)
        #expect(back.change.text == "10.0.0.1:80 is up: its ejection is over")
        let slice = Int(back.time / report.sliceLength)
        // A tenth against a whole is an eleventh.
        #expect(abs(report.share(of: 0, in: slice + 1..<slice + 2) - 12) < 5)
        #expect(abs(report.share(of: 0, in: slice + 10..<slice + 11) - 36) < 4)
        #expect(abs(report.share(of: 0, in: slice + 21..<slice + 31) - 50) < 2)
    }

    @Test("POSTs that an endpoint may have processed are never sent again; GETs are")
    func posts() {
        for (posts, resends) in [(0, true), (100, false)] {
            let phases = [EndpointPhase.from(0) { $0.drops = 20 }]
            let cluster = simulated { $0.ejection = nil }
            let report = Simulation.run(SimulationScript(cluster, [phases, phases, phases]) { $0.posts = posts })
            #expect((report.resent > 0) == resends)
            #expect(report.unsafeRepeats == 0)
            #expect(report.failures.map(\.reason) == [.fault(.upstreamClosed)])
        }
    }

    @Test("Total failure: the budget keeps further attempts to its share of the requests")
    func budget() {
        let phases = [EndpointPhase.from(0) { $0.drops = 100 }]
        let script = SimulationScript(simulated(), [phases, phases, phases])
        let report = Simulation.run(script)
        #expect(report.answered == 0)
        #expect(report.budgetRefusals > 0)
        // A fifth of the requests of the last ten seconds, at most once for each ten seconds that begin anywhere.
        #expect(report.resent <= report.requests / 5 + 60)
        #expect(report.resent > report.requests / 10)
        let without = Simulation.run(
            SimulationScript(simulated { $0.retry?.budget = 100 }, [phases, phases, phases]))
        #expect(without.resent > 3 * report.resent)
    }

    @Test("Hanging endpoints fail with a timeout; checks take them down and say why")
    func checks() throws {
        let cluster = simulated {
            $0.health = HealthCheck()
            $0.ejection = nil
            $0.retry = nil
            $0.timeouts.response = .seconds(2)
        }
        let report = Simulation.run(SimulationScript(cluster, [[.from(10) { $0.hangs = 100 }, .from(30)]]))
        let texts = report.changes.map(\.change.text)
        #expect(texts.contains("10.0.0.1:80 is down: 3 checks failed, the last: nothing within 1s"))
        #expect(texts.contains("10.0.0.1:80 is up: 2 checks passed"))
        #expect(report.failures.map(\.reason) == [.fault(.upstreamTimeout)])
        #expect(report.longest == 2 * second)
        #expect(report.endpoints[0].downs == 1)
        #expect(report.share(of: 0, in: 20..<30) == 0)
    }

    @Test("What a check finds depends on what it asks")
    func probes() {
        func texts(_ probe: HealthCheck.Probe, _ change: (inout EndpointPhase) -> Void) -> [String] {
            let cluster = simulated([1, 1]) { $0.health = HealthCheck(probe) }
            let report = Simulation.run(
                SimulationScript(cluster, [[.from(0, change)]]) { ($0.rate, $0.duration) = (1, .seconds(5)) })
            return report.changes.map(\.change.text).filter { $0.contains(" down: ") }
        }
        let down = "10.0.0.1:80 is down: the first check failed: "
        let http = HealthCheck.Probe.http(HTTPProbe())
        #expect(texts(.tcp) { $0.refuses = 100 } == [down + "connection refused"])
        #expect(texts(.tcp) { $0.hangs = 100 } == [])
        #expect(texts(http) { $0.ignores = 100 } == [down + "nothing within 1s"])
        #expect(texts(http) { $0.drops = 100 } == [down + "no answer"])
        #expect(texts(http) { $0.errors = 100 } == [down + "status 503 instead of 200-399"])
        #expect(texts(http) { ($0.errors, $0.checks) = (100, .pass) } == [])
        #expect(texts(http) { $0.checks = .fail } == [down + "connection refused"])
    }

    @Test("Hold: requests wait until one of the refusing endpoints is back, and none fails")
    func hold() {
        let phases = [EndpointPhase.from(5) { $0.refuses = 100 }, .from(6)]
        let cluster = simulated([1, 1]) {
            $0.hold = .seconds(3)
            $0.balance = .leastRequests
            $0.ejection = nil
        }
        let script = SimulationScript(cluster, [phases, phases]) { ($0.duration, $0.posts) = (.seconds(10), 100) }
        let report = Simulation.run(script)
        #expect(report.answered == report.requests)
        #expect(report.held > 500)
        #expect(report.longest > second / 2 && report.longest < 3 * second)
        let without = Simulation.run(SimulationScript(simulated([1, 1]), [phases, phases]))
        #expect(without.failures.first?.reason == .fault(.connectRefused))
    }

    @Test("An endpoint in reserve serves while the others are out of service, and only then")
    func reserve() {
        let endpoints = [0, 1].map { backup in
            var source = ProxyConfiguration.Endpoint("10.0.0.\(backup + 1)")
            source.backup = backup
            return Endpoint(
                source, id: backup, address: .literal(source.address, port: 80), of: .init("origin", endpoints: []))
        }
        let cluster = Cluster(.init("origin", endpoints: []), id: 0, endpoints: endpoints)
        let report = Simulation.run(SimulationScript(cluster, [[.from(20) { $0.refuses = 100 }, .from(30)]]))
        #expect(report.share(of: 1, in: 0..<20) == 0)
        #expect(report.share(of: 1, in: 21..<24) == 100)
        #expect(report.share(of: 1, in: 50..<60) == 0)
        #expect(report.answered == report.requests)
    }

    @Test("Cookies and keys bring clients back to one endpoint", arguments: [true, false])
    func affinity(isSticky: Bool) {
        let cluster = simulated { $0.balance = isSticky ? .sticky(StickyCookie()) : .hash(.client) }
        // Few at a time: many would be more than the share that one endpoint may have.
        let report = Simulation.run(
            SimulationScript(cluster, []) { ($0.clients, $0.rate, $0.duration) = (1, 5, .seconds(60)) })
        #expect((report.endpoints.map(\.attempts).max() ?? 0) * 100 > report.requests * 90)
    }

    @Test("The script for those who have none: one endpoint is away for a while")
    func usual() {
        let report = Simulation.run(.outage(of: simulated(), timeouts: Timeouts()))
        #expect(report.endpoints[0].ejections > 0)
        #expect(report.answered == report.requests)
    }
}

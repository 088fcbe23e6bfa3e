// What operators do to endpoints at run time: drain, disable, enable, weigh.
// What a reload keeps of it: AdoptionTests.

@testable import RelevoPolicy
import Testing

@Suite struct OrderTests {
    @Test(
        "an endpoint that is draining or disabled gets no new requests, and comes back with a slow start",
        arguments: [(.drain, "draining"), (.disable, "disabled")] as [(EndpointOrder, String)])
    func awayAndBack(order: EndpointOrder, name: String) {
        var stage = HealthStage(healthCluster(2))
        stage.order(0, order)
        #expect(stage.conditions == [name, "up"])
        #expect(stage.available == [1])
        #expect(stage.lastText == "10.0.0.1:80 is \(name): by order")
        stage.order(0, order)
        #expect(stage.news.count == 1, "the same again is no news")
        stage.pass(seconds: 60)
        stage.order(0, .enable)
        #expect(stage.available == [0, 1])
        #expect(stage.lastText == "10.0.0.1:80 is up: enabled by order")
        #expect(stage.health.standings[0].recovered == stage.now)
        stage.order(1, .enable)
        #expect(stage.news.count == 2)
    }

    @Test("when all are draining or disabled none is available, and that is not desperation")
    func closed() {
        var stage = HealthStage(healthCluster(2))
        stage.order(0, .drain)
        stage.order(1, .disable)
        #expect(stage.available.isEmpty)
        #expect(!stage.health.isDesperate)
        #expect(stage.news.last?.outlook == .closed)
        #expect(stage.lastText == "10.0.0.2:80 is disabled: by order; all endpoints of api are draining or disabled")
        stage.order(0, .enable)
        #expect(stage.lastText == "10.0.0.1:80 is up: enabled by order; api has a well endpoint again")
    }

    @Test("fails open: those that are drained or disabled are not tried even then")
    func desperateWithoutThem() {
        var stage = HealthStage(healthCluster(3, check: .usual))
        stage.order(0, .drain)
        stage.order(1, .disable)
        stage.checksFail(2)
        #expect(stage.health.isDesperate)
        #expect(stage.available == [2])
    }

    @Test("checks go on behind an order; what they found counts once it is lifted")
    func checksBehind() {
        var stage = HealthStage(healthCluster(2, check: .usual))
        stage.order(0, .disable)
        stage.checksFail(0, 1, "connection refused")
        #expect(stage.news.count == 1)
        stage.order(0, .enable)
        #expect(stage.lastText == "10.0.0.1:80 is down: the first check failed: connection refused")
        #expect(stage.available == [1])
    }

    @Test("how a draining endpoint serves does not count, and its ejection is not resumed")
    func ejectionsAndOrders() {
        var stage = HealthStage(healthCluster(3, ejection: .byStreak))
        stage.serves(0, badly: 5)
        stage.order(0, .drain)
        #expect(stage.news.last?.to == .draining)
        #expect(stage.health.nextDeadline == nil)
        stage.serves(0, badly: 5)
        stage.order(0, .enable)
        #expect(stage.conditions == ["up", "up", "up"])
        stage.serves(0, badly: 5)
        #expect(stage.health.nextDeadline == stage.now + 10 * second, "but it is not forgotten")
    }

    @Test("enabling an ejected endpoint does not end its ejection")
    func enableEjected() {
        var stage = HealthStage(healthCluster(2, ejection: .byStreak))
        stage.serves(0, badly: 5)
        stage.order(0, .enable)
        #expect(stage.conditions == ["ejected", "up"])
        #expect(stage.news.count == 1)
    }

    @Test("when disabling leaves fewer than the share needs, the ejection nearest to its end ends")
    func released() {
        var stage = HealthStage(healthCluster(4, ejection: .byStreak))
        stage.serves(0, badly: 5)
        stage.pass(seconds: 1)
        stage.serves(1, badly: 5)
        stage.order(3, .disable)
        #expect(stage.conditions == ["up", "ejected", "up", "disabled"])
        #expect(
            stage.news.suffix(2).map(\.text) == [
                "10.0.0.4:80 is disabled: by order",
                "10.0.0.1:80 is up: too few others are left to keep it ejected",
            ])
        stage.order(2, .disable)
        #expect(stage.conditions == ["up", "ejected", "disabled", "disabled"])
        stage.order(0, .disable)
        #expect(stage.conditions == ["disabled", "up", "disabled", "disabled"])
        #expect(stage.news.allSatisfy { $0.outlook == nil }, "the cluster was never without a well endpoint")
    }

    @Test("when the last well endpoint drains, those that are ejected are tried")
    func drainedBesideEjected() {
        var stage = HealthStage(healthCluster(2, ejection: .byStreak))
        stage.serves(0, badly: 5)
        stage.order(1, .drain)
        #expect(stage.conditions == ["ejected", "draining"])
        #expect(stage.health.isDesperate)
        #expect(stage.available == [0])
    }

    @Test(
        "a weight by order lasts until the next one, and stays within 0 to 1000",
        arguments: [(5, 5), (0, 0), (1000, 1000), (1001, 1000), (-1, 0), (Int.max, 1000), (Int.min, 0)])
    func weight(ordered: Int, expected: Int) {
        var stage = HealthStage(healthCluster(2, check: .usual))
        stage.order(0, .weight(ordered))
        #expect(stage.health.standings.map(\.weight) == [expected, 1])
        #expect(stage.lastText == "10.0.0.1:80 has weight \(expected): by order")
        #expect(stage.news.last?.from == stage.news.last?.to)
        stage.checksFail(0)
        stage.checksPass(0, 2)
        #expect(stage.health.standings[0].weight == expected)
        let count = stage.news.count
        stage.order(0, .weight(ordered))
        #expect(stage.news.count == count)
    }
}

// What active checks do to endpoints: the first result, rise, fall, the state before, failing open.
// Orders and ejections have files of their own.

@testable import RelevoPolicy
import Testing

@Suite struct CheckTests {
    @Test("without checks and ejections endpoints are up, and nothing that is seen of them changes that")
    func nothingConfigured() {
        var stage = HealthStage(healthCluster(2))
        stage.checksFail(0, 10)
        stage.serves(0, badly: 1000)
        stage.pass(seconds: 1000)
        #expect(stage.conditions == ["up", "up"])
        #expect(stage.news.isEmpty)
        #expect(stage.health.nextDeadline == nil)
    }

    @Test("endpoints are unchecked and serve until their first result, if the settings say so")
    func startsUp() {
        let stage = HealthStage(healthCluster(2, check: .usual))
        #expect(stage.conditions == ["unchecked", "unchecked"])
        #expect(stage.available == [0, 1])
        #expect(!stage.health.isDesperate)
    }

    @Test("the first result decides by itself, both ways")
    func firstResult() {
        var stage = HealthStage(healthCluster(3, check: .usual))
        stage.checksPass(0)
        stage.checksFail(1, 1, "status 500 instead of 200-399")
        #expect(stage.conditions == ["up", "down", "unchecked"])
        #expect(stage.available == [0, 2])
        #expect(
            stage.news.map(\.text) == [
                "10.0.0.1:80 is up: the first check passed",
                "10.0.0.2:80 is down: the first check failed: status 500 instead of 200-399",
            ])
    }

    @Test("an endpoint that is up goes down with the third failed check in a row, and the text says why")
    func fall() {
        var stage = HealthStage(healthCluster(2, check: .usual))
        stage.checksPass(0)
        stage.checksFail(0, 2)
        stage.checksPass(0)
        stage.checksFail(0, 2)
        #expect(stage.conditions[0] == "up")
        stage.checksFail(0, 1, "status 500 instead of 200-399")
        #expect(stage.news.last?.from == .up)
        #expect(stage.news.last?.to == .down("3 checks failed, the last: status 500 instead of 200-399"))
        #expect(stage.lastText == "10.0.0.1:80 is down: 3 checks failed, the last: status 500 instead of 200-399")
        #expect(stage.available == [1])
    }

    @Test("an endpoint that is down comes up with the second passed check in a row, and slow start counts from then")
    func rise() {
        var stage = HealthStage(healthCluster(2, check: .usual))
        stage.checksFail(0)
        stage.checksPass(0)
        stage.checksFail(0)
        stage.checksPass(0)
        #expect(stage.conditions[0] == "down")
        #expect(stage.health.standings[0].recovered == nil)
        stage.pass(seconds: 7)
        stage.checksPass(0)
        #expect(stage.lastText == "10.0.0.1:80 is up: 2 checks passed")
        #expect(stage.health.standings[0].recovered == stage.now)
        stage.checksFail(0, 3)
        #expect(stage.health.standings[0].recovered == nil, "an endpoint that is away is not recovering")
    }

    @Test("a first start is no recovery, be endpoints in or out before it")
    func firstStart() {
        for check in [HealthCheck.usual, .wary] {
            var stage = HealthStage(healthCluster(2, check: check))
            stage.checksPass(0)
            #expect(stage.conditions[0] == "up")
            #expect(stage.health.standings[0].recovered == nil)
        }
    }

    @Test("what took an endpoint down stays told when later checks fail for other reasons")
    func laterReasons() {
        var stage = HealthStage(healthCluster(2, check: .usual))
        stage.checksFail(0, 1, "connection refused")
        stage.checksFail(0, 5, "no answer within 1s")
        #expect(stage.news.count == 1)
        #expect(stage.health.standings[0].state == .down("the first check failed: connection refused"))
    }

    @Test("a rise or fall of one, nought or less takes one check", arguments: [1, 0, -5, Int.min])
    func single(number: Int) {
        var check = HealthCheck.usual
        (check.rise, check.fall) = (number, number)
        var stage = HealthStage(healthCluster(2, check: check))
        stage.checksPass(0)
        stage.checksFail(0)
        #expect(stage.lastText == "10.0.0.1:80 is down: a check failed: no answer within 1s")
        stage.checksPass(0)
        #expect(stage.lastText == "10.0.0.1:80 is up: a check passed")
    }

    @Test("endpoints that start out of service come in one by one, and all are tried until the first is in")
    func wary() {
        var stage = HealthStage(healthCluster(3, check: .wary))
        #expect(stage.health.isDesperate)
        #expect(stage.available == [0, 1, 2])
        stage.checksPass(1)
        #expect(stage.available == [1])
        #expect(stage.lastText == "10.0.0.2:80 is up: the first check passed; api has a well endpoint again")
        stage.checksPass(0)
        #expect(stage.available == [0, 1])
    }

    @Test("fails open: when no endpoint is well all are tried, and the log says so; one that is well ends it")
    func failsOpen() {
        var stage = HealthStage(healthCluster(2, check: .usual))
        stage.checksFail(0)
        #expect(stage.news.last?.outlook == nil)
        stage.checksFail(1, 1, "connection refused")
        #expect(stage.health.isDesperate)
        #expect(stage.available == [0, 1])
        #expect(stage.conditions == ["down", "down"])
        #expect(stage.news.last?.outlook == .desperate)
        #expect(
            stage.lastText == "10.0.0.2:80 is down: the first check failed: connection refused; "
                + "no endpoint of api is well: all are tried nevertheless")
        stage.checksPass(0, 2)
        #expect(stage.available == [0])
        #expect(stage.news.last?.outlook == .well)
        #expect(stage.lastText == "10.0.0.1:80 is up: 2 checks passed; api has a well endpoint again")
    }

    @Test("fails open: one endpoint alone is tried whatever checks say")
    func alone() {
        var stage = HealthStage(healthCluster(1, check: .usual, ejection: Ejection()))
        stage.checksFail(0)
        stage.serves(0, badly: 100)
        #expect(stage.conditions == ["down"])
        #expect(stage.available == [0])
    }

    @Test("fails open: a well endpoint of weight 0 carries nothing, so the others are tried")
    func weightless() {
        var stage = HealthStage(healthCluster(3, check: .usual, weights: [1, 0, 0]))
        stage.checksFail(0)
        #expect(stage.health.isDesperate)
        #expect(stage.available == [0, 1, 2])
        stage.order(1, .weight(5))
        #expect(!stage.health.isDesperate)
        #expect(stage.available == [1, 2])
        #expect(stage.lastText == "10.0.0.2:80 has weight 5: by order; api has a well endpoint again")
    }
}

// Reload: what stays known about endpoints that stay.
// The reload itself is tested with the proxy.

@testable import RelevoPolicy
import Testing

@Suite struct AdoptionTests {
    /// A reload to another cluster; returns the news.
    private func reload(_ stage: inout HealthStage, to cluster: Cluster) -> [String] {
        var next = ClusterHealth(cluster, now: stage.now)
        let news = next.adopt(stage.health, now: stage.now)
        stage.health = next
        return news.map(\.text)
    }

    @Test("a reload that changes nothing keeps everything")
    func unchanged() {
        let cluster = healthCluster(6, check: .usual, ejection: .byStreak)
        var stage = HealthStage(cluster)
        stage.checksPass(0)
        stage.checksFail(1)
        stage.checksPass(1)
        stage.serves(2, badly: 5)
        stage.order(3, .drain)
        stage.order(4, .disable)
        stage.order(5, .weight(7))
        let before = stage.health.standings
        #expect(reload(&stage, to: cluster).isEmpty)
        #expect(stage.health.standings == before)
        #expect(stage.health.nextDeadline == stage.now + 5 * second)
        stage.checksPass(1)
        #expect(stage.conditions[1] == "up", "the check that had passed before counts")
    }

    @Test("endpoints are known by their texts, wherever they stand; new ones begin like those of a new cluster")
    func moved() {
        var stage = HealthStage(healthCluster(3, check: .wary))
        stage.checksPass(0)
        stage.checksFail(1)
        stage.checksPass(2)
        _ = reload(&stage, to: healthCluster(3, check: .wary, first: 2))
        #expect(stage.conditions == ["down", "up", "unchecked"])
        #expect(stage.available == [1])
    }

    @Test("a slow start that has begun goes on")
    func slowStart() {
        let cluster = healthCluster(2, check: .usual)
        var stage = HealthStage(cluster)
        stage.checksFail(0)
        stage.checksPass(0, 2)
        let recovered = stage.now
        stage.pass(seconds: 3)
        _ = reload(&stage, to: cluster)
        #expect(stage.health.standings[0].recovered == recovered)
    }

    @Test("another probe begins anew, but takes out nobody who serves until it has had a result")
    func otherProbe() {
        var stage = HealthStage(healthCluster(3, check: .wary))
        stage.checksPass(0)
        stage.checksFail(1)
        var check = HealthCheck.wary
        check.probe = .tcp
        #expect(
            reload(&stage, to: healthCluster(3, check: check)) == [
                "10.0.0.1:80 is unchecked: the configuration has changed",
                "10.0.0.2:80 is unchecked: the configuration has changed",
            ])
        #expect(stage.available == [0])
        stage.checksFail(0)
        stage.checksPass(1)
        #expect(stage.available == [1])
    }

    @Test("other times and counts of the same probe change nothing that is known")
    func otherNumbers() {
        var stage = HealthStage(healthCluster(2, check: .usual))
        stage.checksPass(0)
        stage.checksFail(1)
        stage.checksFail(0, 2)
        var check = HealthCheck.usual
        (check.fall, check.interval) = (2, .seconds(9))
        #expect(reload(&stage, to: healthCluster(2, check: check)).isEmpty)
        #expect(stage.conditions == ["up", "down"])
        stage.checksFail(0)
        #expect(stage.conditions == ["down", "down"])
    }

    @Test("checks that are new take out nobody until they have had a result")
    func newChecks() {
        var stage = HealthStage(healthCluster(2))
        _ = reload(&stage, to: healthCluster(3, check: .wary))
        #expect(stage.conditions == ["unchecked", "unchecked", "unchecked"])
        #expect(stage.available == [0, 1])
    }

    @Test("without checks nobody is down; without ejections nobody is ejected")
    func removed() {
        var stage = HealthStage(healthCluster(3, check: .usual, ejection: .byStreak))
        stage.checksFail(0)
        stage.serves(1, badly: 5)
        stage.order(2, .drain)
        #expect(stage.health.isDesperate)
        #expect(
            reload(&stage, to: healthCluster(3)) == [
                "10.0.0.1:80 is up: the configuration has changed; api has a well endpoint again",
                "10.0.0.2:80 is up: the configuration has changed",
            ])
        #expect(stage.conditions == ["up", "up", "draining"])
        #expect(stage.health.nextDeadline == nil)
    }

    @Test("an ejection does not outlast the longest that the new settings allow")
    func shorter() {
        var stage = HealthStage(healthCluster(2, ejection: .byStreak))
        stage.serves(0, badly: 5)
        var ejection = Ejection.byStreak
        (ejection.time, ejection.maxTime) = (.seconds(1), .seconds(2))
        #expect(
            reload(&stage, to: healthCluster(2, ejection: ejection)) == [
                "10.0.0.1:80 is ejected for 2s: 5 failures in a row, the last: connect.refused"
            ])
        #expect(stage.health.nextDeadline == stage.now + 2 * second)
    }

    @Test("ejections that ended meanwhile, or that the smaller cluster cannot bear, end")
    func fewerEndpoints() {
        var stage = HealthStage(healthCluster(6, ejection: .byStreak))
        stage.serves(0, badly: 5)
        stage.pass(seconds: 1)
        stage.serves(1, badly: 5)
        stage.pass(seconds: 1)
        stage.serves(2, badly: 5)
        stage.now += 3 * second
        #expect(
            reload(&stage, to: healthCluster(3, ejection: .byStreak)) == [
                "10.0.0.1:80 is up: its ejection is over",
                "10.0.0.2:80 is up: too few others are left to keep it ejected",
            ])
        #expect(stage.conditions == ["up", "up", "ejected"])
        #expect(reload(&stage, to: healthCluster(1, ejection: .byStreak, first: 3)).count == 1)
        #expect(stage.conditions == ["up"])
    }

    @Test("a new endpoint that is well ends the desperation of the others, even without any change to tell")
    func relieved() {
        var stage = HealthStage(healthCluster(1, check: .usual))
        stage.checksFail(0)
        #expect(stage.health.isDesperate)
        #expect(reload(&stage, to: healthCluster(2, check: .usual)).isEmpty)
        #expect(!stage.health.isDesperate)
        #expect(stage.available == [1])
    }
}

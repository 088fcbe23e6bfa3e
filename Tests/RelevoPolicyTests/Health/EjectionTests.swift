// Ejections: what leads to them, how long they last, how many there may be, and what checks have to do with them.
// How settings of any values are read is tested at the end.

@testable import RelevoPolicy
import Testing

@Suite struct EjectionTests {
    @Test("five failures in a row eject, across reports, and the text says what they were")
    func streak() {
        var stage = HealthStage(healthCluster(2, ejection: .byStreak))
        stage.serves(0, well: 10, badly: 2)
        stage.serves(0, badly: 2)
        #expect(stage.news.isEmpty)
        stage.serves(0, badly: 1, .upstreamTimeout)
        #expect(
            stage.lastText == "10.0.0.1:80 is ejected for 5s: 5 failures in a row, the last: upstream.timeout")
        #expect(stage.available == [1])
        #expect(stage.health.nextDeadline == stage.now + 5 * second)
        #expect(
            stage.health.standings[0].state
                == .ejected(until: stage.now + 5 * second, "5 failures in a row, the last: upstream.timeout"))
    }

    @Test("a report with a success begins the streak anew with what failed after it")
    func interrupted() {
        var stage = HealthStage(healthCluster(2, ejection: .byStreak))
        stage.serves(0, badly: 4)
        stage.serves(0, well: 1, badly: 4)
        stage.serves(0, well: 1)
        stage.serves(0, badly: 4)
        #expect(stage.news.isEmpty)
        stage.serves(0, badly: 1)
        #expect(stage.conditions == ["ejected", "up"])
    }

    @Test("half of at least twenty requests failing within ten seconds ejects, however they are spread")
    func rate() {
        var stage = HealthStage(healthCluster(2, ejection: .byRate))
        for _ in 0..<9 { stage.serves(0, well: 1, badly: 1) }
        #expect(stage.news.isEmpty, "18 requests mean nothing yet")
        stage.serves(0, well: 1, badly: 1)
        #expect(
            stage.lastText
                == "10.0.0.1:80 is ejected for 5s: 10 of 20 requests failed within 10s, the last: connect.refused")
    }

    @Test("fewer failures than the rate, and failures that are too old, do not eject")
    func rateNotReached() {
        var stage = HealthStage(healthCluster(2, ejection: .byRate))
        stage.serves(0, well: 51, badly: 49)
        stage.pass(seconds: 10)
        stage.serves(0, well: 10, badly: 9)
        stage.pass(seconds: 10)
        stage.serves(0, badly: 19)
        stage.pass(seconds: 10)
        stage.serves(0, well: 20)
        #expect(stage.news.isEmpty)
    }

    @Test("only failures eject: a report of successes alone never does")
    func successesAlone() {
        var stage = HealthStage(healthCluster(2, ejection: .byRate))
        stage.serves(0, badly: 19)
        stage.serves(0, well: 1)
        #expect(stage.news.isEmpty)
    }

    @Test("a rule of 0 is no rule")
    func noRules() {
        var ejection = Ejection.byRate
        ejection.rate = 0
        var stage = HealthStage(healthCluster(2, ejection: ejection))
        stage.serves(0, badly: 10_000)
        #expect(stage.news.isEmpty)
    }

    @Test("an ejection ends by time alone; then slow start begins and counting starts anew")
    func ending() {
        var stage = HealthStage(healthCluster(2, ejection: .byStreak))
        stage.serves(0, badly: 9)
        stage.serves(0, well: 100)
        stage.serves(0, badly: 100)
        stage.pass(seconds: 4.9)
        #expect(stage.conditions == ["ejected", "up"])
        stage.pass(seconds: 0.1)
        #expect(stage.lastText == "10.0.0.1:80 is up: its ejection is over")
        #expect(stage.health.standings[0].recovered == stage.now)
        #expect(stage.health.nextDeadline == nil)
        stage.serves(0, badly: 4)
        #expect(stage.conditions == ["up", "up"])
        stage.serves(0, badly: 1)
        #expect(stage.conditions == ["ejected", "up"])
    }

    @Test("each further ejection that follows soon is longer by the first one's time, to the longest")
    func growth() {
        var ejection = Ejection.byStreak
        ejection.maxTime = .seconds(18)
        var stage = HealthStage(healthCluster(2, ejection: ejection))
        var lengths: [UInt64] = []
        for _ in 0..<5 {
            stage.serves(0, badly: 5)
            lengths.append(((stage.health.nextDeadline ?? 0) - stage.now) / second)
            stage.pass(seconds: Double(lengths.last ?? 0))
        }
        #expect(lengths == [5, 10, 15, 18, 18])
    }

    @Test(
        "each `time` in service forgives one ejection",
        arguments: [(4.9, 20), (5, 15), (9.9, 15), (10, 10), (15, 5), (1000, 5)] as [(Double, UInt64)])
    func decay(served: Double, expected: UInt64) {
        var stage = HealthStage(healthCluster(2, ejection: .byStreak))
        for length in [5, 10, 15] as [Double] {
            stage.serves(0, badly: 5)
            stage.pass(seconds: length)
        }
        stage.pass(seconds: served)
        stage.serves(0, badly: 5)
        #expect(((stage.health.nextDeadline ?? 0) - stage.now) / second == expected)
    }

    @Test("a time that is over already counts as the latest one: nothing ends or begins in the past")
    func backwards() {
        var stage = HealthStage(healthCluster(2, ejection: .byStreak))
        stage.pass(seconds: 100)
        let now = stage.now
        stage.now = 0
        stage.serves(0, badly: 5)
        #expect(stage.health.nextDeadline == now + 5 * second)
        stage.now = now + 5 * second
        stage.pass(seconds: 0)
        stage.now = 1
        stage.serves(0, badly: 5)
        #expect(stage.health.nextDeadline == now + 15 * second)
    }

    @Test("events say that ejections have ended, too: nobody has to call `elapsed` first")
    func endedOnTheWay() {
        var stage = HealthStage(healthCluster(2, ejection: .byStreak))
        stage.serves(0, badly: 5)
        stage.now += 5 * second
        stage.serves(1, well: 1)
        #expect(stage.lastText == "10.0.0.1:80 is up: its ejection is over")
    }

    @Test(
        "no more than the share are ejected, but one always may be, and never all",
        arguments: [
            (1, 100, 0), (2, 0, 1), (2, 100, 1), (3, 50, 1), (4, 50, 2), (5, 50, 2), (10, 10, 1), (10, 0, 1),
            (4, 100, 3), (4, 1_000_000, 3), (4, Int.max, 3), (4, -7, 1), (4, Int.min, 1),
        ])
    func share(count: Int, share: Int, expected: Int) {
        var ejection = Ejection.byStreak
        ejection.share = share
        var stage = HealthStage(healthCluster(count, ejection: ejection))
        for position in 0..<count { stage.serves(position, badly: 5) }
        #expect(stage.conditions.count { $0 == "ejected" } == expected)
        #expect(!stage.health.isDesperate)
    }

    @Test("one that the share protects is considered again with its next failure")
    func reconsidered() {
        var stage = HealthStage(healthCluster(2, ejection: .byStreak))
        stage.serves(0, badly: 5)
        stage.serves(1, badly: 5)
        #expect(stage.conditions == ["ejected", "up"])
        stage.pass(seconds: 5)
        #expect(stage.conditions == ["up", "up"])
        stage.serves(1, badly: 1)
        #expect(stage.conditions == ["up", "ejected"])
    }

    @Test("the last well endpoint is not ejected: the others may be down, draining or of weight 0")
    func lastWell() {
        var stage = HealthStage(healthCluster(4, check: .usual, ejection: .byStreak, weights: [1, 1, 1, 0]))
        stage.checksFail(1)
        stage.order(2, .drain)
        stage.serves(0, badly: 100)
        #expect(stage.conditions == ["unchecked", "down", "draining", "unchecked"])
        stage.order(2, .enable)
        stage.serves(0, badly: 1)
        #expect(stage.conditions == ["ejected", "down", "unchecked", "unchecked"])
    }

    @Test("checks that pass in a row end an ejection for want of answers early, with a slow start")
    func pardon() {
        var stage = HealthStage(healthCluster(2, check: .usual, ejection: .byStreak))
        stage.checksPass(0)
        stage.serves(0, badly: 5)
        stage.checksPass(0)
        stage.checksFail(0)
        stage.checksPass(0)
        #expect(stage.conditions[0] == "ejected")
        stage.pass(seconds: 1)
        stage.checksPass(0)
        #expect(stage.lastText == "10.0.0.1:80 is up: 2 checks passed")
        #expect(stage.health.standings[0].recovered == stage.now)
        #expect(stage.health.nextDeadline == nil)
    }

    @Test("one that follows soon is not ended early, nor one for answers, nor one by checks that ask nothing")
    func noPardon() {
        var again = HealthStage(healthCluster(2, check: .usual, ejection: .byStreak))
        again.checksPass(0)
        again.serves(0, badly: 5)
        again.pass(seconds: 5)
        again.serves(0, badly: 5)
        again.checksPass(0, 10)
        #expect(again.conditions[0] == "ejected")
        var answers = HealthStage(healthCluster(2, check: .usual, ejection: .byStreak))
        answers.checksPass(0)
        var tally = OutcomeTally()
        for _ in 0..<5 { tally.failed(.status(503)) }
        answers.news += answers.health.served(0, tally, now: answers.now)
        answers.checksPass(0, 10)
        #expect(answers.conditions[0] == "ejected")
        var check = HealthCheck.usual
        check.probe = .tcp
        var mute = HealthStage(healthCluster(2, check: check, ejection: .byStreak))
        mute.checksPass(0)
        mute.serves(0, badly: 5)
        mute.checksPass(0, 10)
        #expect(mute.conditions[0] == "ejected")
    }

    @Test("failed checks keep an endpoint down beyond its ejection")
    func downBeyond() {
        var stage = HealthStage(healthCluster(2, check: .usual, ejection: .byStreak))
        stage.checksPass(0)
        stage.serves(0, badly: 5)
        stage.checksFail(0, 3)
        #expect(stage.conditions[0] == "down")
        stage.pass(seconds: 5)
        #expect(stage.conditions[0] == "down")
        #expect(stage.health.nextDeadline == nil)
        stage.checksPass(0, 2)
        #expect(stage.conditions[0] == "up")
        #expect(stage.health.standings[0].recovered == stage.now)
    }

    @Test("an endpoint that comes up while its ejection lasts is ejected for the rest, unless that is pardoned")
    func upWhileEjected() {
        var stage = HealthStage(healthCluster(2, check: .usual, ejection: .byStreak))
        for isFirst in [true, false] {
            stage.serves(0, badly: 5)
            stage.checksFail(0, 3)
            stage.pass(seconds: 2)
            stage.checksPass(0, 2)
            #expect(stage.conditions[0] == (isFirst ? "up" : "ejected"))
        }
        #expect(
            stage.lastText == "10.0.0.1:80 is ejected for 8s: 5 failures in a row, the last: connect.refused")
        stage.pass(seconds: 8)
        #expect(stage.conditions[0] == "up")
        #expect(stage.health.standings[0].recovered == stage.now)
    }

    @Test("how an endpoint serves while it is down does not count")
    func downDoesNotCount() {
        var stage = HealthStage(healthCluster(2, check: .usual, ejection: .byStreak))
        stage.serves(0, badly: 4)
        stage.checksFail(0)
        stage.serves(0, badly: 100)
        stage.checksPass(0, 2)
        stage.serves(0, badly: 4)
        #expect(stage.conditions[0] == "up")
    }

    @Test("an ejected endpoint that was never checked is unchecked again")
    func uncheckedAgain() {
        var stage = HealthStage(healthCluster(2, check: .usual, ejection: .byStreak))
        stage.serves(0, badly: 5)
        stage.pass(seconds: 5)
        #expect(stage.lastText == "10.0.0.1:80 is unchecked: its ejection is over")
        #expect(stage.available == [0, 1])
    }

    @Test("which outcomes count is decided by the fault's row and, for statuses, by the settings")
    func outcomes() {
        var ejection = Ejection()
        for fault in Fault.allCases { #expect(ejection.counts(.fault(fault)) == fault.row.blamesEndpoint) }
        #expect([499, 500, 503, 599].map { ejection.counts(.status($0)) } == [false, true, true, true])
        ejection.countsServerErrors = false
        #expect(!ejection.counts(.status(503)))
    }
}

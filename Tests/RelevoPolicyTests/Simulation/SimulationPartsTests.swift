// The parts of simulations that are no policies: the queue of events, quantiles, logarithms.
// What they are used for is tested in SimulationTests.

import Testing

@testable import RelevoPolicy

@Suite("Parts of simulations")
struct SimulationPartsTests {
    @Test("Events come in the order of their times, those of one time in the order in which they were added")
    func queue() {
        var random = RandomSource(seed: 7)
        var queue = EventQueue<Int>()
        var expected: [(time: UInt64, event: Int)] = []
        for event in 0..<5000 {
            let time = UInt64(random.below(500))
            queue.add(event, at: time)
            expected.append((time, event))
        }
        expected.sort { ($0.time, $0.event) < ($1.time, $1.event) }
        #expect(queue.nextTime == expected.first?.time)
        for (time, event) in expected {
            let next = queue.next()
            #expect(next?.time == time && next?.event == event)
        }
        #expect(queue.next() == nil)
        #expect(queue.nextTime == nil)
    }

    @Test("Quantiles are right to one per cent, also of the longest times that there are")
    func quantiles() {
        var histogram = LatencyHistogram()
        #expect(histogram.quantile(500) == 0)
        for time in 1...100_000 { histogram.add(UInt64(time) * 1000) }
        for (thousandths, expected) in [(500, 50_000_000.0), (990, 99_000_000), (1000, 100_000_000)] {
            #expect(abs(Double(histogram.quantile(thousandths)) / expected - 1) < 0.01)
        }
        for time in [0, 1, 127, 128, 255, 256, 257, UInt64.max / 2, .max] {
            var one = LatencyHistogram()
            one.add(time)
            #expect(one.quantile(500) == time)
            one.add(.max)
            #expect(one.quantile(500) >= time && Double(one.quantile(500)) <= Double(time) * 1.01)
        }
    }

    @Test("Logarithms are right to eleven digits")
    func logarithms() {
        let known: [(Double, Double)] = [
            (1, 0), (2, 0.693147180559945), (10, 2.302585092994046), (0.5, -0.693147180559945),
            (1e-16, -36.841361487904734), (2.718281828459045, 1), (1e300, 690.7755278982137),
        ]
        for (value, expected) in known {
            #expect(abs(Logarithm.natural(value) - expected) <= 1e-11 * max(1, abs(expected)))
        }
    }

    @Test("Exponential times have their mean, and their median is the logarithm of two of it")
    func exponential() {
        var random = RandomSource(seed: 3)
        let values = (0..<100_000).map { _ in random.exponential(mean: 100) }
        #expect(abs(values.reduce(0, +) / 100_000 - 100) < 1.5)
        #expect(values.allSatisfy { $0 >= 0 })
        #expect(abs(Double(values.count { $0 < 69.31 }) - 50_000) < 1000)
    }

    @Test("A slice is a length that people count in, and there are sixty at most")
    func slices() {
        for (duration, length) in [(1, 20), (60, 1000), (61, 2000), (90, 2000), (3600, 60_000), (86_400, 1_800_000)] {
            let report = Simulation.run(
                SimulationScript(simulated(), []) { ($0.duration, $0.rate) = (.seconds(duration), 1) })
            #expect(report.sliceLength == UInt64(length) * 1_000_000)
            #expect(report.arrivals.count <= 60)
        }
    }
}

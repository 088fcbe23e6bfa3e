// The metrics of a proxy for swift-metrics, so that a program has them beside its own, whatever backend it uses.
// Workers count without it: it asks them now and then, and passes on what has changed.

public import CoreMetrics
import RelevoPolicy

extension ReverseProxy {
    /// Passes the metrics of the proxy on to swift-metrics until it has stopped or the task is cancelled; to be called
    /// in a task of its own, once.
    ///
    /// Names and labels are those of docs/metrics.md. Counters grow by what was counted since the last time, gauges
    /// are set. swift-metrics has no histograms that could take whole classes: each becomes the counters `NAME_bucket`
    /// with the label `le`, `NAME_sum` and `NAME_count`.
    /// - Parameters:
    ///   - factory: who gets them; what `MetricsSystem.bootstrap` has set if nothing else is said.
    ///   - interval: the time from one report to the next, a tenth of a second at least.
    public func reportMetrics(
        to factory: any MetricsFactory = MetricsSystem.factory, every interval: Duration = .seconds(10)
    ) async {
        var report = MetricsReport(factory)
        while !Task.isCancelled {
            let isRunning = runningGroup != nil
            if isRunning { report.pass(await metrics()) }
            if hasStopped { break }
            try? await Task.sleep(for: max(interval, .milliseconds(100)))
        }
        report.end()
    }
}

/// What was passed on so far.
struct MetricsReport: MetricsSink {
    /// Labels as swift-metrics takes them.
    struct Labels: MetricLabels {
        fileprivate var pairs: [(String, String)] = []

        func adding(_ name: StaticString, _ value: String) -> Labels {
            var copy = self
            copy.pairs.append(("\(name)", value))
            return copy
        }
    }

    private enum Instrument {
        case counter(Counter, last: Int)
        case total(FloatingPointCounter, last: Double)
        case gauge(Meter)
    }

    private struct Known {
        var instrument: Instrument
        /// The round in which it was last told of.
        var round: Int
    }

    private let factory: any MetricsFactory
    private var known: [String: Known] = [:]
    private var round = 0
    private var name = ""
    private var kind = MetricKind.counter

    init(_ factory: any MetricsFactory) { self.factory = factory }

    /// Passes on what has changed; what is not there any more is destroyed.
    mutating func pass(_ metrics: ProxyMetrics) {
        round += 1
        take(metrics)
        for (key, entry) in known where entry.round != round {
            Self.destroy(entry.instrument)
            known[key] = nil
        }
    }

    /// Destroys everything that was made.
    mutating func end() {
        for entry in known.values { Self.destroy(entry.instrument) }
        known = [:]
    }

    private static func destroy(_ instrument: Instrument) {
        switch instrument {
        case .counter(let counter, _): counter.destroy()
        case .total(let counter, _): counter.destroy()
        case .gauge(let meter): meter.destroy()
        }
    }

    mutating func family(_ name: String, _ kind: MetricKind, _ help: String) { (self.name, self.kind) = (name, kind) }

    mutating func sample(_ labels: Labels, _ value: Int) {
        if kind == .gauge { set(name, labels, value) } else { count(name, labels, value) }
    }

    mutating func sample(_ labels: Labels, _ histogram: ProxyMetrics.Histogram) {
        guard histogram.count > 0 else { return }
        var sum = 0
        for (index, count) in histogram.counts.enumerated() {
            sum += Int(clamping: count)
            let bounds = ProxyMetrics.Histogram.bounds
            let bound = bounds.indices.contains(index) ? "\(bounds[index])" : "+Inf"
            self.count(name + "_bucket", labels.adding("le", bound), sum)
        }
        count(name + "_count", labels, sum)
        add(name + "_sum", labels, histogram.sum)
    }

    private func key(_ name: String, _ labels: Labels) -> String {
        // Neither names nor values have a byte of zero.
        labels.pairs.reduce(name) { "\($0)\0\($1.0)\0\($1.1)" }
    }

    private mutating func count(_ name: String, _ labels: Labels, _ value: Int) {
        let key = key(name, labels)
        var last = 0
        var counter: Counter?
        if case .counter(let known, let before) = known[key]?.instrument { (counter, last) = (known, before) }
        let made = counter ?? Counter(label: name, dimensions: labels.pairs, factory: factory)
        // What a reload has begun anew is counted from the start.
        let grown = value >= last ? value - last : value
        if grown > 0 { made.increment(by: grown) }
        known[key] = Known(instrument: .counter(made, last: value), round: round)
    }

    private mutating func add(_ name: String, _ labels: Labels, _ value: Double) {
        let key = key(name, labels)
        var last = 0.0
        var counter: FloatingPointCounter?
        if case .total(let known, let before) = known[key]?.instrument { (counter, last) = (known, before) }
        let made = counter ?? FloatingPointCounter(label: name, dimensions: labels.pairs, factory: factory)
        let grown = value >= last ? value - last : value
        if grown > 0 { made.increment(by: grown) }
        known[key] = Known(instrument: .total(made, last: value), round: round)
    }

    private mutating func set(_ name: String, _ labels: Labels, _ value: Int) {
        let key = key(name, labels)
        var meter: Meter?
        if case .gauge(let known) = known[key]?.instrument { meter = known }
        let made = meter ?? Meter(label: name, dimensions: labels.pairs, factory: factory)
        made.set(value)
        known[key] = Known(instrument: .gauge(made), round: round)
    }
}

// What the admin listener publishes: the families of the proxy and those of the process around it.
// Those of the proxy are in Relevo: MetricFamilies.

import CLibevent
import Foundation
import Relevo

/// What is published besides the metrics of the proxy.
struct ProcessFacts: Sendable {
    var version: String
    var started: Date
    /// Reloads that were carried out, and those that were refused.
    var reloads: (done: Int, refused: Int)
}

extension MetricsText {
    /// Everything.
    static func write(_ metrics: ProxyMetrics, _ facts: ProcessFacts) -> [UInt8] {
        var text = MetricsText()
        text.process(facts)
        text.take(metrics)
        return text.bytes
    }

    private mutating func process(_ facts: ProcessFacts) {
        let usage = ProcessUsage()
        family("relevo_build_info", .gauge, "The version that runs.")
        sample(Labels(("version", facts.version)), 1)
        family("relevo_reloads_total", .counter, "Reloads of the configuration.")
        sample(Labels(("result", "done")), facts.reloads.done)
        sample(Labels(("result", "refused")), facts.reloads.refused)
        family("process_start_time_seconds", .gauge, "When the process was started, in seconds since 1970.")
        sample(Labels(), facts.started.timeIntervalSince1970)
        family("process_cpu_seconds_total", .counter, "Processor time in user and system mode.")
        sample(Labels(), usage.processorSeconds)
        family("process_resident_memory_bytes", .gauge, "Resident memory.")
        sample(Labels(), usage.residentBytes)
        family("process_open_fds", .gauge, "Open descriptors.")
        sample(Labels(), usage.descriptors)
        family("process_max_fds", .gauge, "Descriptors that may be open.")
        sample(Labels(), Descriptors.limit)
    }
}

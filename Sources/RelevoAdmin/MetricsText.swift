// Metrics in the text form of Prometheus, version 0.0.4: families with their help and type, one sample a line.
// Which families there are: MetricsText+Families.

import Relevo

/// Writes families of samples.
struct MetricsText: MetricsSink {
    /// What Prometheus asks for.
    static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// Names and values of one sample's labels, escaped already.
    struct Labels: MetricLabels {
        fileprivate var bytes: [UInt8] = []

        func adding(_ name: StaticString, _ value: String) -> Labels {
            var copy = self
            copy.append(name, value)
            return copy
        }

        private mutating func append(_ name: StaticString, _ value: String) {
            if !bytes.isEmpty { bytes.append(UInt8(ascii: ",")) }
            bytes += Array("\(name)=\"".utf8)
            for byte in value.utf8 {
                switch byte {
                case UInt8(ascii: "\\"), UInt8(ascii: "\""): bytes += [UInt8(ascii: "\\"), byte]
                case UInt8(ascii: "\n"): bytes += [UInt8(ascii: "\\"), UInt8(ascii: "n")]
                default: bytes.append(byte)
                }
            }
            bytes.append(UInt8(ascii: "\""))
        }
    }

    /// What was written so far.
    private(set) var bytes: [UInt8] = []
    private var name: [UInt8] = []
    /// The bounds of histograms as they are written.
    private let bounds = (ProxyMetrics.Histogram.bounds.map(Self.text) + ["+Inf"]).map {
        Array(",le=\"\($0)\"} ".utf8)
    }

    /// A whole number without a fraction of zero.
    private static func text(_ number: Double) -> String {
        Double(Int(number)) == number ? "\(Int(number))" : "\(number)"
    }

    /// Begins a family; its samples follow. Without samples it is still there, which is allowed.
    mutating func family(_ name: String, _ kind: MetricKind, _ help: String) {
        self.name = Array(name.utf8)
        bytes += Array("# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n".utf8)
    }

    /// Writes a sample of the family.
    mutating func sample(_ labels: Labels, _ value: Int) {
        begin(labels)
        append(UInt64(clamping: value))
    }

    /// The same for a number that may have a fraction.
    mutating func sample(_ labels: Labels, _ value: Double) {
        begin(labels)
        bytes += Array("\(value)\n".utf8)
    }

    private mutating func begin(_ labels: Labels) {
        bytes += name
        if !labels.bytes.isEmpty {
            bytes.append(UInt8(ascii: "{"))
            bytes += labels.bytes
            bytes.append(UInt8(ascii: "}"))
        }
        bytes.append(UInt8(ascii: " "))
    }

    private mutating func append(_ number: UInt64) {
        var digits: [UInt8] = []
        var rest = number
        repeat {
            digits.append(UInt8(ascii: "0") + UInt8(rest % 10))
            rest /= 10
        } while rest > 0
        bytes.append(contentsOf: digits.reversed())
        bytes.append(UInt8(ascii: "\n"))
    }

    /// Writes a histogram of the family, with at least one label; nothing for one without times.
    mutating func sample(_ labels: Labels, _ histogram: ProxyMetrics.Histogram) {
        guard histogram.count > 0 else { return }
        var sum: UInt64 = 0
        for (count, bound) in zip(histogram.counts, bounds) {
            sum += count
            part("_bucket{", labels)
            bytes += bound
            append(sum)
        }
        part("_sum{", labels)
        bytes += Array("} \(histogram.sum)\n".utf8)
        part("_count{", labels)
        bytes += Array("} ".utf8)
        append(sum)
    }

    private mutating func part(_ suffix: StaticString, _ labels: Labels) {
        bytes += name
        bytes += Array("\(suffix)".utf8)
        bytes += labels.bytes
    }
}

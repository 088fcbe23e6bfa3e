// The parts of the request path that need no socket, one by one: nanoseconds and heap allocations for each call.
// Not for what a whole request costs: Benchmarks/compare measures that.

import AllocationCounter

@main
enum Micro {
    /// Rounds over all parts; tables show their median.
    private static let rounds = 7
    /// How long one part runs in a round.
    private static let slice = Duration.milliseconds(60)

    static func main() {
        let parts = heads() + rewrites() + routes() + balancers()
        var results = parts.map { _ in [Measurement]() }
        for part in parts { _ = measure(part) }
        for _ in 0..<rounds {
            for index in parts.indices { results[index].append(measure(parts[index])) }
        }
        print("| Part | ns each, median | least | allocations each |\n|---|--:|--:|--:|")
        for (part, figures) in zip(parts, results) {
            let times = figures.map(\.nanoseconds).sorted()
            let allocations = figures.map(\.allocations).min() ?? 0
            print("| \(part.name) | \(text(times[times.count / 2])) | \(text(times[0])) | \(text(allocations)) |")
        }
    }

    private static func text(_ number: Double) -> String {
        let hundredths = Int(number * 100 + 0.5)
        let fraction = hundredths % 100
        return "\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction)"
    }

    private static func measure(_ part: Part) -> Measurement {
        let clock = ContinuousClock()
        var calls = 0
        let allocated = relevo_allocations()
        let began = clock.now
        var passed = Duration.zero
        while passed < slice {
            for _ in 0..<64 { part.run() }
            calls += 64
            passed = clock.now - began
        }
        let allocations = relevo_allocations() - allocated
        return Measurement(
            nanoseconds: Double(passed.components.attoseconds) / 1e9 / Double(calls),
            allocations: Double(allocations) / Double(calls))
    }
}

/// Something to measure.
struct Part {
    /// What tables call it.
    let name: String
    /// One call of it.
    let run: () -> Void
}

/// One round of a part.
struct Measurement {
    let nanoseconds: Double
    let allocations: Double
}

/// Keeps the compiler from leaving out work whose result nobody uses.
@inline(never)
func use<Value: ~Copyable>(_ value: borrowing Value) {}

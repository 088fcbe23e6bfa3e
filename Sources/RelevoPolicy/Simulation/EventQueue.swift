// Events of a simulation in the order of their virtual times.
// What they mean is known to Simulation.

/// A queue by time; events of one time come in the order in which they were added.
struct EventQueue<Event: BitwiseCopyable> {
    private struct Entry: BitwiseCopyable {
        var time: UInt64
        var order: UInt64
        var event: Event

        func precedes(_ other: Entry) -> Bool { (time, order) < (other.time, other.order) }
    }

    /// A binary heap: no entry precedes the one above it.
    private var entries: [Entry] = []
    private var count: UInt64 = 0

    /// The time of the next event; nil if there is none.
    var nextTime: UInt64? { entries.first?.time }

    /// Adds an event.
    mutating func add(_ event: Event, at time: UInt64) {
        count += 1
        let entry = Entry(time: time, order: count, event: event)
        entries.append(entry)
        var index = entries.count - 1
        while index > 0 {
            let above = (index - 1) / 2
            guard entry.precedes(entries[above]) else { break }
            entries[index] = entries[above]
            index = above
        }
        entries[index] = entry
    }

    /// Takes the next event; nil if there is none.
    mutating func next() -> (time: UInt64, event: Event)? {
        guard let first = entries.first, let last = entries.popLast() else { return nil }
        if !entries.isEmpty { sink(last) }
        return (first.time, first.event)
    }

    private mutating func sink(_ entry: Entry) {
        var index = 0
        while true {
            var below = 2 * index + 1
            guard below < entries.count else { break }
            if below + 1 < entries.count, entries[below + 1].precedes(entries[below]) { below += 1 }
            guard entries[below].precedes(entry) else { break }
            entries[index] = entries[below]
            index = below
        }
        entries[index] = entry
    }
}

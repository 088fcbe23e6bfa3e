// Who waits for a place, in the order of arrival, for a time and in a number that are bounded.
// One for each worker and cluster. Not for whether there is a place: that is the gauges'.

/// A line of those who wait: first come, first served.
///
/// Everything takes the same short time however long the line is: a list through an array whose places are used again.
/// Nothing is allocated once the array has grown to the most that ever waited.
package struct WaitingLine<Element> {
    /// What one who waits can leave with.
    package struct Token: Sendable, Hashable, BitwiseCopyable {
        fileprivate let place: Int
        /// Never used twice, so that a token outlives its owner's turn without harm.
        fileprivate let turn: UInt64
    }

    private struct Place {
        var element: Element?
        var deadline: UInt64
        var turn: UInt64
        var previous: Int?
        /// The next in line, or the next free place.
        var next: Int?
    }

    private var places: [Place] = []
    private var first: Int?
    private var last: Int?
    private var firstFree: Int?
    private var turns: UInt64 = 0
    /// How many may wait; when this is lowered, nobody has to go.
    package var length: Int
    /// How many wait.
    package private(set) var count = 0

    /// Creates an empty line.
    package init(length: Int) { self.length = length }

    /// Whether nobody waits.
    package var isEmpty: Bool { count == 0 }

    /// The time at which `expired(now:)` has somebody, if nobody leaves; nil if nobody waits.
    package var nextDeadline: UInt64? { first.map { places[$0].deadline } }

    /// Puts one at the end of the line, to wait until `deadline`; nil if the line is as long as it may be.
    ///
    /// A deadline before that of the one in front is moved to it: the line loses its patience from the front.
    package mutating func enter(_ element: Element, until deadline: UInt64) -> Token? {
        guard count < length else { return nil }
        turns += 1
        let latest = last.map { max(places[$0].deadline, deadline) } ?? deadline
        let place = occupy(Place(element: element, deadline: latest, turn: turns, previous: last, next: nil))
        if let last { places[last].next = place } else { first = place }
        last = place
        count += 1
        return Token(place: place, turn: turns)
    }

    /// Puts one who was called in vain back to the front; the line may be full, since that place was its own.
    package mutating func enterFirst(_ element: Element, until deadline: UInt64) -> Token? {
        turns += 1
        let earliest = first.map { min(places[$0].deadline, deadline) } ?? deadline
        let place = occupy(Place(element: element, deadline: earliest, turn: turns, previous: nil, next: first))
        if let first { places[first].previous = place } else { last = place }
        first = place
        count += 1
        return Token(place: place, turn: turns)
    }

    /// Takes one out of the line wherever it stands; nil if it stands there no more.
    package mutating func leave(_ token: Token) -> Element? {
        guard places.indices.contains(token.place), places[token.place].turn == token.turn else { return nil }
        return remove(token.place)
    }

    /// Takes the first out of the line: a place is free. Also one whose deadline has just passed: it is served a
    /// little late, which is better than not at all.
    package mutating func next() -> Element? { first.flatMap { remove($0) } }

    /// Takes the first out of the line if its deadline has come; to be called until it is nil.
    package mutating func expired(now: UInt64) -> Element? {
        guard let first, places[first].deadline <= now else { return nil }
        return remove(first)
    }

    private mutating func occupy(_ place: Place) -> Int {
        guard let free = firstFree else {
            places.append(place)
            return places.count - 1
        }
        firstFree = places[free].next
        places[free] = place
        return free
    }

    /// Frees a place; nil if it is free.
    private mutating func remove(_ index: Int) -> Element? {
        guard let element = places[index].element.take() else { return nil }
        let (previous, next) = (places[index].previous, places[index].next)
        if let previous { places[previous].next = next } else { first = next }
        if let next { places[next].previous = previous } else { last = previous }
        places[index].next = firstFree
        firstFree = index
        count -= 1
        return element
    }
}

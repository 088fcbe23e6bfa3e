// The names that the Connection lines of one head give, in order, so that a field is found among them in a few steps.
// Not for deciding which nominations are honoured (HopByHop).

/// A set of names without regard to case, as ranges of the text in which they stand. Reused from head to head.
struct Nominations: Sendable {
    /// In the order of `order`, no name twice.
    private(set) var names: [Range<Int>] = []

    /// Forgets the names; the memory stays.
    mutating func removeAll() {
        if !names.isEmpty { names.removeAll(keepingCapacity: true) }
    }

    /// Adds a name that stands at a range of the span.
    mutating func insert(_ name: Range<Int>, in span: borrowing Span<UInt8>) {
        let (place, isThere) = find(name, in: span)
        if !isThere { names.insert(name, at: place) }
    }

    /// True if the name at a range of the same text is among them.
    func contains(_ name: Range<Int>, in span: borrowing Span<UInt8>) -> Bool { find(name, in: span).isThere }

    /// Where a name is or would be. Each comparison halves what is left: comparing every option with every field would
    /// let one head cost its length squared.
    private func find(_ name: Range<Int>, in span: borrowing Span<UInt8>) -> (place: Int, isThere: Bool) {
        var low = 0
        var high = names.count
        while low < high {
            let middle = (low + high) / 2
            let order = Self.order(span, names[middle], name)
            if order == 0 { return (middle, true) }
            if order < 0 { low = middle + 1 } else { high = middle }
        }
        return (low, false)
    }

    /// Below 0 if the left name comes first: the shorter one, of two equally long ones the one with the lower byte.
    private static func order(_ span: borrowing Span<UInt8>, _ left: Range<Int>, _ right: Range<Int>) -> Int {
        guard left.count == right.count else { return left.count - right.count }
        let count = left.count
        var offset = 0
        while offset + 8 <= count {
            guard word(span, left.lowerBound + offset) == word(span, right.lowerBound + offset) else { break }
            offset += 8
        }
        while offset < count {
            let first = ASCII.lower(span[left.lowerBound + offset])
            let second = ASCII.lower(span[right.lowerBound + offset])
            if first != second { return Int(first) - Int(second) }
            offset += 1
        }
        return 0
    }

    /// Eight bytes in lower case; names are tokens, so all of them are ASCII.
    @inline(__always)
    private static func word(_ span: borrowing Span<UInt8>, _ index: Int) -> UInt64 {
        let word = ASCII.word(span, at: index)
        return ASCII.lowerWord(word) ?? word
    }
}

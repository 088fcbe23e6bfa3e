// Header fields in the order, spelling and number in which they came: one byte array and a table of ranges into it.
// Not for parsing (HeadParser) and not for deciding which fields may pass (HopByHop, HeadSerializer).

/// One field line as ranges into the bytes of its `HeaderFields`.
package struct FieldLine: Sendable, Hashable {
    private var nameStart: UInt32
    private var nameEnd: UInt32
    private var valueStart: UInt32
    private var valueEnd: UInt32
    private var lineEnd: UInt32
    /// The field that the name means.
    package let known: KnownField
    /// True for a line that is not to be sent on.
    package internal(set) var removed = false

    /// The caller vouches that the offsets fit 32 bits; larger ones are cut, never trapped on.
    init(name: Range<Int>, value: Range<Int>, end: Int, known: KnownField) {
        nameStart = UInt32(truncatingIfNeeded: name.lowerBound)
        nameEnd = UInt32(truncatingIfNeeded: name.upperBound)
        valueStart = UInt32(truncatingIfNeeded: value.lowerBound)
        valueEnd = UInt32(truncatingIfNeeded: value.upperBound)
        lineEnd = UInt32(truncatingIfNeeded: end)
        self.known = known
    }

    /// Where the name stands.
    package var name: Range<Int> { Int(nameStart)..<max(Int(nameStart), Int(nameEnd)) }
    /// Where the value stands, without the blanks around it. Empty for an empty value.
    package var value: Range<Int> { Int(valueStart)..<max(Int(valueStart), Int(valueEnd)) }
    /// The whole line: from the name to behind CR LF.
    package var line: Range<Int> { Int(nameStart)..<max(Int(nameStart), Int(lineEnd)) }
}

/// Text from a hook or a configuration that cannot become a field line.
package enum HTTPFieldError: Error, Sendable, Hashable {
    /// The name is empty or has a byte that is not a token character (RFC 9110 §5.1).
    case invalidName
    /// The value has a control byte, or begins or ends with a blank (RFC 9110 §5.5).
    case invalidValue
}

/// Ordered fields that keep case and duplicates. Reused from head to head without allocation.
package struct HeaderFields: Sendable {
    /// For a received head its whole text, the first line and the final empty line included; appended fields follow.
    package var bytes: [UInt8] = []
    /// All lines in order, removed ones included. Valid until `bytes` is changed from outside.
    package internal(set) var lines: [FieldLine] = []
    /// Where the first field line begins; what stands before is the first line of the message.
    package internal(set) var start = 0
    /// How many of the lines were received; those after them were appended here.
    package internal(set) var receivedCount = 0
    /// The names that Connection lines gave when the head was parsed.
    var nominations = Nominations()
    /// One bit for each known field that has occurred. Removal leaves bits set: a clear bit proves absence.
    private var occurring: UInt64 = 0

    /// Makes an empty table.
    package init() {}

    /// The name of a line of these fields, as it was spelled.
    package func name(of line: FieldLine) -> ArraySlice<UInt8> { slice(line.name) }

    /// The value of a line of these fields, without the blanks around it.
    package func value(of line: FieldLine) -> ArraySlice<UInt8> { slice(line.value) }

    /// The bytes of a range, empty where the range does not lie within the text.
    package func slice(_ range: Range<Int>) -> ArraySlice<UInt8> {
        bytes[range.clamped(to: 0..<bytes.count)]
    }

    /// The first line of a field that is not removed.
    package func first(_ known: KnownField) -> FieldLine? {
        guard mayContain(known) else { return nil }
        for line in lines where line.known == known && !line.removed { return line }
        return nil
    }

    /// The number of lines of a field that are not removed.
    package func count(of known: KnownField) -> Int {
        guard mayContain(known) else { return 0 }
        var count = 0
        for line in lines where line.known == known && !line.removed { count += 1 }
        return count
    }

    /// True if a line of the field is there and not removed.
    package func contains(_ known: KnownField) -> Bool { first(known) != nil }

    /// False if the field certainly never occurred; costs one bit test.
    @inline(__always)
    func mayContain(_ known: KnownField) -> Bool {
        occurring & 1 &<< UInt64(known.rawValue) != 0
    }

    /// The value of the first line with this name in any case; invalid UTF-8 is repaired. For hooks and tests.
    package func first(named name: String) -> String? {
        line(named: name.lowercased()).map { text(of: $0) }
    }

    /// The values of all lines with this name in any case, in order; invalid UTF-8 is repaired.
    package func all(named name: String) -> [String] {
        let lowercase = name.lowercased()
        return lines.filter { isMatch($0, lowercase) }.map(text(of:))
    }

    /// The first line with this name, given in lower case.
    package func line(named lowercase: String) -> FieldLine? {
        for line in lines where isMatch(line, lowercase) { return line }
        return nil
    }

    private func isMatch(_ line: FieldLine, _ lowercase: String) -> Bool {
        !line.removed && ASCII.matches(bytes.span, line.name, lowercase: lowercase)
    }

    private func text(of line: FieldLine) -> String { String(decoding: value(of: line), as: UTF8.self) }

    /// Adds a line that was found in `bytes`.
    @inline(__always)
    mutating func add(_ line: FieldLine) {
        lines.append(line)
        occurring |= 1 &<< UInt64(line.known.rawValue)
    }

    /// Marks one line as not to be sent on.
    @inline(__always)
    mutating func markRemoved(at index: Int) { lines[index].removed = true }

    /// Forgets the lines and keeps the bytes, which are about to be parsed.
    mutating func resetLines() {
        if !lines.isEmpty { lines.removeAll(keepingCapacity: true) }
        start = 0
        receivedCount = 0
        nominations.removeAll()
        occurring = 0
    }

    /// Forgets everything; the memory stays for the next head.
    package mutating func removeAll() {
        if !bytes.isEmpty { bytes.removeAll(keepingCapacity: true) }
        resetLines()
    }
}

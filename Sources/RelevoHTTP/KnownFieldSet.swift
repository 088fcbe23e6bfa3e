// Sets of known fields as one machine word, for questions that are asked of every line of every head.
// Not for fields that the proxy does not know: those are never members.

/// A set of known fields; membership costs one bit test.
package struct KnownFieldSet: Sendable, Hashable {
    private var bits: UInt64

    /// The empty set.
    package static let none = KnownFieldSet(bits: 0)

    @inline(__always)
    private init(bits: UInt64) { self.bits = bits }

    /// A set of the given fields; `.other` never becomes a member.
    @inline(__always)
    package init(_ fields: KnownField...) {
        bits = 0
        for field in fields { insert(field) }
    }

    /// Adds a field.
    @inline(__always)
    package mutating func insert(_ field: KnownField) {
        if field != .other { bits |= 1 &<< UInt64(field.rawValue) }
    }

    /// Adds all members of another set.
    @inline(__always)
    package mutating func insert(_ others: KnownFieldSet) { bits |= others.bits }

    /// True if the field is a member.
    @inline(__always)
    package func contains(_ field: KnownField) -> Bool { bits & 1 &<< UInt64(field.rawValue) != 0 }
}

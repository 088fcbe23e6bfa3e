// As whom a proxy runs that root has started.
// Whether there is such a user is known to the system only: that is the matter of whoever owns the process.

/// A user of the system, and a group.
public struct ProcessUser: Sendable, Hashable {
    /// `relevo`, or `relevo:www-data` for a group that is not the user's own.
    public var text: String
    /// Where it was written.
    public var location: SourceLocation?

    /// Creates a value; a configuration with one that is not in that form is refused.
    public init(_ text: String, location: SourceLocation? = nil) {
        self.text = text
        self.location = location
    }

    /// The value without the place.
    package var unlocated: ProcessUser { ProcessUser(text) }

    /// The user's name or number.
    public var user: String { String(text.prefix { $0 != ":" }) }

    /// The group's name or number; nil for the user's own.
    public var group: String? { text.contains(":") ? String(text.drop { $0 != ":" }.dropFirst()) : nil }

    /// Whether it has the form of names or numbers.
    package var isWellFormed: Bool {
        ([user] + (group.map { [$0] } ?? [])).allSatisfy { part in
            !part.isEmpty && part.count <= 64 && !part.hasPrefix("-")
                && part.utf8.allSatisfy { ($0 > 0x20 && $0 < 0x7F && $0 != 0x2F && $0 != 0x3A) || $0 >= 0x80 }
        }
    }
}

extension SnapshotBuilder {
    /// Checks the form of a user.
    mutating func checkUser(_ user: ProcessUser) {
        guard !user.isWellFormed else { return }
        report("`user` wants a user, not `\(user.text)`", "write `relevo` or `relevo:www-data`", at: user.location)
    }
}

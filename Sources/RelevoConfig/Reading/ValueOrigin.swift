// Where the values of a configuration come from, by their path in its long form. Kept so that the effective
// configuration can say it; it decides nothing.

/// The steps from the root to a value in the long form of a configuration: keys, and positions in lists from 0.
package typealias ValuePath = [String]

/// Where a value was written. Values without an origin are defaults.
package struct ValueOrigin: Sendable, Hashable {
    /// Line of the file, from 1.
    package var line: Int
    /// Environment variables that went into the value, in order.
    package var variables: [String]
}

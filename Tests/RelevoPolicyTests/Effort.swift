// How many of the random cases are tried: a sanitized run is an order of magnitude slower, and looks for other things.
// Nothing else.

import Foundation

/// The size of random tests.
enum Effort {
    private static let isPlain = ["", "none"].contains(
        ProcessInfo.processInfo.environment["RELEVO_SANITIZER"] ?? "")

    /// So many cases, or a twentieth of them in a sanitized run.
    static func cases(_ count: Int) -> Int { isPlain ? count : max(1, count / 20) }
}

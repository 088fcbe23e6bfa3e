// Inline sources for the tests of the checks: a valid header put before a few lines, and what is found in them.
// The repository's own sources are read by `Repository`.

/// What is found in `body` below a header that is as it should be.
func findings(
    _ body: String, path: String = "Sources/RelevoHTTP/Sample.swift", roadmap: String = ""
) -> [Finding] {
    inspect("// A sample for a test.\n// It is not compiled.\n" + body, path: path, roadmap: roadmap)
}

/// The rules that `body` breaks, in the order of its lines.
func broken(_ body: String, path: String = "Sources/RelevoHTTP/Sample.swift", roadmap: String = "") -> [Rule] {
    findings(body, path: path, roadmap: roadmap).map(\.rule)
}

/// The functions of a source, as the outline sees them.
func functions(_ text: String) -> [Function] { Outline(Source(text)).functions }

/// `count` lines, one statement each.
func statements(_ count: Int) -> String { String(repeating: "    step()\n", count: count) }

/// A line that is one column longer than the limit.
let longLine = "let text = \"" + String(repeating: "x", count: Limit.columns - 12) + "\""

// "Did you mean …?" for whatever is looked up by name.
// Not for text that people write at length: one word against a few known ones.

/// Finds the name that somebody probably meant.
package enum Spelling {
    /// The name most like `word`, if one is near enough to be a slip of the finger.
    package static func closest(to word: String, among names: some Sequence<String>) -> String? {
        let bound = max(1, word.count / 3)
        return names.map { (name: $0, distance: distance(Array(word.lowercased()), Array($0.lowercased()))) }
            .filter { $0.distance <= bound }
            .min { ($0.distance, $0.name) < ($1.distance, $1.name) }?.name
    }

    /// ``closest(to:among:)`` as a suggestion in words.
    package static func suggestion(for word: String, among names: some Sequence<String>) -> String? {
        closest(to: word, among: names).map { "did you mean `\($0)`?" }
    }

    /// Insertions, deletions, replacements and swaps of neighbours that turn one word into the other.
    static func distance(_ left: [Character], _ right: [Character]) -> Int {
        guard !left.isEmpty, !right.isEmpty else { return max(left.count, right.count) }
        var before: [Int] = []
        var last = Array(0...right.count)
        for row in 1...left.count {
            var current = [row]
            for column in 1...right.count {
                let same = left[row - 1] == right[column - 1]
                var best = min(last[column] + 1, current[column - 1] + 1, last[column - 1] + (same ? 0 : 1))
                if row > 1, column > 1, left[row - 1] == right[column - 2], left[row - 2] == right[column - 1] {
                    best = min(best, before[column - 2] + 1)
                }
                current.append(best)
            }
            before = last
            last = current
        }
        return last[right.count]
    }
}

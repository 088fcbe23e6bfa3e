// Finds the word that somebody may have meant. Knows nothing of what the words are for.

/// Nearness of words.
enum Spelling {
    /// The candidate that differs from a word in the fewest letters, if it is near enough to be what was meant:
    /// one letter in three, swapped neighbours counting as one.
    static func closest(to word: String, in candidates: [String]) -> String? {
        let letters = Array(word.lowercased().unicodeScalars.prefix(65))
        guard !letters.isEmpty, letters.count <= 64 else { return nil }
        var best: (candidate: String, distance: Int)?
        for candidate in candidates {
            let distance = distance(letters, Array(candidate.lowercased().unicodeScalars))
            guard distance <= max(1, max(letters.count, candidate.count) / 3) else { continue }
            if distance < best?.distance ?? Int.max { best = (candidate, distance) }
        }
        return best?.candidate
    }

    /// Insertions, deletions, replacements and swaps of neighbours that turn one word into the other.
    static func distance(_ source: [Unicode.Scalar], _ target: [Unicode.Scalar]) -> Int {
        var beforeLast: [Int] = []
        var last = Array(0...target.count)
        for row in source.indices {
            var current = [row + 1]
            for column in target.indices {
                let replace = last[column] + (source[row] == target[column] ? 0 : 1)
                var cost = min(replace, last[column + 1] + 1, current[column] + 1)
                if row > 0, column > 0, source[row] == target[column - 1], source[row - 1] == target[column] {
                    cost = min(cost, beforeLast[column - 1] + 1)
                }
                current.append(cost)
            }
            beforeLast = last
            last = current
        }
        return last[target.count]
    }
}

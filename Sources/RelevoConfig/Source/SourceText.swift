// The characters of a configuration file by line and column, counted as libyaml counts them. Used to point at
// a place and to quote it; what the text means is not known here.

/// A text that can be addressed by line and column.
struct SourceText: Sendable {
    /// Every character but a leading byte order mark.
    let scalars: [Unicode.Scalar]
    /// Offset of the first character of each line.
    private let lineStarts: [Int]

    /// Splits a text into lines.
    init(_ text: String) {
        let marked = text.unicodeScalars.first == "\u{FEFF}"
        scalars = marked ? Array(text.unicodeScalars.dropFirst()) : Array(text.unicodeScalars)
        var starts = [0]
        for (offset, scalar) in scalars.enumerated() where SourceText.isBreak(scalar) {
            let next = offset + 1
            if scalar == "\r", next < scalars.count, scalars[next] == "\n" { continue }
            starts.append(next)
        }
        lineStarts = starts
    }

    /// Number of lines; a text that ends in a line break ends in an empty line.
    var lineCount: Int { lineStarts.count }

    /// A line without its break, `nil` outside the text.
    func line(_ number: Int) -> ArraySlice<Unicode.Scalar>? {
        guard number >= 1, number <= lineStarts.count else { return nil }
        let start = lineStarts[number - 1]
        var end = number < lineStarts.count ? lineStarts[number] : scalars.count
        while end > start, SourceText.isBreak(scalars[end - 1]) { end -= 1 }
        return scalars[start..<end]
    }

    /// The offset of a place, `nil` if no character stands there.
    func offset(line: Int, column: Int) -> Int? {
        guard let slice = self.line(line), column >= 1, column <= slice.count else { return nil }
        return slice.startIndex + column - 1
    }

    /// Line and column of an offset.
    func place(of offset: Int) -> (line: Int, column: Int) {
        var low = 0
        var high = lineStarts.count - 1
        while low < high {
            let middle = (low + high + 1) / 2
            if lineStarts[middle] <= offset { low = middle } else { high = middle - 1 }
        }
        return (low + 1, offset - lineStarts[low] + 1)
    }

    /// The line breaks of YAML 1.1, which libyaml counts.
    private static func isBreak(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "\n", "\r", "\u{85}", "\u{2028}", "\u{2029}": true
        default: false
        }
    }
}

extension SourceText {
    /// How many characters, from a column on, make up the word that stands there; at least 1.
    static func wordLength(in line: ArraySlice<Unicode.Scalar>, column: Int) -> Int {
        let word = line.dropFirst(column - 1)
        guard let first = word.first else { return 1 }
        if first == "\"" || first == "'" { return quotedLength(word, quote: first) }
        if first == "[", let address = BareText.bracketedAddress(in: word), address.column == 1 {
            return address.text.unicodeScalars.count
        }
        if first == "[" || first == "{" { return 1 }
        var depth = 0
        var length = 0
        for index in word.indices {
            let scalar = word[index]
            if scalar == "{" || scalar == "[" { depth += 1 }
            if scalar == "}" || scalar == "]" { depth -= 1 }
            if depth < 0 || scalar == "," || isBlank(scalar) { break }
            if scalar == ":", index + 1 == word.endIndex || isBlank(word[index + 1]) { break }
            length += 1
        }
        return max(length, 1)
    }

    private static func quotedLength(_ word: ArraySlice<Unicode.Scalar>, quote: Unicode.Scalar) -> Int {
        var index = word.startIndex + 1
        while index < word.endIndex {
            if word[index] == quote { return index - word.startIndex + 1 }
            index += word[index] == "\\" && quote == "\"" ? 2 : 1
        }
        return word.count
    }

    private static func isBlank(_ scalar: Unicode.Scalar) -> Bool { scalar == " " || scalar == "\t" }
}

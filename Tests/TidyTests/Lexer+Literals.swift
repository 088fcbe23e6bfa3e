// Strings, regular expressions and quoted identifiers: their text is passed over, code inside `\( )` is read.
// Everything else that a source file holds is in `Lexer.swift`.

extension Lexer {
    /// A raw string, a raw regular expression, or a word such as `#if`.
    mutating func readPound() {
        var pounds = 1
        while isAt("#", pounds) { pounds += 1 }
        if isAt("\"", pounds) {
            readString(pounds: pounds)
        } else if isAt("/", pounds) {
            readRegex(pounds: pounds)
        } else {
            readWord()
        }
    }

    /// Starts a string at its pound signs or quotation mark.
    mutating func readString(pounds: Int) {
        emit(.literal, "")
        position += pounds
        let isMultiline = isAt("\"", 1) && isAt("\"", 2)
        position += isMultiline ? 3 : 1
        continueString(OpenString(pounds: pounds, isMultiline: isMultiline, firstLine: line))
    }

    /// Passes over the text of a string, to its end or to the next piece of interpolated code.
    mutating func continueString(_ string: OpenString) {
        while position < bytes.count {
            if isAt("\\"), hasPounds(string.pounds, at: 1) {
                position += 1 + string.pounds
                if isAt("(") { return openStrings.append(string) }
                if !isAt("\n") { position += 1 }
            } else if isAt("\n") {
                guard string.isMultiline else { return }
                line += 1
                position += 1
            } else if let length = closingLength(of: string) {
                position += length
                lastTokenLine = line
                if line > string.firstLine { longLiterals.append(string.firstLine...line) }
                return
            } else {
                position += 1
            }
        }
    }

    /// How many bytes end the string here, if it ends here.
    private func closingLength(of string: OpenString) -> Int? {
        let marks = string.isMultiline ? 3 : 1
        for offset in 0..<marks where !isAt("\"", offset) { return nil }
        return hasPounds(string.pounds, at: marks) ? marks + string.pounds : nil
    }

    private func hasPounds(_ count: Int, at offset: Int) -> Bool {
        (0..<count).allSatisfy { isAt("#", offset + $0) }
    }

    /// Whether a slash starts a regular expression: an operand is due here, and another slash follows on the line.
    var startsRegex: Bool {
        let follows = byte(1)
        guard follows != UInt8(ascii: " "), follows != UInt8(ascii: ")"), follows != UInt8(ascii: "\n") else {
            return false
        }
        if let last = tokens.last {
            let isDue =
                last.isWord("return") || last.isWord("in") || (last.kind == .symbol && "(,=:[{".contains(last.text))
            guard isDue else { return false }
        }
        var offset = 1
        while position + offset < bytes.count, !isAt("\n", offset) {
            if isAt("/", offset), !isAt("\\", offset - 1) { return true }
            offset += 1
        }
        return false
    }

    /// Passes over a regular expression, which ends at a slash and as many pound signs as it began with.
    mutating func readRegex(pounds: Int) {
        let first = line
        emit(.literal, "")
        position += pounds + 1
        while position < bytes.count, !(isAt("/") && hasPounds(pounds, at: 1)) {
            if isAt("\n") { line += 1 }
            position += isAt("\\") && !isAt("\n", 1) ? 2 : 1
        }
        position = min(position + 1 + pounds, bytes.count)
        if line > first { longLiterals.append(first...line) }
    }

    /// Passes over an identifier in backquotes, which is no keyword whatever it says.
    mutating func readQuotedIdentifier() {
        emit(.literal, "")
        position += 1
        while position < bytes.count, !isAt("`"), !isAt("\n") { position += 1 }
        if isAt("`") { position += 1 }
    }
}

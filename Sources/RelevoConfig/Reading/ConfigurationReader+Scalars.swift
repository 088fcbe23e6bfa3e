// The typed values of a file: texts, numbers, times, sizes, choices, each with its bounds and its words. Which key
// wants which of them is said where the key is read.

import RelevoPolicy

extension ConfigurationReader {
    /// Whether a value is a certain word, such as `off`; if so, its origin is noted.
    mutating func says(_ word: String, _ field: Field) -> Bool {
        guard let scalar = field.node.scalar, scalar.text == word else { return false }
        note(field.path, line: field.node.location.line, variables: scalar.variables)
        return true
    }

    /// A text that is not empty.
    mutating func text(_ field: Field, wants: String, suggestion: String? = nil) -> String? {
        guard let scalar = field.node.scalar, !scalar.isNothing, !scalar.text.isEmpty || scalar.isBroken else {
            mismatch(field, wants: wants, suggestion: suggestion)
            return nil
        }
        return written(scalar, field)
    }

    /// A text that may be empty if it was written in quotes.
    mutating func anyText(_ field: Field, wants: String) -> String? {
        guard let scalar = field.node.scalar, !scalar.isNothing else {
            mismatch(field, wants: wants)
            return nil
        }
        return written(scalar, field)
    }

    /// A whole number within bounds.
    mutating func number(_ field: Field, in range: ClosedRange<Int> = 0...Int.max, wants: String) -> Int? {
        guard let scalar = field.node.scalar, !scalar.isNothing else {
            mismatch(field, wants: wants)
            return nil
        }
        guard let text = written(scalar, field) else { return nil }
        guard let number = WholeNumber.parse(text) else {
            mismatch(field, wants: wants, suggestion: range.upperBound == .max ? nil : bounds(range, String.init))
            return nil
        }
        guard range.contains(number) else {
            report(
                "\(field.label) is out of bounds: \(number)", suggestion: bounds(range, String.init),
                at: field.place)
            return nil
        }
        return number
    }

    /// Yes or no.
    mutating func flag(_ field: Field) -> Bool? {
        let wants = "`true` or `false`"
        guard let text = text(field, wants: wants) else { return nil }
        switch text {
        case "true": return true
        case "false": return false
        default:
            let meant = ["yes": "true", "on": "true", "no": "false", "off": "false"][text.lowercased()]
            mismatch(field, wants: wants, suggestion: meant.map { "write `\($0)`" })
            return nil
        }
    }

    /// Per cent, written with the sign.
    mutating func percentage(_ field: Field) -> Int? {
        let wants = "a whole number and `%`"
        guard let text = text(field, wants: wants, suggestion: "for example `20%`") else { return nil }
        if text.hasSuffix("%"), let number = WholeNumber.parse(text.dropLast()) { return number }
        let digits = WholeNumber.parse(text)
        mismatch(field, wants: wants, suggestion: digits.map { "write `\($0)%`" } ?? "for example `20%`")
        return nil
    }

    /// A time of at most 24 hours, unless more is allowed.
    mutating func duration(_ field: Field, atMost maximum: Duration = .seconds(86_400)) -> Duration? {
        guard let text = text(field, wants: "a time", suggestion: "for example `5s`") else { return nil }
        do throws(QuantityError) {
            return try DurationText.parse(text, for: field.label, atMost: maximum)
        } catch {
            report(error.message, suggestion: error.suggestion, at: field.place)
            return nil
        }
    }

    /// A size in bytes within bounds.
    mutating func size(_ field: Field, in range: ClosedRange<Int>) -> Int? {
        guard let text = text(field, wants: "a size", suggestion: "for example `32KiB`") else { return nil }
        do throws(QuantityError) {
            let bytes = try SizeText.parse(text, for: field.label)
            guard !range.contains(bytes) else { return bytes }
            report(
                "\(field.label) is out of bounds: \(text.quoted)",
                suggestion: bounds(range, SizeText.write), at: field.place)
        } catch {
            report(error.message, suggestion: error.suggestion, at: field.place)
        }
        return nil
    }

    /// One of the words of an enumeration.
    mutating func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ field: Field, of type: Choice.Type
    ) -> Choice? {
        let words = type.allCases.map(\.rawValue)
        let wanted = words.dropLast().map { "`\($0)`" }.joined(separator: ", ") + " or `\(words.last ?? "")`"
        guard let text = text(field, wants: wanted) else { return nil }
        if let choice = type.init(rawValue: text) { return choice }
        let near = Section.closest(to: text, among: words)
        mismatch(field, wants: wanted, suggestion: near.map { "did you mean `\($0)`?" })
        return nil
    }

    /// The text of a value, its origin noted; `nil` if it is broken.
    private mutating func written(_ scalar: YAMLScalar, _ field: Field) -> String? {
        guard !scalar.isBroken else { return nil }
        note(field.path, line: field.node.location.line, variables: scalar.variables)
        return scalar.text
    }

    private func bounds(_ range: ClosedRange<Int>, _ write: (Int) -> String) -> String {
        range.upperBound == Int.max
            ? "write \(write(range.lowerBound)) or more"
            : "write \(write(range.lowerBound)) to \(write(range.upperBound))"
    }
}

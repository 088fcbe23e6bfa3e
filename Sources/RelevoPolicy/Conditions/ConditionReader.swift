// Reads conditions on requests from their text.
// What they mean is RequestCondition's matter.

/// Why a text is no condition.
public struct ConditionError: Error, Sendable, Hashable, CustomStringConvertible {
    /// In words.
    public let message: String
    /// The character at which it was noticed, from 1.
    public let column: Int

    /// The words with the place.
    public var description: String { "\(message), at character \(column)" }
}

/// Reads `FIELD OPERATOR VALUE`, joined by `and` and `or`, of which `and` binds closer.
struct ConditionReader {
    /// Characters of a text, and comparisons in it, at most.
    static let (mostCharacters, mostComparisons) = (4096, 64)

    private static let operators = RequestCondition.Relation.allCases.map(\.rawValue) + ["!~", "~"]
    private let text: [Character]
    private var place = 0

    init(_ text: String) { self.text = Array(text) }

    mutating func alternatives() throws(ConditionError) -> [[RequestCondition.Comparison]] {
        guard text.count <= Self.mostCharacters else {
            throw ConditionError(message: "a condition has at most \(Self.mostCharacters) characters", column: 1)
        }
        var found: [[RequestCondition.Comparison]] = [[try comparison()]]
        var count = 1
        while skipSpace() {
            let start = place
            let word = word { $0.isWhitespace }
            switch word {
            case "and": found[found.count - 1].append(try comparison())
            case "or": found.append([try comparison()])
            default:
                throw failure(
                    "`and` or `or` is expected, not `\(word)`; a value with spaces wants quotes", at: start)
            }
            count += 1
            guard count <= Self.mostComparisons else {
                throw failure("there are more than \(Self.mostComparisons) comparisons", at: start)
            }
        }
        return found
    }

    private func failure(_ message: String, at place: Int) -> ConditionError {
        ConditionError(message: message, column: place + 1)
    }

    /// Whether something follows.
    private mutating func skipSpace() -> Bool {
        while place < text.count, text[place].isWhitespace { place += 1 }
        return place < text.count
    }

    private mutating func word(until isEnd: (Character) -> Bool) -> String {
        let start = place
        while place < text.count, !isEnd(text[place]) { place += 1 }
        return String(text[start..<place])
    }

    private mutating func comparison() throws(ConditionError) -> RequestCondition.Comparison {
        let field = try field()
        guard skipSpace() else { throw failure("`\(field.rawValue)` is compared with nothing", at: place) }
        let sign = place
        let found =
            Self.operators.first { text[place...].starts(with: $0) && $0.count == 2 }
            ?? Self.operators.first { text[place...].starts(with: $0) }
        guard let found else {
            throw failure("an operator is expected: \(Self.operators.joined(separator: " "))", at: place)
        }
        place += found.count
        guard skipSpace() else { throw failure("there is no value after `\(found)`", at: place) }
        let start = place
        let value = try value()
        guard field.isNumber else {
            switch found {
            case "=", "!=": return .text(field, TextPattern(exactly: value), isWanted: found == "=")
            case "~", "!~": return .text(field, TextPattern(value), isWanted: found == "~")
            default: throw failure("`\(field.rawValue)` is a text: compare it by = != ~ !~", at: sign)
            }
        }
        guard let relation = RequestCondition.Relation(rawValue: found) else {
            throw failure("`\(field.rawValue)` is a number: compare it by = != < <= > >=", at: sign)
        }
        guard let number = Self.number(value, isTime: field.isTime) else {
            let form = field.isTime ? "a time, as 250, 250ms or 2s" : "a number"
            throw failure("`\(field.rawValue)` is \(form), not `\(value)`", at: start)
        }
        return .number(field, relation, number)
    }

    private mutating func field() throws(ConditionError) -> RequestCondition.Field {
        let names = RequestCondition.Field.allCases.map(\.rawValue).joined(separator: " ")
        guard skipSpace() else { throw failure("the name of a field is expected: \(names)", at: place) }
        let start = place
        let name = word { $0.isWhitespace || "=!~<>".contains($0) }
        guard let field = RequestCondition.Field(rawValue: name) else {
            throw failure("there is no field `\(name)`; there are \(names)", at: start)
        }
        return field
    }

    private mutating func value() throws(ConditionError) -> String {
        let quote = text[place]
        guard quote == "'" || quote == "\"" else { return word { $0.isWhitespace } }
        let start = place
        place += 1
        let value = word { $0 == quote }
        guard place < text.count else { throw failure("a quote is not closed", at: start) }
        place += 1
        guard place == text.count || text[place].isWhitespace else {
            throw failure("a space is expected behind the quote", at: place)
        }
        return value
    }

    /// A number that is not negative; a time in milliseconds.
    private static func number(_ text: String, isTime: Bool) -> Double? {
        var digits = text[...]
        var factor = 1.0
        if isTime, digits.hasSuffix("ms") {
            digits = digits.dropLast(2)
        } else if isTime, digits.hasSuffix("s") {
            digits = digits.dropLast()
            factor = 1000
        }
        guard digits.allSatisfy({ "0123456789.".contains($0) }), let number = Double(digits) else { return nil }
        return number * factor
    }
}

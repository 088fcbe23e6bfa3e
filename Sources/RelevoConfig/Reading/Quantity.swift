// Durations, sizes and counts between text and value, with the words for what is wrong with a text. Where a
// quantity is allowed, and how much of it, is said by the readers.

import RelevoPolicy

/// What is wrong with the text of a quantity.
struct QuantityError: Error, Equatable {
    /// What is wrong.
    let message: String
    /// The cure, if one is known.
    let suggestion: String?
}

/// Whole numbers without sign.
enum WholeNumber {
    /// The number that a text of digits stands for; `nil` for anything else.
    static func parse(_ text: some StringProtocol) -> Int? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
            return nil
        }
        return Int(text)
    }

    /// The number and the unit of a text such as `10MiB`; `nil` if it does not begin with a digit.
    static func split(_ text: String) -> (digits: Substring, unit: String)? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard !digits.isEmpty else { return nil }
        return (digits, String(text[digits.endIndex...].drop { $0 == " " }))
    }
}

extension DurationText {
    /// The time that a text stands for: above zero, at most 24 hours unless more is allowed.
    static func parse(
        _ text: String, for name: String, atMost maximum: Duration = .seconds(86_400)
    ) throws(QuantityError) -> Duration {
        guard let (digits, unit) = WholeNumber.split(text) else {
            let sign = text.hasPrefix("-") ? "a time cannot be negative" : nil
            throw QuantityError(
                message: "\(name) wants a time, found \(text.quoted)", suggestion: sign ?? "for example `5s`")
        }
        guard !unit.isEmpty else {
            throw QuantityError(
                message: "\(name) wants a time with its unit, found \(text.quoted)",
                suggestion: "write the unit, e.g. `\(digits == "0" ? "5" : digits.prefix(6))s`")
        }
        guard let factor = units.first(where: { $0.name == unit })?.milliseconds else {
            throw unknownUnit(text, unit, name)
        }
        let (milliseconds, overflow) = (WholeNumber.parse(digits) ?? Int.max).multipliedReportingOverflow(by: factor)
        let bound = DurationText.write(maximum)
        guard overflow || milliseconds > 0 else {
            throw QuantityError(
                message: "\(name) cannot be zero", suggestion: "every wait has an end: write 1ms to \(bound)")
        }
        guard !overflow, .milliseconds(milliseconds) <= maximum else {
            throw QuantityError(message: "\(name) is at most \(bound), found \(text.quoted)", suggestion: nil)
        }
        return .milliseconds(milliseconds)
    }

    private static func unknownUnit(_ text: String, _ unit: String, _ name: String) -> QuantityError {
        let isSplit = unit.first == "." || unit.contains { $0.isNumber }
        return QuantityError(
            message: isSplit
                ? "\(name) wants a whole number and one unit, found \(text.quoted)"
                : "\(unit.quoted) is no unit of time",
            suggestion: isSplit
                ? "use a smaller unit, e.g. `1500ms` or `90s`" : "the units are `ms`, `s`, `m`, `h` and `d`")
    }
}

/// Sizes: `512`, `32KiB`, `1MiB`, `10MB`.
enum SizeText {
    private static let units: [(name: String, bytes: Int)] = [
        ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("GB", 1_000_000_000), ("MB", 1_000_000),
        ("KB", 1000), ("B", 1), ("", 1),
    ]

    /// The bytes that a text stands for.
    static func parse(_ text: String, for name: String) throws(QuantityError) -> Int {
        guard let (digits, unit) = WholeNumber.split(text) else {
            throw QuantityError(
                message: "\(name) wants a size, found \(text.quoted)", suggestion: "for example `32KiB` or `1048576`")
        }
        guard let factor = units.first(where: { $0.name == unit })?.bytes else {
            let near = units.map(\.name).first { $0.lowercased() == unit.lowercased() }
            throw QuantityError(
                message: "\(unit.quoted) is no unit of size",
                suggestion: near.map { "did you mean `\($0)`?" }
                    ?? "the units are `KiB`, `MiB`, `GiB` (1024) and `KB`, `MB`, `GB` (1000)")
        }
        let (bytes, overflow) = (WholeNumber.parse(digits) ?? Int.max).multipliedReportingOverflow(by: factor)
        guard !overflow, bytes < Int.max else {
            throw QuantityError(message: "\(name) is too large: \(text.quoted)", suggestion: nil)
        }
        return bytes
    }

    /// The shortest exact text in units of 1024.
    static func write(_ bytes: Int) -> String {
        let unit = units.prefix(3).first { bytes >= $0.bytes && bytes % $0.bytes == 0 }
        guard let unit else { return String(bytes) }
        return "\(bytes / unit.bytes)\(unit.name)"
    }
}

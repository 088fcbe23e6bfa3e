// Puts environment variables into texts: `${NAME}`, `${NAME:-default}`, and `$$` for a dollar sign. The values are
// never read as YAML, so a variable cannot add keys.

/// A text with its variables replaced.
struct VariableExpansion: Equatable {
    /// Why a reference cannot be replaced.
    enum Failure: Error, Equatable {
        /// The variable is not set and has no default.
        case unset(name: String)
        /// What stands between the braces is no name.
        case badName(String)
        /// `${` without `}`.
        case unclosed
        /// A reference inside a default.
        case nested
        /// The value has a character that could not be written into a file.
        case reservedCharacter(name: String)
    }

    /// The text; references that failed are left out.
    var text = ""
    /// The variables referred to, in order.
    var names: [String] = []
    /// What went wrong, with the number of the reference in the text, from 0.
    var failures: [(reference: Int, failure: Failure)] = []

    /// Expands a text.
    init(_ source: String, environment: [String: String]) {
        guard source.unicodeScalars.contains("$") else {
            text = source
            return
        }
        let scalars = Array(source.unicodeScalars)
        var reference = 0
        var index = 0
        var result = String.UnicodeScalarView()
        while index < scalars.count {
            let next = index + 1 < scalars.count ? scalars[index + 1] : " "
            guard scalars[index] == "$", next == "{" else {
                result.append(scalars[index])
                index += scalars[index] == "$" && next == "$" ? 2 : 1
                continue
            }
            let end = scalars[index...].firstIndex(of: "}")
            let inside = scalars[(index + 2)..<(end ?? scalars.count)]
            result.append(contentsOf: value(of: inside, closed: end != nil, reference, environment).unicodeScalars)
            reference += 1
            index = (end ?? scalars.count - 1) + 1
        }
        text = String(result)
    }

    static func == (left: Self, right: Self) -> Bool {
        left.text == right.text && left.names == right.names
            && left.failures.map(\.failure) == right.failures.map(\.failure)
    }

    /// The value of one reference; empty after a failure.
    private mutating func value(
        of inside: ArraySlice<Unicode.Scalar>, closed: Bool, _ reference: Int, _ environment: [String: String]
    ) -> String {
        do throws(Failure) {
            guard closed else { throw .unclosed }
            let (name, fallback) = try VariableExpansion.parts(of: inside)
            names.append(name)
            // As in shells, `:-` also stands in for a variable that is set but empty.
            if let value = environment[name], fallback == nil || !value.isEmpty {
                guard !value.unicodeScalars.contains(where: YAMLMask.reserved.contains) else {
                    throw .reservedCharacter(name: name)
                }
                return value
            }
            guard let fallback else { throw .unset(name: name) }
            return fallback
        } catch {
            failures.append((reference, error))
            return ""
        }
    }

    private static func parts(
        of inside: ArraySlice<Unicode.Scalar>
    ) throws(Failure) -> (name: String, fallback: String?) {
        let name = inside.prefix { $0 == "_" || isLetter($0) || ("0"..."9").contains($0) }
        let rest = inside.dropFirst(name.count)
        guard let first = name.first, first == "_" || isLetter(first) else { throw .badName(String(scalars: inside)) }
        if rest.isEmpty { return (String(scalars: name), nil) }
        guard rest.starts(with: [":", "-"]) else { throw .badName(String(scalars: inside)) }
        let fallback = String(scalars: rest.dropFirst(2))
        guard !rest.contains("$") || !fallback.hasReference else { throw .nested }
        return (String(scalars: name), fallback)
    }

    private static func isLetter(_ scalar: Unicode.Scalar) -> Bool {
        ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar)
    }
}

extension String {
    /// Whether `${` occurs in the text.
    fileprivate var hasReference: Bool {
        zip(unicodeScalars, unicodeScalars.dropFirst()).contains { $0 == "$" && $1 == "{" }
    }
}

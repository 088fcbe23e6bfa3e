// What the YAML library says when it cannot read a text, in words for the person who wrote the text, with the
// cure where the line shows it. Errors of meaning are not made here.

import RelevoPolicy
import Yams

extension YAMLComposer {
    /// An error of the library as a problem at a place in the file.
    func problem(of error: any Error) -> ConfigurationProblem {
        guard let error = error as? YamlError else { return unreadable("not readable as YAML") }
        switch error {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            return syntaxProblem(problem, begun: context.map(\.mark), at: mark)
        case .duplicatedKeysInMapping(let keys, let context):
            let key = YAMLMask.revealed(keys.first ?? "")
            return ConfigurationProblem(
                "\(key.quoted) is written twice in this map", location: clamped(context.mark))
        case .memory: return unreadable("there is not enough memory to read it")
        default: return unreadable("not readable as YAML")
        }
    }

    private func unreadable(_ message: String) -> ConfigurationProblem {
        ConfigurationProblem(message, location: location(line: 1, column: 1))
    }

    private func syntaxProblem(_ problem: String, begun: Mark?, at mark: Mark) -> ConfigurationProblem {
        let place = clamped(mark)
        // The library stops after the culprit, at times a line later.
        for line in [place.line, place.line - 1] {
            if let known = knownCulprit(onLine: line) { return known }
        }
        let (message, cure, atBeginning) = SyntaxMessages.translation(of: problem, begunOnLine: begun?.line)
        return ConfigurationProblem(
            message, suggestion: cure, location: atBeginning ? begun.map(clamped) ?? place : place)
    }

    /// Mistakes that a line itself gives away.
    private func knownCulprit(onLine number: Int) -> ConfigurationProblem? {
        guard let line = source.line(number) else { return nil }
        if let tab = line.prefix(while: { $0 == " " || $0 == "\t" }).firstIndex(of: "\t") {
            return ConfigurationProblem(
                "a tab in the indentation", suggestion: "YAML is indented with spaces only",
                location: location(line: number, column: tab - line.startIndex + 1))
        }
        if let address = BareText.bracketedAddress(in: line) {
            return ConfigurationProblem(
                "\(address.text.quoted) means a list to YAML",
                suggestion: "write it in quotes: \(address.text.quotedTwice)",
                location: location(line: number, column: address.column))
        }
        if let column = BareText.reference(in: line) {
            return ConfigurationProblem(
                "between brackets or braces, `${` begins a map", suggestion: "write the value in quotes: `\"${NAME}\"`",
                location: location(line: number, column: column))
        }
        return nil
    }

    /// The place of a mark, moved into the text if it is behind its end.
    private func clamped(_ mark: Mark) -> SourceLocation {
        var line = min(max(mark.line, 1), source.lineCount)
        if line == mark.line, source.line(line)?.isEmpty == false {
            return location(line: line, column: mark.column)
        }
        while line > 1, source.line(line)?.isEmpty ?? true { line -= 1 }
        return location(line: line, column: (source.line(line)?.count ?? 0) + 1)
    }
}

/// The library's sentences, translated.
private enum SyntaxMessages {
    /// Message and cure for a problem, and whether the place where the construct began shows it better.
    static func translation(of problem: String, begunOnLine line: Int?) -> (String, String?, Bool) {
        let begun = line.map { "it begins on line \($0)" }
        switch problem {
        case "did not find expected ',' or ']'": return ("a list in brackets wants `,` or `]` here", begun, false)
        case "did not find expected ',' or '}'": return ("a map in braces wants `,` or `}` here", begun, false)
        case "did not find expected key":
            let map = line.map { "the map that begins on line \($0)" } ?? "the map"
            return ("this does not fit into \(map)", "check the indentation and the quotes", false)
        case "did not find expected '-' indicator":
            let list = line.map { "the list that begins on line \($0)" } ?? "the list"
            return ("this does not fit into \(list)", "check the indentation and the quotes", false)
        case "could not find expected ':'": return ("a key wants `: ` after it", nil, false)
        case "mapping values are not allowed in this context":
            return ("a `:` cannot stand here", "write a value with `: ` in quotes; check the indentation", false)
        case "found character that cannot start any token":
            return ("a value cannot begin with this character", "write the value in quotes", false)
        case "found unexpected end of stream": return ("the quote that begins here never ends", nil, true)
        case "found unknown escape character":
            return ("there is no such escape", "in double quotes write `\\\\`, or use single quotes", false)
        case "but found another document": return ("a configuration is a single YAML document", nil, false)
        case "did not find expected <document start>":
            return ("nothing can follow here", "check the indentation and the quotes", false)
        case _ where problem.hasPrefix("Maximum nesting level"): return ("nested too deeply", nil, false)
        default: return ("not readable as YAML: \(problem)", nil, false)
        }
    }
}

// The maps of the tree: keys, duplicates, merge keys; and the expansion of variables with their places.
// What keys mean is the reader's concern.

import RelevoPolicy
import Yams

extension YAMLComposer {
    /// The entries of a map in the order of the file, merged ones last, duplicates reported and left out.
    mutating func entries(of pairs: Node.Mapping, depth: Int) throws(ConfigurationProblem) -> [YAMLEntry] {
        var entries: [YAMLEntry] = []
        var merged: [YAMLEntry] = []
        var lines: [String: Int] = [:]
        for (keyNode, valueNode) in pairs {
            let keyPlace = place(of: keyNode)
            let key = key(of: keyNode, at: keyPlace)
            let value = try self.node(of: valueNode, depth: depth + 1)
            if key.text == "<<", key.isPlain {
                merged += mergeable(value, at: keyPlace)
                continue
            }
            if let first = lines[key.text], !key.isBroken {
                report("\(key.text.quoted) is written twice", suggestion: "the first is on line \(first)", at: keyPlace)
                continue
            }
            lines[key.text] = keyPlace.line
            entries.append(YAMLEntry(key: key, keyLocation: keyPlace, value: value))
        }
        for entry in merged where lines[entry.key.text] == nil {
            lines[entry.key.text] = entry.keyLocation.line
            entries.append(entry)
        }
        return entries
    }

    private mutating func key(of node: Node, at place: SourceLocation) -> YAMLScalar {
        guard case .scalar(let scalar) = node else {
            report("a key is a single word, not a list or a map", at: place)
            return YAMLScalar(text: "", isPlain: true, isBroken: true)
        }
        let isPlain = scalar.style == .plain
        let text = mask.revealedKey(scalar.string, line: place.line, column: place.column)
        if isPlain, YAMLMask.isAlias(text) {
            let written = YAMLMask.revealed(text)
            reportBareStar(written, at: place)
            return YAMLScalar(text: written, isPlain: true, isBroken: true)
        }
        return expanded(YAMLMask.revealed(text), isPlain: isPlain, at: place)
    }

    /// What `<<:` brings in: the entries of a map or of several maps.
    private mutating func mergeable(_ value: YAMLNode, at place: SourceLocation) -> [YAMLEntry] {
        switch value.content {
        case .map(let entries): return entries
        case .list(let items):
            return items.flatMap { item in
                guard case .map(let entries) = item.content else { return [YAMLEntry]() }
                return entries
            }
        case .scalar(let scalar):
            if !scalar.isBroken { report("`<<` wants an alias of a map", at: place) }
            return []
        }
    }

    /// A text with its variables expanded; failures are reported at the reference.
    mutating func expanded(_ text: String, isPlain: Bool, at place: SourceLocation) -> YAMLScalar {
        let expansion = VariableExpansion(text, environment: environment)
        for (reference, failure) in expansion.failures {
            let place = self.place(ofReference: reference, from: place)
            switch failure {
            case .unset(let name):
                report(
                    "the environment variable `\(name)` is not set",
                    suggestion: "set it, or give a default: `${\(name):-default}`", at: place)
            case .badName(let name):
                report(
                    "\(name.quoted) is no name of a variable",
                    suggestion: "write `${NAME}` or `${NAME:-default}`; a plain `${` is written `$${`", at: place)
            case .unclosed:
                report("`${` without `}`", suggestion: "a plain `${` is written `$${`", at: place)
            case .nested:
                report("a default cannot refer to another variable", at: place)
            case .reservedCharacter(let name):
                report("the environment variable `\(name)` contains a private-use character", at: place)
            }
        }
        return YAMLScalar(
            text: expansion.text, isPlain: isPlain, variables: expansion.names,
            isBroken: !expansion.failures.isEmpty)
    }

    /// The place of the n-th `${` from a place on, if it is on the same line; else the place itself.
    private func place(ofReference reference: Int, from place: SourceLocation) -> SourceLocation {
        guard let line = source.line(place.line)?.dropFirst(place.column - 1) else { return place }
        var remaining = reference
        var index = line.startIndex
        while index + 1 < line.endIndex {
            let isDollar = line[index] == "$"
            if isDollar, line[index + 1] == "{" {
                if remaining == 0 {
                    return location(line: place.line, column: place.column + index - line.startIndex)
                }
                remaining -= 1
            }
            index += isDollar && line[index + 1] == "$" ? 2 : 1
        }
        return place
    }
}

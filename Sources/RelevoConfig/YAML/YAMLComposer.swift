// Text to tree: runs the YAML library, resolves anchors within bounds, expands variables, and finds what is
// wrong with the YAML itself. What keys mean is the reader's concern.

import RelevoPolicy
import Yams

/// Makes a tree of one YAML text.
struct YAMLComposer {
    /// Values that a file may have after its aliases are followed.
    static let maxNodes = 500_000
    /// Levels of nesting that a file may have after its aliases are followed.
    static let maxDepth = 64

    let source: SourceText
    let file: String
    let environment: [String: String]
    /// What was found wrong so far.
    var problems: [ConfigurationProblem] = []

    var mask: YAMLMask
    private var nodes = 0
    private var anchors: [String: (node: YAMLNode, weight: Int)] = [:]

    /// Creates a composer for one text.
    init(source: SourceText, file: String, environment: [String: String]) {
        self.source = source
        self.file = file
        self.environment = environment
        mask = YAMLMask(source)
    }

    /// The tree; `nil` if there is none, and then `problems` says why, unless the file is empty.
    mutating func compose() -> YAMLNode? {
        do throws(ConfigurationProblem) {
            try checkCharacters()
            // Anchors of the library's nodes live only as long as the parser.
            guard let (parser, root) = try parse() else { return nil }
            let tree = try node(of: root, depth: 1)
            withExtendedLifetime(parser) {}
            return tree
        } catch {
            problems.append(error)
            return nil
        }
    }

    /// Adds a problem at a place.
    mutating func report(_ message: String, suggestion: String? = nil, at location: SourceLocation) {
        problems.append(ConfigurationProblem(message, suggestion: suggestion, location: location))
    }

    /// A place of this file.
    func location(line: Int, column: Int) -> SourceLocation {
        SourceLocation(file: file, line: line, column: column)
    }
}

// MARK: - Running the library

extension YAMLComposer {
    /// Refuses characters that YAML does not allow and those that the mask needs.
    private func checkCharacters() throws(ConfigurationProblem) {
        for (offset, scalar) in source.scalars.enumerated() where !isAllowed(scalar, at: offset) {
            let (line, column) = source.place(of: offset)
            let number =
                "U+" + String(repeating: "0", count: max(0, 4 - String(scalar.value, radix: 16).count))
                + String(scalar.value, radix: 16, uppercase: true)
            let subject = scalar == "\\" ? "an escaped private-use character" : "the character \(number)"
            throw ConfigurationProblem("\(subject) is not accepted", location: location(line: line, column: column))
        }
    }

    private func isAllowed(_ scalar: Unicode.Scalar, at offset: Int) -> Bool {
        switch scalar {
        case "\t", "\n", "\r", "\u{85}": true
        case "\\": !isReservedEscape(source.scalars[offset...].prefix(10))
        case YAMLMask.reserved: false
        case "\u{0}"..<" ", "\u{7F}"..<"\u{A0}", "\u{FEFF}", "\u{FFFE}"..."\u{FFFF}": false
        default: true
        }
    }

    /// Whether an escape of a double-quoted text would yield a reserved character.
    private func isReservedEscape(_ escape: ArraySlice<Unicode.Scalar>) -> Bool {
        let text = String(scalars: escape)
        guard text.hasPrefix("\\u") || text.hasPrefix("\\U") else { return false }
        let digits = text.dropFirst(2).prefix(text.hasPrefix("\\u") ? 4 : 8)
        guard let value = UInt32(digits, radix: 16), let scalar = Unicode.Scalar(value) else { return false }
        return YAMLMask.reserved.contains(scalar)
    }

    /// Runs the library, again for each duplicate key that had to be hidden from it.
    private mutating func parse() throws(ConfigurationProblem) -> (Parser, Node)? {
        while true {
            do {
                let parser = try Parser(yaml: mask.text, resolver: .basic, encoding: .utf8)
                return try parser.singleRoot().map { (parser, $0) }
            } catch YamlError.duplicatedKeysInMapping(_, let context)
                where mask.hideKey(line: context.mark.line, column: context.mark.column)
            {
                continue
            } catch {
                throw problem(of: error)
            }
        }
    }
}

// MARK: - Building the tree

extension YAMLComposer {
    mutating func node(of node: Node, depth: Int) throws(ConfigurationProblem) -> YAMLNode {
        let place = place(of: node)
        let before = nodes
        try count(1, depth: depth, at: place)
        checkTag(of: node, at: place)
        let result: YAMLNode
        switch node {
        case .scalar(let scalar): result = try value(of: scalar, depth: depth, at: place)
        case .sequence(let items):
            var list: [YAMLNode] = []
            for item in items { list.append(try self.node(of: item, depth: depth + 1)) }
            result = YAMLNode(.list(list), at: place)
        case .mapping(let pairs): result = YAMLNode(.map(try entries(of: pairs, depth: depth)), at: place)
        case .alias: throw ConfigurationProblem("an alias has no meaning here", location: place)
        }
        if let anchor = node.anchor { anchors[anchor.rawValue] = (result, nodes - before) }
        return result
    }

    private mutating func count(_ weight: Int, depth: Int, at place: SourceLocation) throws(ConfigurationProblem) {
        nodes += weight
        guard nodes <= YAMLComposer.maxNodes else {
            throw ConfigurationProblem(
                "the file has more than \(YAMLComposer.maxNodes) values", suggestion: "aliases may multiply them",
                location: place)
        }
        guard depth <= YAMLComposer.maxDepth else {
            throw ConfigurationProblem("nested more than \(YAMLComposer.maxDepth) levels deep", location: place)
        }
    }

    /// Tags would change what a value is: there is nothing here that they could mean.
    private mutating func checkTag(of node: Node, at place: SourceLocation) {
        let tag = node.tag.rawValue
        let plain = ["str", "seq", "map"].map { "tag:yaml.org,2002:" + $0 }
        guard !plain.contains(tag), !tag.isEmpty else { return }
        report("a YAML tag has no meaning here", suggestion: "remove what begins with `!`", at: place)
    }

    private mutating func value(
        of scalar: Node.Scalar, depth: Int, at place: SourceLocation
    ) throws(ConfigurationProblem) -> YAMLNode {
        guard scalar.style == .plain, YAMLMask.isAlias(scalar.string) else {
            let text = YAMLMask.revealed(scalar.string)
            return YAMLNode(.scalar(expanded(text, isPlain: scalar.style == .plain, at: place)), at: place)
        }
        let name = String(scalar.string.unicodeScalars.dropFirst())
        guard let anchored = anchors[name] else {
            reportUnknownAnchor(name, at: place)
            return YAMLNode(.scalar(YAMLScalar(text: "", isPlain: true, isBroken: true)), at: place)
        }
        try count(anchored.weight, depth: depth + anchored.node.height, at: place)
        return anchored.node
    }

    /// Reports a plain `*…` that is no alias: mostly a domain pattern without its quotes.
    private mutating func reportUnknownAnchor(_ name: String, at place: SourceLocation) {
        let written = YAMLMask.revealed("*" + name)
        if written == "*" || written.hasPrefix("*.") {
            reportBareStar(written, at: place)
        } else {
            report(
                "no anchor \(("&" + name).quoted) comes before this alias",
                suggestion: "a text that begins with `*` wants quotes", at: place)
        }
    }

    /// Reports a text without quotes that begins with a star.
    mutating func reportBareStar(_ text: String, at place: SourceLocation) {
        report(
            "\(text.quoted) means something else to YAML", suggestion: "write it in quotes: \(text.quotedTwice)",
            at: place)
    }

    /// Where a node of the library begins.
    func place(of node: Node) -> SourceLocation {
        node.mark.map { location(line: $0.line, column: $0.column) } ?? location(line: 1, column: 1)
    }
}

// What a declaration looks like around one of its words: which word opens it, its modifiers before, its parameters
// after. How declarations lie in each other is in `Outline.swift`.

extension Outline {
    static let functionKeywords: Set = ["func", "init", "deinit", "subscript"]
    static let typeKeywords: Set = ["struct", "class", "enum", "actor", "protocol", "extension"]
    /// Words that start another declaration, so that the one before had no body.
    static let cancellingKeywords: Set = ["var", "let", "case", "typealias", "associatedtype", "import"]
    static let requirementKeywords: Set = ["func", "init", "subscript", "var", "associatedtype"]
    static let accessors: Set = ["get", "set", "willSet", "didSet", "_read", "_modify", "read", "modify"]
    static let exposingLevels: Set = ["public", "package", "open"]
    static let modifiers: Set = [
        "public", "package", "open", "internal", "fileprivate", "private", "static", "final", "class", "override",
        "required", "convenience", "mutating", "nonmutating", "consuming", "borrowing", "nonisolated", "isolated",
        "indirect", "lazy", "weak", "unowned", "optional", "dynamic", "prefix", "postfix", "infix", "distributed",
        "unsafe",
    ]
    private static let declarationKeywords = functionKeywords.union(typeKeywords).union(requirementKeywords)
        .union(["let", "typealias", "macro", "operator", "precedencegroup", "case"])

    private func follows(_ index: Int, _ symbols: String...) -> Bool {
        index + 1 < tokens.count && tokens[index + 1].kind == .symbol
            && symbols.contains { tokens[index + 1].text.hasPrefix($0) }
    }

    /// The keyword at `index` if it opens a function or type.
    func declarationKeyword(at index: Int) -> String? {
        let word = tokens[index].text
        let previous = index > 0 ? tokens[index - 1] : nil
        if previous?.isSymbol(".") == true || previous?.isWord("import") == true { return nil }
        switch word {
        case "func": return word
        case "struct", "enum", "protocol", "extension": return isNamed(index) ? word : nil
        case "init": return follows(index, "(", "?", "!", "<") ? word : nil
        case "subscript": return follows(index, "(", "<") ? word : nil
        case "deinit": return follows(index, "{") ? word : nil
        case "class", "actor":
            let isConstraint = previous?.isSymbol(":") == true || previous?.isSymbol(",") == true
            return isNamed(index) && !isConstraint ? word : nil
        default: return nil
        }
    }

    /// Whether the word after the one at `index` can be the name of a type.
    private func isNamed(_ index: Int) -> Bool {
        guard index + 1 < tokens.count else { return false }
        let next = tokens[index + 1]
        let isReserved = Outline.declarationKeywords.contains(next.text) || Outline.modifiers.contains(next.text)
        return next.kind != .symbol && next.line == tokens[index].line && next.text != "in" && !isReserved
    }

    /// The function that the keyword at `index` opens, as far as its signature tells.
    func signature(at index: Int) -> Function {
        let line = tokens[index].line
        let isNamed = tokens[index].text == "func" && index + 1 < tokens.count
        let name = isNamed ? tokens[index + 1].text : tokens[index].text
        let count = parameterCount(from: isNamed ? index + 2 : index + 1)
        return Function(name: name, lines: line...line, signature: line...line, parameters: count)
    }

    /// Counts the parameters in the first parentheses at or after `index`; a comma after the last one adds none.
    private func parameterCount(from index: Int) -> Int {
        guard let opening = openingParenthesis(from: index) else { return 0 }
        var depth = 1
        var count = 0
        var isEmpty = true
        for token in tokens[(opening + 1)...] {
            depth += Outline.nesting(of: token)
            if depth == 0 { break }
            let isSeparator = depth == 1 && token.isSymbol(",")
            if isEmpty, !isSeparator { count += 1 }
            isEmpty = isSeparator
        }
        return count
    }

    /// The parenthesis after the name at `index` and a list of generic parameters.
    private func openingParenthesis(from index: Int) -> Int? {
        var depth = 0
        for position in min(index, tokens.count)..<tokens.count {
            if depth <= 0, tokens[position].isSymbol("(") { return position }
            if depth <= 0, tokens[position].isSymbol("{") { return nil }
            depth += Outline.nesting(of: tokens[position])
        }
        return nil
    }

    /// How much deeper the brackets of a signature are after a token: of any kind, angle brackets of types included.
    private static func nesting(of token: Token) -> Int {
        guard token.kind == .symbol else { return 0 }
        switch token.text {
        case "(", "[", "{": return 1
        case ")", "]", "}": return -1
        case "->": return 0
        default:
            guard !token.isSpaced, token.text.allSatisfy({ "<>?!&".contains($0) }) else { return 0 }
            return token.text.reduce(0) { $0 + ($1 == "<" ? 1 : $1 == ">" ? -1 : 0) }
        }
    }

    /// The name of the computed property whose brace is at `index`, and the line of its keyword.
    func property(before index: Int) -> (name: String, line: Int) {
        var candidate = index - 1
        while candidate >= 0, !tokens[candidate].isSymbol("}"), !tokens[candidate].isSymbol("{") {
            let token = tokens[candidate]
            if token.isWord("var") || token.isWord("let") {
                return (tokens[candidate + 1].text, token.line)
            }
            candidate -= 1
        }
        return ("block", tokens[index].line)
    }

    /// Whether the brace at `index` opens a getter, setter or observer, which belongs to its property's own braces.
    func isAccessor(_ index: Int) -> Bool {
        var first = index
        while first > 0, tokens[first - 1].line == tokens[index].line, !tokens[first - 1].isSymbol("{") { first -= 1 }
        while Outline.modifiers.contains(tokens[first].text) { first += 1 }
        let isOpened = follows(first, "{", "(") || first + 1 < index && tokens[first + 1].isWord("throws")
        return isOpened && tokens[first].kind == .word && Outline.accessors.contains(tokens[first].text)
    }

    /// Whether the word at `index` is the access level of a declaration that it exposes.
    func isAccessLevel(_ index: Int) -> Bool {
        guard Outline.exposingLevels.contains(tokens[index].text), index + 1 < tokens.count else { return false }
        if index > 0, tokens[index - 1].isSymbol(".") { return false }
        let next = tokens[index + 1]
        return next.isSymbol("@")
            || (next.kind == .word
                && (Outline.declarationKeywords.contains(next.text) || Outline.modifiers.contains(next.text)))
    }

    /// Whether the declaration around the keyword at `index` has an access level that exposes it.
    func isExposed(_ index: Int) -> Bool {
        tokens[start(of: index)...index].contains {
            $0.kind == .word && Outline.exposingLevels.contains($0.text)
        }
    }

    /// The line on which the declaration around the word at `index` begins, attributes included.
    func firstLine(from index: Int) -> Int { tokens[start(of: index)].line }

    /// The index of the first modifier or attribute before the word at `index`, or the index itself.
    private func start(of index: Int) -> Int {
        var first = index
        while let before = modifier(endingAt: first - 1) { first = before }
        return first
    }

    /// Where the modifier or attribute that ends at `index` begins.
    private func modifier(endingAt index: Int) -> Int? {
        guard index >= 0 else { return nil }
        var word = index
        if tokens[index].isSymbol(")") {
            var depth = 0
            repeat {
                depth += tokens[word].isSymbol(")") ? 1 : tokens[word].isSymbol("(") ? -1 : 0
                word -= 1
            } while depth > 0 && word >= 0
        }
        guard word >= 0, tokens[word].kind == .word else { return nil }
        guard word > 0 else { return Outline.modifiers.contains(tokens[word].text) ? word : nil }
        if tokens[word - 1].isSymbol("@") { return word - 1 }
        let isName = tokens[word - 1].isWord("case") || tokens[word - 1].isSymbol(".")
        return Outline.modifiers.contains(tokens[word].text) && !isName ? word : nil
    }

    /// The name that the declaration around `index` gives, for a report.
    func name(from index: Int) -> Token {
        var position = index
        while position + 1 < tokens.count {
            let word = tokens[position]
            if word.isWord("init") || word.isWord("subscript") { return word }
            let isKeyword = word.kind == .word && Outline.declarationKeywords.contains(word.text)
            if isKeyword, !(word.text == "class" && tokens[position + 1].isWord("func")) { return tokens[position + 1] }
            position += 1
        }
        return tokens[index]
    }
}

// Finds the functions and the documented-by-rule declarations of a source file by following its braces. Not a grammar:
// it knows the keywords that open a declaration and takes every other brace for a block. What declarations look like is
// in `Outline+Declarations.swift`.

/// A body of code that the limits on functions apply to: a function, initialiser, subscript or computed property.
struct Function: Equatable {
    var name: String
    /// Lines from the keyword to the closing brace; of a requirement in a protocol, the signature alone.
    var lines: ClosedRange<Int>
    /// Lines from the keyword to the opening brace.
    var signature: ClosedRange<Int>
    var parameters: Int
    /// The first line on which it nests deeper than the limit, and how deep it goes.
    var tooDeepLine: Int?
    var depth = 0
}

/// A declaration that others can see and so must be documented.
struct Exposed: Equatable {
    var name: String
    /// Line of its first attribute, modifier or keyword.
    var firstLine: Int
    /// Line of its name.
    var line: Int
}

/// The declarations of one source file.
struct Outline {
    /// What a pair of braces encloses.
    enum Scope {
        /// A type or extension; `isExposed` if its cases or requirements must be documented.
        case type(keyword: String, isExposed: Bool)
        /// A function's own braces, by its index in `functions`.
        case function(Int)
        /// Any other block, at this depth in the innermost function.
        case block(function: Int, depth: Int)
    }

    /// A declaration whose opening brace has not come yet.
    struct Pending {
        var keyword: String
        var token: Int
        var brackets: Int
        var function: Int?
    }

    private struct Level {
        var scope: Scope
        var brackets: Int
        var pending: Pending?
    }

    let tokens: [Token]
    /// For each opening brace, by token index, the line of the brace that closes it.
    private let closingLines: [Int: Int]
    private(set) var functions: [Function] = []
    private(set) var exposed: [Exposed] = []

    private var levels: [Level] = []
    private var pending: Pending?
    /// Parentheses and square brackets open since the last brace.
    private var brackets = 0

    init(_ source: Source) {
        tokens = source.tokens
        closingLines = Outline.matchBraces(source.tokens)
        for index in tokens.indices { visit(index) }
    }

    private static func matchBraces(_ tokens: [Token]) -> [Int: Int] {
        var open: [Int] = []
        var lines: [Int: Int] = [:]
        for (index, token) in tokens.enumerated() where token.kind == .symbol {
            if token.text == "{" { open.append(index) }
            if token.text == "}", let last = open.popLast() { lines[last] = token.line }
        }
        return lines
    }

    private mutating func visit(_ index: Int) {
        let token = tokens[index]
        switch token.kind {
        case .literal: break
        case .word: visitWord(index)
        case .symbol:
            switch token.text {
            case "(", "[": brackets += 1
            case ")", "]": brackets -= 1
            case "{": open(index)
            case "}": close()
            default: break
            }
        }
    }

    private mutating func visitWord(_ index: Int) {
        noteExposure(index)
        if let keyword = declarationKeyword(at: index) {
            var function: Int?
            if Outline.functionKeywords.contains(keyword) {
                function = functions.count
                functions.append(signature(at: index))
            }
            pending = Pending(keyword: keyword, token: index, brackets: brackets, function: function)
        } else if Outline.cancellingKeywords.contains(tokens[index].text), pending?.brackets == brackets,
            index == 0 || tokens[index - 1].line < tokens[index].line
        {
            pending = nil
        }
    }

    private mutating func open(_ index: Int) {
        if let declaration = pending, declaration.brackets == brackets {
            levels.append(Level(scope: body(of: declaration, at: index), brackets: brackets, pending: nil))
        } else {
            levels.append(Level(scope: block(at: index), brackets: brackets, pending: pending))
        }
        pending = nil
        brackets = 0
    }

    private mutating func close() {
        guard let level = levels.popLast() else { return }
        brackets = level.brackets
        pending = level.pending
    }

    private mutating func body(of declaration: Pending, at index: Int) -> Scope {
        guard let function = declaration.function else {
            return .type(keyword: declaration.keyword, isExposed: isExposed(declaration.token))
        }
        finish(function, from: tokens[declaration.token].line, brace: index)
        return .function(function)
    }

    private mutating func finish(_ function: Int, from first: Int, brace: Int) {
        let line = tokens[brace].line
        functions[function].signature = first...line
        functions[function].lines = first...max(line, closingLines[brace] ?? line)
    }

    /// A block that belongs to no declaration with a keyword of its own: deeper in a function, or, right inside a type,
    /// the body of a computed property.
    private mutating func block(at index: Int) -> Scope {
        let isOneLine = closingLines[index] == tokens[index].line
        switch levels.last?.scope {
        case .function(let function):
            return nested(in: function, depth: isOneLine || isAccessor(index) ? 0 : 1, at: index)
        case .block(let function, let depth):
            return nested(in: function, depth: isOneLine ? depth : depth + 1, at: index)
        case .type, nil:
            let (name, first) = brackets == 0 ? property(before: index) : ("block", tokens[index].line)
            functions.append(Function(name: name, lines: first...first, signature: first...first, parameters: 0))
            finish(functions.count - 1, from: first, brace: index)
            return .function(functions.count - 1)
        }
    }

    private mutating func nested(in function: Int, depth: Int, at index: Int) -> Scope {
        functions[function].depth = max(functions[function].depth, depth)
        if depth > Limit.nesting, functions[function].tooDeepLine == nil {
            functions[function].tooDeepLine = tokens[index].line
        }
        return .block(function: function, depth: depth)
    }

    /// Notes a declaration that is exposed by its own access level, or as a case or requirement of its exposed type.
    private mutating func noteExposure(_ index: Int) {
        if isAccessLevel(index) || (brackets == 0 && isExposedMember(index)) {
            let name = self.name(from: index)
            exposed.append(Exposed(name: name.text, firstLine: firstLine(from: index), line: name.line))
        }
    }

    private func isExposedMember(_ index: Int) -> Bool {
        guard case .type(let keyword, true)? = levels.last?.scope else { return false }
        let word = tokens[index].text
        if index > 0, tokens[index - 1].isSymbol(".") { return false }
        return (keyword == "enum" && word == "case")
            || (keyword == "protocol" && Outline.requirementKeywords.contains(word))
    }
}

// Rules on declarations: the size, parameters and nesting of functions, and the documentation of what others can see.
// Where the declarations are is known by `Outline`.

func checkFunctions(_ source: Source, _ outline: Outline) -> [Finding] {
    outline.functions.flatMap { function in
        checkFunctionLength(function, in: source.path) + checkParameters(function, in: source.path)
            + checkNesting(function, in: source.path)
    }
}

private func checkFunctionLength(_ function: Function, in path: String) -> [Finding] {
    guard function.lines.count > Limit.functionLines else { return [] }
    let message = "`\(function.name)` has \(function.lines.count) lines; at most \(Limit.functionLines)"
    return [
        Finding(.functionLength, path, line: function.signature.lowerBound, anchors: function.signature, message)
    ]
}

private func checkParameters(_ function: Function, in path: String) -> [Finding] {
    guard function.parameters > Limit.parameters else { return [] }
    let message = "`\(function.name)` has \(function.parameters) parameters; at most \(Limit.parameters)"
    return [Finding(.parameters, path, line: function.signature.lowerBound, anchors: function.signature, message)]
}

private func checkNesting(_ function: Function, in path: String) -> [Finding] {
    guard let line = function.tooDeepLine else { return [] }
    let message = "`\(function.name)` nests \(function.depth) levels; at most \(Limit.nesting)"
    // A comment at the declaration lifts this too, so the lines between belong to it.
    return [Finding(.nesting, path, line: line, anchors: function.signature.lowerBound...line, message)]
}

/// Every exposed declaration has a documentation comment right above its first attribute or modifier. Those without, on
/// lines that follow each other as in a table of cases, share one finding.
func checkDocumentation(_ source: Source, _ outline: Outline) -> [Finding] {
    var comments: [Int: Comment] = [:]
    for comment in source.comments where comment.isAlone { comments[comment.line] = comment }
    var runs: [[Exposed]] = []
    for declaration in outline.exposed where !isDocumented(declaration, by: comments) {
        if let last = runs.last?.last, declaration.firstLine - last.line <= 1 {
            runs[runs.count - 1].append(declaration)
        } else {
            runs.append([declaration])
        }
    }
    return runs.map { run in
        let names = run.map { "`\($0.name)`" }.joined(separator: ", ")
        let anchors = min(run[0].firstLine, run[0].line)...run[0].line
        let message = "without documentation, but visible to others: \(names)"
        return Finding(.documentation, source.path, line: run[0].line, anchors: anchors, message)
    }
}

/// Whether the comment right above a declaration, plain comments passed over, is documentation.
private func isDocumented(_ declaration: Exposed, by comments: [Int: Comment]) -> Bool {
    var line = declaration.firstLine - 1
    while let comment = comments[line], !comment.isDocumentation { line -= 1 }
    return comments[line] != nil
}

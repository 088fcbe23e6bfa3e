// Puts the rules together: everything that is wrong with one file, after the comments that lift findings have had their
// say. Which files there are is known by `Repository`.

/// Everything that is wrong with a Swift source.
func inspect(_ text: String, path: String, roadmap: String = "") -> [Finding] {
    let source = Source(text, path: path)
    let outline = Outline(source)
    let found =
        checkFileLength(source) + checkHeader(source) + checkLineLength(source) + checkImports(source)
        + checkFunctions(source, outline) + checkDocumentation(source, outline)
        + checkMemorySafety(source) + checkOpenEnds(source, roadmap: roadmap) + checkVocabulary(text, path: path)
    return lifted(found, by: LiftingComment.all(in: source.comments), in: path).sorted { $0.line < $1.line }
}

/// Everything that is wrong with a text that is not Swift; the word "tidy:" and a reason on a line lift what it says.
func inspectText(_ text: String, path: String) -> [Finding] {
    let found = checkVocabulary(text, path: path)
    guard !found.isEmpty else { return [] }
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    return found.filter { !lines[$0.line - 1].contains("tidy: ") }
}

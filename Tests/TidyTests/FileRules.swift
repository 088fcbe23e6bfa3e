// Rules on a file as a whole: its length, its lines, its header, what it imports.
// None of them looks at declarations: those have `DeclarationRules.swift`.

/// What each target may import, as docs/architecture.md says. A target that is not named here may import nothing.
let allowedImports: [String: Set<String>] = [
    "CLibevent": ["CEvent2", "Glibc", "Synchronization"],
    "CLibeventDNS": ["CCares", "CLibevent", "Glibc"],
    "CLibeventHTTP": ["CEvent2", "CLibevent", "Glibc"],
    "CLibeventTLS": ["CLibevent", "COpenSSL", "Glibc", "Synchronization"],
    "RelevoHTTP": [],
    "RelevoPolicy": ["RelevoHTTP", "Synchronization"],
    "RelevoProxy": ["CLibevent", "CLibeventDNS", "CLibeventTLS", "RelevoHTTP", "RelevoPolicy", "Synchronization"],
    "Relevo": [
        "RelevoProxy", "RelevoPolicy", "CLibevent", "CoreMetrics", "Logging", "ServiceLifecycle", "Synchronization",
        "Tracing",
    ],
    "RelevoConfig": ["RelevoPolicy", "Yams"],
    "RelevoAdmin": [
        "Relevo", "RelevoPolicy", "RelevoHTTP", "CLibevent", "Foundation", "Synchronization",
    ],
    "RelevoTop": ["RelevoAdmin"],
    "RelevoCLI": [
        "Relevo", "RelevoAdmin", "RelevoTop", "RelevoConfig", "RelevoPolicy", "CLibevent", "CLibeventHTTP",
        "ArgumentParser",
        "Logging",
        "ServiceLifecycle", "Foundation", "Glibc", "Synchronization",
    ],
]

/// The comment lines that a file begins with; those that lift a finding do not count.
func headerLines(_ source: Source) -> Int {
    var next = 1
    var count = 0
    for comment in source.comments {
        guard comment.line == next, comment.isAlone, !comment.isDocumentation else { break }
        next += 1
        count += LiftingComment.all(in: [comment]).isEmpty ? 1 : 0
    }
    return count
}

/// The lines on which a comment speaks for the whole file.
private func headerAnchors(_ source: Source) -> ClosedRange<Int> { 1...max(1, headerLines(source) + 1) }

func checkFileLength(_ source: Source) -> [Finding] {
    let count = source.columns.count
    guard count > Limit.fileLines else { return [] }
    return [
        Finding(
            .fileLength, source.path, line: 1, anchors: headerAnchors(source),
            "\(count) lines; at most \(Limit.fileLines): split the file by role")
    ]
}

func checkHeader(_ source: Source) -> [Finding] {
    guard !source.isManifest, !source.tokens.isEmpty else { return [] }
    let count = headerLines(source)
    guard !Limit.headerLines.contains(count) else { return [] }
    return [
        Finding(
            .header, source.path, line: 1, anchors: headerAnchors(source),
            "comment lines at the top: \(count); two to five say what the file is for, and what it is not for")
    ]
}

/// One finding for each long line; lines of one long string literal share theirs, on the line where it begins.
func checkLineLength(_ source: Source) -> [Finding] {
    var found: [Finding] = []
    var reported: Set<Int> = []
    for (index, columns) in source.columns.enumerated() where columns > Limit.columns {
        let literal = source.longLiterals.first { $0.contains(index + 1) }
        let line = literal?.lowerBound ?? index + 1
        guard reported.insert(line).inserted else { continue }
        let message = "line \(index + 1) has \(columns) columns; at most \(Limit.columns)"
        found.append(Finding(.lineLength, source.path, line: line, anchors: literal, message))
    }
    return found
}

func checkImports(_ source: Source) -> [Finding] {
    guard let target = source.target else { return [] }
    return imports(source).compactMap { module, line in
        guard let allowed = allowedImports[target] else {
            return Finding(.imports, source.path, line: line, "\(target) is not in the table of allowed imports")
        }
        guard !allowed.contains(module) else { return nil }
        return Finding(.imports, source.path, line: line, "\(target) may not import \(module)")
    }
}

/// The modules that a file imports, with the line of each.
private func imports(_ source: Source) -> [(module: String, line: Int)] {
    let kinds: Set = ["struct", "class", "enum", "protocol", "typealias", "func", "let", "var"]
    return source.tokens.indices.compactMap { index in
        guard source.tokens[index].isWord("import"), index + 1 < source.tokens.count else { return nil }
        let next = source.tokens[index + 1]
        let isKind = kinds.contains(next.text) && index + 2 < source.tokens.count
        let module = isKind ? source.tokens[index + 2] : next
        return module.kind == .word ? (module.text, module.line) : nil
    }
}

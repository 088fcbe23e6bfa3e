// What the checks have in common: the rules, one departure from a rule, and the comment that lifts it.
// The rules themselves are in the files named `…Rules.swift`.

import Testing

/// The rules of the house style that a program can check.
enum Rule: String, CaseIterable, CustomTestStringConvertible {
    case fileLength, functionLength, lineLength, parameters, nesting
    case header, imports, documentation, memorySafety, openEnds, vocabulary, lifting

    /// The rule as a sentence, for the test report.
    var testDescription: String {
        switch self {
        case .fileLength: "a file has at most \(Limit.fileLines) lines"
        case .functionLength: "a function has at most \(Limit.functionLines) lines"
        case .lineLength: "a line has at most \(Limit.columns) columns"
        case .parameters: "a signature has at most \(Limit.parameters) parameters"
        case .nesting: "a function nests at most \(Limit.nesting) levels"
        case .header: "a file begins with two to five lines that say what it is for"
        case .imports: "a target imports what the architecture allows it"
        case .documentation: "every public and package symbol is documented"
        case .memorySafety: "unsafe constructs stay in CLibevent*, and nothing traps on purpose"
        case .openEnds: "an open end in the code is an entry in docs/roadmap.md"
        case .vocabulary: "the repository speaks of the product alone"
        case .lifting: "a comment that lifts a finding has a reason and a finding"
        }
    }
}

/// The numbers of the house style.
enum Limit {
    static let fileLines = 400
    static let functionLines = 60
    static let columns = 120
    static let parameters = 5
    static let nesting = 3
    static let headerLines = 2...5
}

/// One departure from a rule.
struct Finding: Equatable, CustomStringConvertible {
    var rule: Rule
    var path: String
    /// Line, from 1.
    var line: Int
    var message: String
    /// Lines on which a comment lifts this finding: its own, or those of the declaration that it is about.
    var anchors: ClosedRange<Int>

    init(_ rule: Rule, _ path: String, line: Int, anchors: ClosedRange<Int>? = nil, _ message: String) {
        self.rule = rule
        self.path = path
        self.line = line
        self.message = message
        self.anchors = anchors ?? line...line
    }

    var description: String { "\(path):\(line): \(message)" }
}

/// A comment of the form "tidy:" and a reason. It lifts one finding; if the reason begins with the name of a rule and a
/// colon, only a finding of that rule.
struct LiftingComment: Equatable {
    var line: Int
    var reason: String
    /// Whether the comment has its line to itself: then it speaks for the line below.
    var isAlone: Bool

    /// The comments that mean to lift something, in order.
    static func all(in comments: [Comment]) -> [LiftingComment] {
        comments.compactMap { comment in
            let words = comment.text.drop { $0 == "/" || $0 == " " }
            guard !comment.isDocumentation, words.hasPrefix("tidy:") else { return nil }
            let reason = words.dropFirst(5).drop { $0 == " " }
            return LiftingComment(line: comment.line, reason: String(reason), isAlone: comment.isAlone)
        }
    }

    /// Whether this comment is there for that finding.
    func lifts(_ finding: Finding) -> Bool {
        guard !reason.isEmpty else { return false }
        let isNear = finding.anchors.contains(line) || (isAlone && finding.anchors.lowerBound == line + 1)
        let named = Rule(rawValue: String(reason.prefix { $0 != ":" }))
        return isNear && (named == nil || named == finding.rule)
    }
}

/// Removes the findings that a comment lifts, one for each comment, and adds one for each comment that lifted nothing.
func lifted(_ findings: [Finding], by comments: [LiftingComment], in path: String) -> [Finding] {
    var left = findings
    for comment in comments {
        if let index = left.firstIndex(where: comment.lifts) {
            left.remove(at: index)
        } else {
            let fault = comment.reason.isEmpty ? "gives no reason" : "lifts nothing: remove it"
            left.append(Finding(.lifting, path, line: comment.line, "this tidy comment \(fault)"))
        }
    }
    return left
}

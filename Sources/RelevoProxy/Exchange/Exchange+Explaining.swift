// The live explanation of one request: who knows the token asks for it by a field, and gets it in the answer's head.
// What became of requests that are over is told by `relevo why` (RequestStory).

import CLibevent
import RelevoHTTP
import RelevoPolicy

/// What somebody has to know to be told how a request goes. Any thread.
struct ExplanationKey: Sendable {
    private let token: [UInt8]

    /// The field in which it is sent, and in which the explanation comes.
    static let field = "Relevo-Explain"

    init(_ token: [UInt8]) { self.token = token }

    /// Whether a value is the token; takes the same time wherever they differ.
    func fits(_ value: ArraySlice<UInt8>) -> Bool {
        guard value.count == token.count else { return false }
        var difference: UInt8 = 0
        for (found, wanted) in zip(value, token) { difference |= found ^ wanted }
        return difference == 0
    }
}

extension Exchange {
    /// Lines of an explanation at most, and bytes of each.
    private static let mostLines = 48
    private static let mostBytes = 512

    /// Takes note of whether this request is to be explained. The token goes no further, right or wrong.
    func takeExplanationField() {
        guard let key = worker.explanationKey, let line = request.fields.first(.relevoExplain) else { return }
        wantsExplanation = request.fields.count(of: .relevoExplain) == 1 && key.fits(request.fields.value(of: line))
        request.fields.remove(.relevoExplain)
    }

    /// Adds the explanation to an endpoint's answer, in place of what that says by the same name.
    func explain(in rewrite: inout ResponseRewrite) {
        response.fields.remove(.relevoExplain)
        rewrite.extraLines += explanation
    }

    /// What has happened so far, as fields of the answer.
    var explanation: [UInt8] {
        let trace = RequestTrace(self, LogRedaction([]))
        var texts: [String] = []
        if record.fault != nil {
            let story = RequestStory(trace)
            texts = story.explanation + (story.advice.map { ["Where to look: \($0)"] } ?? [])
        }
        texts += Timeline(trace, isOver: false).events.map { "\(SpanText.write($0.nanoseconds)): \($0.text)" }
        var lines: [UInt8] = []
        for text in texts.prefix(Self.mostLines) {
            lines += Array(
                "\(ExplanationKey.field): \(RequestStory.printable(Array(text.utf8)).prefix(Self.mostBytes))\r\n".utf8)
        }
        return lines
    }
}

extension WorkerGroup {
    /// From now on explains requests to whoever knows a token; any thread.
    package func explainRequests(withToken token: [UInt8]) {
        let key = ExplanationKey(token)
        for worker in workers { worker.postAlways { $0.explanationKey = key } }
    }
}

// Finding a text in bytes that come in pieces: wherever it is cut, and never where it is not.
// What health checks make of it is tested with them.

import Testing

@testable import RelevoPolicy

@Suite("A text in a stream of bytes")
struct TextSearchTests {
    private func find(_ text: String, in pieces: [String]) -> Bool {
        var search = TextSearch(text)
        for piece in pieces { search.add(Array(piece.utf8)) }
        #expect(search.count == pieces.joined().utf8.count)
        return search.isFound
    }

    @Test("It is found wherever the stream is cut")
    func cuts() {
        let text = "aabaabaaab-ready-x"
        for first in 0...text.count {
            for second in first...text.count {
                let one = String(text.prefix(first))
                let two = String(text.dropFirst(first).prefix(second - first))
                let three = String(text.dropFirst(second))
                #expect(find("aaab-ready", in: [one, two, three]))
                #expect(!find("aabb", in: [one, two, three]))
            }
        }
        #expect(find("aaab-ready", in: text.map { String($0) }))
    }

    @Test("The empty text is everywhere, and a longer one than the stream nowhere")
    func bounds() {
        #expect(find("", in: []))
        #expect(!find("abc", in: ["ab"]))
        #expect(!find("abc", in: []))
        #expect(find("c", in: ["ab", "", "c"]))
    }

    @Test("What was found stays found")
    func stays() { #expect(find("ab", in: ["ab", "zzzz"])) }
}

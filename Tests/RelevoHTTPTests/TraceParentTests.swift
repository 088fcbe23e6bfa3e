// The Traceparent field: what is read, what is refused, what is written, and what takes its place in outgoing heads.
// What is recorded of traces is tested with the whole proxy.

import RelevoHTTP
import Testing

@Suite("Traceparent")
struct TraceParentTests {
    private static let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    private static let span = "00f067aa0ba902b7"

    private func read(_ text: String) -> TraceParent? { TraceParent(Array(text.utf8)[...]) }

    private func text(_ parent: TraceParent) -> String {
        var bytes: [UInt8] = []
        parent.append(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test("what is valid is read and written alike", arguments: ["00", "01"])
    func valid(flags: String) throws {
        let value = "00-\(Self.trace)-\(Self.span)-\(flags)"
        let parent = try #require(read(value))
        #expect(parent.trace.high == 0x4bf9_2f35_77b3_4da6 && parent.trace.low == 0xa3ce_929d_0e0e_4736)
        #expect(parent.span == 0x00f0_67aa_0ba9_02b7)
        #expect(parent.isSampled == (flags == "01"))
        #expect(text(parent) == value)
    }

    @Test("of the flags only that of the sender's recording counts")
    func flags() {
        #expect(read("00-\(Self.trace)-\(Self.span)-ff")?.isSampled == true)
        #expect(read("00-\(Self.trace)-\(Self.span)-fe")?.isSampled == false)
    }

    @Test("of a later version the beginning is read, and it is answered in the version that is spoken here")
    func later() throws {
        for rest in ["", "-what-ever", "-"] {
            let parent = try #require(read("cc-\(Self.trace)-\(Self.span)-01\(rest)"))
            #expect(text(parent) == "00-\(Self.trace)-\(Self.span)-01")
        }
        #expect(read("cc-\(Self.trace)-\(Self.span)-01x") == nil)
    }

    @Test(
        "what is not valid is nothing",
        arguments: [
            "", "00", "00-\(trace)-\(span)-0", "00-\(trace)-\(span)-01-", "00-\(trace)-\(span)-011",
            "ff-\(trace)-\(span)-01", "00-\(trace.uppercased())-\(span)-01", "00-\(trace)-\(span.uppercased())-01",
            "00-00000000000000000000000000000000-\(span)-01", "00-\(trace)-0000000000000000-01",
            "00_\(trace)-\(span)-01", "00-\(trace)_\(span)-01", "00-\(trace)-\(span)_01", "0g-\(trace)-\(span)-01",
            "00-\(trace)-\(span)-0G", " 0-\(trace)-\(span)-01", "00-\(trace.dropLast())g-\(span)-01",
        ])
    func invalid(value: String) { #expect(read(value) == nil) }

    @Test("several fields, each valid, name nothing")
    func several() throws {
        let value = "Traceparent: 00-\(Self.trace)-\(Self.span)-01"
        #expect(try TraceParent(get(value).fields) != nil)
        #expect(try TraceParent(get(value, value).fields) == nil)
        #expect(try TraceParent(get("Accept: */*").fields) == nil)
    }

    @Test("the proxy's own place takes that of received ones; a new trace lets go of what others have noted")
    func rewriting() throws {
        let received = ["Traceparent: 00-\(Self.trace)-\(Self.span)-00", "Tracestate: a=1", "X: y", "traceparent: no"]
        let own = TraceParent(trace: (1, 2), span: 3, isSampled: true)
        let line = "Traceparent: 00-00000000000000010000000000000002-0000000000000003-01"
        for (isNew, rest) in [(false, ["Tracestate: a=1", "X: y"]), (true, ["X: y"])] {
            var rewrite = RequestRewrite()
            rewrite.trace = TracePassage(own, isNew: isNew)
            var output: [UInt8] = []
            let parsed = try request(head("GET / HTTP/1.1", ["Host: a.example"] + received))
            HeadSerializer.append(request: parsed, rewrite: rewrite, to: &output)
            let text = String(decoding: output, as: UTF8.self)
            #expect(text == head("GET / HTTP/1.1", ["Host: a.example"] + rest + [line]))
        }
    }
}

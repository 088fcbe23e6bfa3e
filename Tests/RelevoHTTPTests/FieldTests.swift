// Field lines: syntax, order, look-up, editing.
// Not for fields with a meaning to framing or routing.

import RelevoHTTP
import Testing

@Suite("Fields")
struct FieldTests {
    @Test("RFC 9112 §5: blanks around a value are no part of it")
    func blanks() throws {
        let head = try get("X-Test: \t one \t ", "X-Empty:", "X-Blank:  \t", "X-Bare:v")
        #expect(head.fields.first(named: "x-test") == "one")
        #expect(head.fields.first(named: "X-EMPTY") == "")
        #expect(head.fields.first(named: "x-blank") == "")
        #expect(head.fields.first(named: "x-bare") == "v")
        #expect(head.fields.first(named: "x-none") == nil)
    }

    @Test("RFC 9110 §5.3: lines of one name keep their order, spelling and number")
    func order() throws {
        let head = try get("X-Test: 1", "X-Other: x", "x-test: 2", "X-TEST: 3")
        #expect(head.fields.all(named: "x-Test") == ["1", "2", "3"])
        let names = head.fields.lines.map { String(decoding: head.fields.name(of: $0), as: UTF8.self) }
        #expect(names == ["Host", "X-Test", "X-Other", "x-test", "X-TEST"])
    }

    @Test("RFC 9110 §5.5: bytes from 0x80 on are legal in values")
    func obsText() throws {
        let bytes = Array("GET / HTTP/1.1\r\nHost: a\r\nX-A: ".utf8) + [0xE9, 0xFF, 0x80] + Array("\r\n\r\n".utf8)
        let head = try request(bytes: bytes)
        let line = try #require(head.fields.lines.last)
        #expect(Array(head.fields.value(of: line)) == [0xE9, 0xFF, 0x80])
    }

    @Test(
        "RFC 9112 §5: a malformed field line is refused by name",
        arguments: [
            ("X-A : 1", HTTPParseError.spaceBeforeColon), ("X-A\t: 1", .spaceBeforeColon),
            ("X-A \t : 1", .spaceBeforeColon),
            (": 1", .emptyFieldName), (" X-A: 1", .obsFold), ("\tX-A: 1", .obsFold), (" ", .obsFold),
            ("X@A: 1", .badFieldName), ("X A: 1", .badFieldName), ("X-A", .badFieldName),
            ("X-\u{e4}: 1", .badFieldName),
            ("\"X\": 1", .badFieldName), ("X\u{1}A: 1", .badFieldName), ("X\u{7f}: 1", .badFieldName),
            ("X\0A: 1", .nul),
            ("\0: 1", .nul), ("X\rA: 1", .bareCR), ("X\nA: 1", .bareLF), ("X-A: a\0b", .nul), ("X-A: a\rb", .bareCR),
            ("X-A: a\nb", .bareLF), ("X-A: a\u{b}b", .badFieldValue), ("X-A: \u{1}", .badFieldValue),
            ("X-A: a\u{7f}", .badFieldValue), ("X-A: \u{1f}", .badFieldValue), ("X-A:\u{8}", .badFieldValue),
            ("X-A: a\r\n b", .obsFold), ("X-A:\r\n\tb", .obsFold), ("X-A: a\r\r", .bareCR),
            ("GET / HTTP/1.1", .badFieldName),
            ("X-A: a\n\r", .bareLF), ("(comment): x", .badFieldName), ("X[0]: 1", .badFieldName),
            ("X-A=1", .badFieldName),
        ])
    func malformed(line: String, error: HTTPParseError) {
        #expect(throws: error) { _ = try request("GET / HTTP/1.1\r\nHost: a\r\n\(line)\r\nX-Z: 1\r\n\r\n") }
        #expect(throws: error) { _ = try request("GET / HTTP/1.1\r\n\(line)\r\nHost: a\r\n\r\n") }
    }

    @Test("RFC 9110 §5.6.2: of all bytes exactly the token characters may stand in a name")
    func nameBytes() {
        let token = Set("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)
        for byte in UInt8.min...UInt8.max where byte != ASCII.colon {
            let bytes = Array("GET / HTTP/1.1\r\nHost: a\r\nX".utf8) + [byte] + Array("Y: 1\r\n\r\n".utf8)
            #expect(((try? request(bytes: bytes)) != nil) == token.contains(byte), "byte \(byte)")
        }
    }

    @Test("RFC 9110 §5.5: of all control bytes only a tab may stand in a value")
    func valueBytes() {
        for byte in UInt8.min...UInt8.max {
            let bytes = Array("GET / HTTP/1.1\r\nHost: a\r\nX: a".utf8) + [byte] + Array("b\r\n\r\n".utf8)
            let isLegal = byte == 9 || (byte >= 32 && byte != 127)
            #expect(((try? request(bytes: bytes)) != nil) == isLegal, "byte \(byte)")
        }
    }

    @Test("A control byte is found at every place of values of every length")
    func controlPlaces() {
        for count in 0...40 {
            for place in 0...count {
                for (byte, error) in [
                    (UInt8(1), HTTPParseError.badFieldValue), (0x7F, .badFieldValue), (0, .nul), (10, .bareLF),
                ] {
                    var value = [UInt8](repeating: count.isMultiple(of: 2) ? 0x61 : 0xFF, count: count)
                    value.insert(contentsOf: [byte, 9, 0x80], at: place)
                    let bytes = Array("GET / HTTP/1.1\r\nHost: a\r\nX:".utf8) + value + Array("\r\n\r\n".utf8)
                    #expect(throws: error) { _ = try request(bytes: bytes) }
                }
            }
        }
    }

    @Test("More fields than the limit are refused, as many as the limit are not")
    func fieldLimit() throws {
        let limits = HeadLimits(headBytes: 1000, fields: 2, targetBytes: 100)
        _ = try request("GET / HTTP/1.1\r\nHost: a\r\nA: 1\r\n\r\n", limits: limits)
        #expect(throws: HTTPParseError.tooManyFields) {
            _ = try request("GET / HTTP/1.1\r\nHost: a\r\nA: 1\r\nB: 1\r\n\r\n", limits: limits)
        }
    }

    @Test("A head longer than the limit is refused")
    func headLimit() {
        let limits = HeadLimits(headBytes: 30, fields: 10, targetBytes: 100)
        #expect(throws: HTTPParseError.headTooLarge) {
            _ = try request("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n", limits: limits)
        }
    }

    @Test("Every known field is recognised in any case, and no neighbour of it", arguments: KnownField.allCases)
    func knownFields(field: KnownField) {
        guard field != .other else { return }
        let name = Array(field.name.utf8)
        #expect(KnownField(name: name[...]) == field)
        #expect(KnownField(name: Array(field.name.uppercased().utf8)[...]) == field)
        #expect(KnownField(name: name.dropLast()) != field)
        #expect(KnownField(name: (name + [0x78])[...]) != field)
        for index in name.indices {
            for change in [UInt8(1), 2, 0x10, 0x20, 0x40, 0x80] {
                var other = name
                other[index] ^= change
                let isSameLetter = change == 0x20 && ASCII.isLetter(name[index])
                #expect((KnownField(name: other[...]) == field) == isSameLetter)
            }
        }
    }

    @Test("No name of another length passes for a field whose name ends alike", arguments: KnownField.allCases)
    func impostors(field: KnownField) {
        guard field != .other else { return }
        let name = Array(field.name.utf8)
        // Whatever stands at the eighth place from the end, and however much before it.
        for count in 1...24 {
            var other = [UInt8](repeating: 0x61, count: max(0, count - name.count)) + name.suffix(count)
            #expect((KnownField(name: other[...]) == field) == (other == name))
            for byte in UInt8.min...UInt8.max {
                other[max(0, count - 8)] = byte
                let isSame = other.elementsEqual(name) { ASCII.lower($0) == $1 }
                #expect((KnownField(name: other[...]) == field) == isSame)
            }
        }
    }

    @Test("Names beyond every known length are other fields")
    func longNames() {
        for count in [0, 1, 24, 25, 64, 1000] {
            #expect(KnownField(name: [UInt8](repeating: 0x61, count: count)[...]) == .other)
        }
    }
}

@Suite("Editing fields")
struct FieldEditingTests {
    @Test("An appended field is found, sent and counted like a received one")
    func append() throws {
        var head = try get()
        try head.fields.append(name: "X-Added", value: "one, two")
        #expect(head.fields.first(named: "x-added") == "one, two")
        #expect(sent(head).hasSuffix("X-Added: one, two\r\n\r\n"))
    }

    @Test("A removed field is neither found nor sent, in whatever case it came")
    func remove() throws {
        var head = try get("X-Test: 1", "X-Keep: 2", "x-test: 3", "Cookie: c")
        head.fields.remove(named: "X-TEST")
        head.fields.remove(.cookie)
        #expect(head.fields.all(named: "x-test").isEmpty)
        #expect(!head.fields.contains(.cookie) && head.fields.count(of: .cookie) == 0)
        #expect(lines(sent(head)) == ["Host: a.example", "X-Keep: 2"])
    }

    @Test(
        "RFC 9110 §5.5: text that would break a line or a name is refused and changes nothing",
        arguments: [
            ("", "v"), ("X A", "v"), ("X:", "v"), ("X\r\n", "v"), ("X\0", "v"), ("\u{e4}", "v"),
            ("X-A", "a\r\nX-Evil: 1"),
            ("X-A", "a\n"), ("X-A", "\r"), ("X-A", "a\0b"), ("X-A", "\u{7f}"), ("X-A", " v"), ("X-A", "v\t"),
            ("X-A", "\u{1b}"),
        ])
    func refused(name: String, value: String) throws {
        var head = try get()
        let before = head.fields.bytes
        #expect(!HeaderFields.isValid(name: name, value: value))
        #expect(throws: HTTPFieldError.self) { try head.fields.append(name: name, value: value) }
        #expect(head.fields.bytes == before && head.fields.lines.count == 1)
    }

    @Test("Framing and connection fields that a hook appends are not sent")
    func framingIsNotForHooks() throws {
        var head = try post("Content-Length: 5")
        try head.fields.append(name: "Content-Length", value: "7")
        try head.fields.append(name: "Transfer-Encoding", value: "chunked")
        try head.fields.append(name: "Connection", value: "upgrade")
        #expect(lines(sent(head)) == ["Host: a.example", "Content-Length: 5"])
        head.fields.remove(.contentLength)
        try head.fields.append(name: "Content-Length", value: "7")
        #expect(lines(sent(head)) == ["Host: a.example", "Content-Length: 5"])
        var empty = try get()
        try empty.fields.append(name: "Content-Length", value: "7")
        #expect(lines(sent(empty)) == ["Host: a.example"])
    }

    @Test("A hook can replace Host; without a replacement the received one is sent")
    func hostByHook() throws {
        var head = try get()
        head.fields.remove(.host)
        #expect(lines(sent(head)) == ["Host: a.example"])
        try head.fields.append(name: "Host", value: "b.example:81")
        #expect(lines(sent(head)) == ["Host: b.example:81"])
    }

    @Test("A head that is parsed again shows nothing of the one before")
    func reuse() throws {
        var head = try request(
            "POST http://x.example/p?q HTTP/1.1\r\nHost: y\r\nContent-Length: 3\r\nConnection: close\r\n\r\n")
        head.reset()
        head.fields.bytes = Array("GET /z HTTP/1.1\r\nHost: b\r\n\r\n".utf8)
        try head.parse(limits: roomy)
        #expect(head.framing == .none && head.connectionOptions.isEmpty && !head.hasQuery && !head.hostDiffers)
        #expect(head.fields.lines.count == 1 && head.targetForm == .origin && head.query.isEmpty)
    }
}

// Cookies as user agents send them, as RFC 6265 writes them, and as nobody should.
// What values mean is not known here.

import RelevoPolicy
import Testing

@Suite struct CookieValueTests {
    private func find(_ name: String, in field: String) -> String? {
        CookieValue.find(name, in: ArraySlice(field.utf8)).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test(
        "RFC 6265 §5.4: the value of the first cookie of that name, without blanks and quotes around it",
        arguments: [
            ("a=1", "1"), ("a=1; b=2", "1"), ("b=2; a=1", "1"), ("b=2;a=1", "1"), ("b=2 ;\ta = 1 ", "1"),
            ("a=\"1\"", "1"), ("a=1; a=2", "1"), ("a=", ""), ("a=; b=1", ""), ("a=\"\"", ""), ("a=x=y==", "x=y=="),
            ("; ;;a=1", "1"), ("=3; a=1", "1"), ("lonely; a=1", "1"), ("a=\"1", "\"1"), ("a=\"", "\""),
            ("a=1 2", "1 2"), ("a=\"1;2\"", "\"1"),
        ])
    func found(field: String, value: String) {
        #expect(find("a", in: field) == value)
    }

    @Test(
        "other names, names in other letters, parts of names and values do not match",
        arguments: ["", ";", "=", "A=1", "aa=1", "b=a", "b=a=1", "a", "b; a", "xa=1", "a b=1", "\"a\"=1"])
    func missing(field: String) {
        #expect(find("a", in: field) == nil)
    }

    @Test("a name of no letters is no cookie's")
    func noName() {
        #expect(find("", in: "=1; a=2") == nil)
    }

    @Test("the value is a part of the array that the field is a part of")
    func indices() {
        let head = Array("Cookie: b=2; relevo=\"0f\"\r\n".utf8)
        let value = CookieValue.find("relevo", in: head[8..<(head.count - 2)])
        #expect(value?.startIndex == 21)
        #expect(value.map(Array.init) == Array("0f".utf8))
    }

    @Test("no field of random bytes is too strange")
    func randomFields() {
        let letters = Array("a=;\" \t\0\u{7f}".utf8)
        var random = SystemRandomNumberGenerator()
        for _ in 0..<5000 {
            let field = (0..<Int.random(in: 0..<12, using: &random)).map { _ in letters.randomElement() ?? 0 }
            if let value = CookieValue.find("a", in: field[...]) { #expect(!value.contains(0x3B)) }
        }
    }
}

// Conditions on requests: what is meant, and what is said of those that are none.
// Who asks them of requests that are served: TailTests.

import RelevoPolicy
import Testing

@Suite("Conditions on requests") struct RequestConditionTests {
    private static func value(_ field: RequestCondition.Field) -> RequestCondition.Value {
        switch field {
        case .code: .text(Array("connect.refused".utf8)[...])
        case .host: .text(Array("a.example".utf8)[...])
        case .target: .text(Array("/api/x y?q=1".utf8)[...])
        case .path: .text(Array("/api/x y".utf8)[...])
        case .method: .text(Array("GET".utf8)[...])
        case .status: .number(502)
        case .duration: .number(1500)
        case .attempts: .number(3)
        default: .none
        }
    }

    @Test(
        "what holds",
        arguments: [
            "code = connect.refused", "code ~ connect.*", "code~*refused", "code ~ *", "code ~ c*n*ct.*d",
            "status>=500",
            "status = 502", "status != 200", "duration_ms > 1s", "duration_ms >= 1500ms", "duration_ms < 1500.5",
            "path = '/api/x y'", "path ~ \"/api/*\"", "target ~ *q=1", "cluster != api", "cluster !~ *",
            "status = 200 or method = GET", "status = 502 and method = GET",
            "method = PUT and status = 1 or attempts = 3",
            "attempts = 3 or method = PUT and status = 1", "  status  <=  502  ", "host ~ a.ex**ample",
        ])
    func holds(_ text: String) throws {
        #expect(try RequestCondition(text).holds(Self.value))
    }

    @Test(
        "what does not hold",
        arguments: [
            "code = connect.*", "code != connect.refused", "code !~ connect.*", "code ~ connect", "code ~ *.ref",
            "code ~ connect.refused*d", "cluster = api", "cluster ~ *", "response_ms > 0", "response_ms != 1",
            "status < 500",
            "method = get", "status = 502 and method = PUT", "duration_ms > 2s", "path ~ /api/x*x*y",
            "method = PUT or status = 200 and attempts = 3",
        ])
    func doesNotHold(_ text: String) throws {
        #expect(try !RequestCondition(text).holds(Self.value))
    }

    @Test(
        "what is none is refused with its place",
        arguments: [
            ("", "name of a field", 1), ("cod = x", "no field `cod`; there are code domain", 1),
            ("code", "compared with nothing", 5), ("code x", "operator is expected: = != <= >= < > !~ ~", 6),
            ("code =", "no value after `=`", 7), ("code > x", "is a text: compare it by = != ~ !~", 6),
            ("status ~ 5*", "is a number: compare it by", 8), ("status = 5xx", "a number, not `5xx`", 10),
            ("duration_ms > -1", "a time, as 250, 250ms or 2s, not `-1`", 15), ("status = 1.2.3", "a number", 10),
            ("code = x y", "`and` or `or` is expected, not `y`", 10), ("code = x and", "name of a field", 13),
            ("code = 'x", "a quote is not closed", 8), ("code = 'x'y", "a space is expected", 11),
            ("target = /x?a=1 b=2", "a value with spaces wants quotes", 17), ("status = 1e9", "a number", 10),
        ])
    func refused(_ text: String, _ words: String, _ column: Int) throws {
        let error = #expect(throws: ConditionError.self) { _ = try RequestCondition(text) }
        #expect(error?.message.contains(words) == true, "\(error as Any)")
        #expect(error?.column == column)
    }

    @Test("neither length nor number is without bound")
    func bounds() throws {
        let many = Array(repeating: "status = 1", count: 64).joined(separator: " or ")
        #expect(try !RequestCondition(many).holds(Self.value))
        #expect(throws: ConditionError.self) { _ = try RequestCondition(many + " or status = 1") }
        #expect(throws: ConditionError.self) {
            _ = try RequestCondition("code = " + String(repeating: "x", count: 4096))
        }
        let stars = "target ~ " + String(repeating: "*x", count: 2000)
        let long = Array(repeating: UInt8(ascii: "x"), count: 16_384)
        #expect(try RequestCondition(stars).holds { _ in .text(long[...]) })
    }
}

// How responses cross to clients: the table of framing, version, mode.
// The bytes that come of it are shown by the integration tests.

import RelevoHTTP
import RelevoPolicy
import Testing

@testable import RelevoProxy

@Suite("ResponsePlan") struct ResponsePlanTests {
    private func plan(
        _ framing: BodyFraming, classic: Bool = false, persists: Bool = true, _ version: HTTPVersion = .http11
    ) -> ResponsePlan {
        let context = ResponseContext(
            isClassic: classic, canPersist: persists, clientVersion: version, addsFields: true)
        return ResponsePlan(framing, context, date: Array("now".utf8))
    }

    private func name(_ lane: LaneFraming) -> String { "\(lane)" }

    @Test("RFC 9112 §6.3: a client of HTTP/1.1 gets length as length, chunks as chunks, and an open end as chunks")
    func http11() {
        let expected: [(BodyFraming, String, Bool)] = [
            (.none, "none", true), (.length(0), "counted(0)", true), (.length(7), "counted(7)", true),
            (.chunked, "reframedChunks", true), (.untilClose, "untilEndToChunks", true),
        ]
        for (framing, lane, persists) in expected {
            let result = plan(framing)
            #expect(name(result.lane) == lane)
            #expect(result.persists == persists)
            #expect(result.rewrite.connection == .keepAlive(announce: false))
            #expect(result.rewrite.addDate == Array("now".utf8))
            #expect(result.rewrite.via)
        }
    }

    @Test("a client of HTTP/1.1 whose connection ends gets an open end as it is")
    func http11Closing() {
        let expected: [(BodyFraming, String)] = [
            (.none, "none"), (.length(7), "counted(7)"), (.chunked, "reframedChunks"), (.untilClose, "untilEnd"),
        ]
        for (framing, lane) in expected {
            let result = plan(framing, persists: false)
            #expect(name(result.lane) == lane)
            #expect(!result.persists)
            #expect(result.rewrite.connection == .close)
        }
    }

    @Test("RFC 9112 §7.1.3: a client of HTTP/1.0 never gets chunks; without a length its connection ends")
    func http10() {
        let expected: [(BodyFraming, String, Bool)] = [
            (.none, "none", true), (.length(7), "counted(7)", true), (.chunked, "unchunked", false),
            (.untilClose, "untilEnd", false),
        ]
        for (framing, lane, persists) in expected {
            let result = plan(framing, .http10)
            #expect(name(result.lane) == lane)
            #expect(result.persists == persists)
            #expect(result.rewrite.connection == (persists ? .keepAlive(announce: true) : .close))
            #expect(result.rewrite.clientVersion == .http10)
        }
    }

    @Test("the classic mode changes no framing and ends the connection", arguments: [HTTPVersion.http10, .http11])
    func classic(_ version: HTTPVersion) {
        let expected: [(BodyFraming, String)] = [
            (.none, "none"), (.length(7), "counted(7)"), (.chunked, "rawChunks"), (.untilClose, "untilEnd"),
        ]
        for (framing, lane) in expected {
            let result = plan(framing, classic: true, version)
            #expect(name(result.lane) == lane)
            #expect(!result.persists)
            #expect(result.rewrite == .classic)
        }
    }
}

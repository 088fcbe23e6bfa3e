// The texts that the data plane writes by itself: JSON, dates, answers.
// What they are about is tested with a proxy.

import CLibevent
import Foundation
import RelevoHTTP
import RelevoPolicy
import Testing

@testable import RelevoProxy

@Suite("JSONText") struct JSONTextTests {
    private func text(_ fill: (inout [UInt8]) -> Void) -> String {
        var output: [UInt8] = []
        fill(&output)
        return String(decoding: output, as: UTF8.self)
    }

    private func value(of inside: String) throws -> String? {
        let object = try JSONSerialization.jsonObject(with: Data("{\"k\":\"\(inside)\"}".utf8)) as? [String: Any]
        return object?["k"] as? String
    }

    @Test("RFC 8259 §7: every byte makes a valid string, itself where it is printable ASCII")
    func everyByte() throws {
        for byte in UInt8.min...UInt8.max {
            let expected = String(String.UnicodeScalarView([0x61, byte, 0x7A].map { Unicode.Scalar($0) }))
            #expect(try value(of: text { JSONText.append([0x61, byte, 0x7A], to: &$0) }) == expected)
        }
        let all = Array(UInt8.min...UInt8.max)
        let expected = String(String.UnicodeScalarView(all.map { Unicode.Scalar($0) }))
        #expect(try value(of: text { JSONText.append(all[...], to: &$0) }) == expected)
    }

    @Test("texts are escaped like bytes", arguments: ["", "plain", "quote \" and \\", "\n", "\u{7F}", "a\"", "\"a"])
    func texts(_ string: String) throws {
        #expect(try value(of: text { JSONText.append(string, to: &$0) }) == string)
        #expect(text { JSONText.append("é", to: &$0) } == "\\u00c3\\u00a9")
    }

    @Test("absent values are left out, key and all")
    func absent() {
        #expect(text { JSONText.append(LogText.domain, nil, to: &$0) }.isEmpty)
        #expect(text { JSONText.append(LogText.connect, milliseconds: nil, to: &$0) }.isEmpty)
        #expect(text { JSONText.append(LogText.domain, "a.example", to: &$0) } == ",\"domain\":\"a.example\"")
    }

    @Test("whole numbers", arguments: [0, 9, 10, 99, 100, 1_234_567_890, -1, -42, .max, .min])
    func numbers(_ number: Int) {
        #expect(text { JSONText.append(number, to: &$0) } == "\(number)")
    }

    @Test(
        "milliseconds have three decimals",
        arguments: [
            (0, "0.000"), (999, "0.000"), (1_000, "0.001"), (1_234_567, "1.234"), (99_000, "0.099"),
            (1_000_000_000, "1000.000"), (.max, "18446744073709.551"),
        ] as [(UInt64, String)])
    func milliseconds(_ nanoseconds: UInt64, _ expected: String) {
        let line = text { JSONText.append(LogText.head, milliseconds: nanoseconds, to: &$0) }
        #expect(line == ",\"head_ms\":" + expected)
    }

    @Test("every constant is the text that it stands for")
    func constants() {
        let rows: [([UInt8], String)] = [
            (LogText.time, "{\"time\":\""),
            (LogText.requestID, "Z\",\"request_id\":\""),
            (LogText.client, "\",\"client\":\""),
            (LogText.peer, "\",\"peer\":\""),
            (LogText.relay, "\",\"relay\":\""),
            (LogText.domain, ",\"domain\":\""),
            (LogText.host, ",\"host\":\""),
            (LogText.method, "\",\"method\":\""),
            (LogText.target, "\",\"target\":\""),
            (LogText.status, "\",\"status\":"),
            (LogText.bytesReceived, ",\"bytes_received\":"),
            (LogText.bytesSent, ",\"bytes_sent\":"),
            (LogText.duration, ",\"duration_ms\":"),
            (LogText.head, ",\"head_ms\":"),
            (LogText.connect, ",\"connect_ms\":"),
            (LogText.response, ",\"response_ms\":"),
            (LogText.cluster, ",\"cluster\":\""),
            (LogText.endpoint, ",\"endpoint\":\""),
            (LogText.attempts, ",\"attempts\":"),
            (LogText.clientRequest, ",\"client_request\":"),
            (LogText.reused, ",\"upstream_reused\":true"),
            (LogText.notReused, ",\"upstream_reused\":false"),
            (LogText.code, ",\"code\":\""),
            (LogText.detail, ",\"detail\":\""),
            (LogText.end, "}\n"),
        ]
        for (bytes, text) in rows { #expect(String(decoding: bytes, as: UTF8.self) == text) }
    }

    @Test("the time of a line is RFC 3339 in UTC with milliseconds, whatever was asked for before")
    func timestamp() {
        var clock = LogClock()
        for (seconds, nanoseconds, expected) in [
            (0, 0, "1970-01-01T00:00:00.000"), (951_782_399, 7_999_999, "2000-02-28T23:59:59.007"),
            (951_782_399, 999_999_999, "2000-02-28T23:59:59.999"), (951_782_400, 0, "2000-02-29T00:00:00.000"),
            (951_782_399, 10_000_000, "2000-02-28T23:59:59.010"), (-5, 0, "1970-01-01T00:00:00.000"),
        ] {
            let time = WallTime(seconds: seconds, nanoseconds: nanoseconds)
            #expect(text { clock.append(time, to: &$0) } == expected)
        }
    }

    @Test(
        "the peer of a line is the description of its address",
        arguments: [
            .ipv4(address: 0x7F00_0001, port: 80), .ipv4(address: 0, port: 0),
            .ipv6(high: 0x2001_0DB8_0000_0000, low: 1, port: 65535, scope: 2),
            .ipv6(high: 0, low: 1, port: 1, scope: 0),
            .unix(path: ""), .unix(path: "/run/a.sock"),
        ] as [SocketAddress])
    func peer(_ address: SocketAddress) {
        let host = Array(address.host.utf8)
        #expect(text { AccessLogLine.append(address, host: host, to: &$0) } == address.description)
    }
}

@Suite("Dates") struct DateTests {
    @Test(
        "RFC 9110 §5.6.7: a date is written in the one form that is to be sent",
        arguments: [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"), (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"), (951_868_800, "Wed, 01 Mar 2000 00:00:00 GMT"),
            (2_147_483_647, "Tue, 19 Jan 2038 03:14:07 GMT"), (2_147_483_648, "Tue, 19 Jan 2038 03:14:08 GMT"),
            (4_107_542_399, "Sun, 28 Feb 2100 23:59:59 GMT"), (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"),
            (1_709_164_800, "Thu, 29 Feb 2024 00:00:00 GMT"), (1_735_689_599, "Tue, 31 Dec 2024 23:59:59 GMT"),
        ])
    func known(_ seconds: Int, _ text: String) { #expect(DateClock.format(seconds) == text) }

    @Test("times before 1970 count as 1970", arguments: [-1, -86_400, Int.min])
    func early(_ seconds: Int) { #expect(DateClock.format(seconds) == "Thu, 01 Jan 1970 00:00:00 GMT") }

    @Test("every day until 2400 follows the day before it")
    func everyDay() {
        var (year, month, day, weekday) = (1970, 1, 1, 4)
        for count in 0..<157_000 {
            let civil = CivilTime(seconds: count * 86_400 + count % 86_400)
            guard civil.year == year, civil.month == month, civil.day == day, civil.weekday == weekday else {
                Issue.record("day \(count): \(civil)")
                return
            }
            let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
            let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
            weekday = (weekday + 1) % 7
            day += 1
            if day > lengths[month - 1] { (day, month) = (1, month + 1) }
            if month > 12 { (month, year) = (1, year + 1) }
        }
    }

    @Test("the clock's date is the date of the system's clock")
    func clock() {
        let before = WallTime.now.seconds
        let date = String(decoding: DateClock().now, as: UTF8.self)
        let after = WallTime.now.seconds
        #expect((before...after).map(DateClock.format).contains(date))
    }
}

@Suite("LocalAnswer") struct LocalAnswerTests {
    private func text(
        _ answer: LocalAnswer, _ method: RelevoHTTP.Method = .get, _ note: LocalAnswer.ConnectionNote = .none
    ) -> String {
        var output: [UInt8] = []
        answer.append(answering: method, date: Array("D".utf8), connection: note, to: &output)
        return String(decoding: output, as: UTF8.self)
    }

    @Test(
        "every fault that has a status is answered by it, with its code where RFC 9209 wants it",
        arguments: Fault.allCases)
    func faults(_ fault: Fault) {
        let answer = text(.fault(fault, detail: nil, requestID: "0123456789abcdef"))
        #expect(answer.hasPrefix("HTTP/1.1 \(fault.row.status) "))
        #expect(
            answer.contains(
                "\r\nProxy-Status: relevo; error=\(fault.row.proxyStatus); details=\"\(fault.rawValue)\"\r\n"))
        #expect(answer.contains("\r\nX-Request-ID: 0123456789abcdef\r\n"))
        #expect(answer.contains("code: \(fault.rawValue)"))
        #expect(answer.contains("Retry-After") == (fault.row.status == 503))
    }

    @Test("a client learns details of its own faults and none of the endpoints'")
    func details() {
        #expect(text(.fault(.clientMalformed, detail: "bare LF", requestID: "x")).contains("bare LF"))
        #expect(!text(.fault(.upstreamMalformed, detail: "10.0.0.1 said", requestID: "x")).contains("10.0.0.1"))
        #expect(!text(.fault(.connectRefused, detail: "10.0.0.1 refused", requestID: "x")).contains("10.0.0.1"))
    }

    @Test("RFC 9110 §8.6: the length is that of the body, which HEAD leaves out")
    func length() {
        var answer = LocalAnswer(status: 200)
        answer.body = Array("hello".utf8)
        #expect(text(answer).hasSuffix("Content-Length: 5\r\n\r\nhello"))
        #expect(text(answer, .head).hasSuffix("Content-Length: 5\r\n\r\n"))
    }

    @Test("RFC 9110 §15.3.5: 204 and 304 have neither body nor length", arguments: [204, 304])
    func bodiless(_ status: Int) {
        var answer = LocalAnswer(status: status)
        answer.body = Array("hello".utf8)
        #expect(!text(answer).contains("Content-Length"))
        #expect(text(answer).hasSuffix("\r\n\r\n"))
    }

    @Test("the connection is announced as asked")
    func connection() {
        let answer = LocalAnswer(status: 200)
        #expect(!text(answer).contains("Connection"))
        #expect(text(answer, .get, .close).contains("\r\nConnection: close\r\n"))
        #expect(text(answer, .get, .keepAlive).contains("\r\nConnection: keep-alive\r\n"))
    }

    @Test("a redirect names its location once")
    func redirect() {
        let answer = text(.redirect(308, to: Array("https://a.example/".utf8)))
        #expect(answer.hasPrefix("HTTP/1.1 308 Permanent Redirect\r\n"))
        #expect(answer.contains("\r\nLocation: https://a.example/\r\n"))
    }
}

@Suite("KeepAliveHint") struct KeepAliveHintTests {
    @Test(
        "the timeout that an endpoint announces is found, and nothing else is",
        arguments: [
            ("timeout=5", 5), ("timeout=5, max=100", 5), ("max=100, Timeout=7", 7), (" timeout=0", 0),
            ("timeout = 0", 0), ("timeout=\"0\"", 0), ("TIMEOUT\t=\t\"12\" ,max=1", 12), ("timeout=9, timeout=4", 4),
            ("timeout=x, timeout=4", 4),
            ("timeout=99999999999999999999", 999_999_999),
        ])
    func found(_ value: String, _ seconds: Int) {
        #expect(KeepAliveHint.timeout(in: Array(value.utf8)[...]) == seconds)
    }

    @Test(
        "what is no timeout says nothing",
        arguments: [
            "", "max=5", "timeout", "timeout=", "timeout=x", "timeout=-5", ",,,", "xtimeout=5", "timeout=\"", "=5",
            "time out=5",
        ])
    func nothing(_ value: String) {
        #expect(KeepAliveHint.timeout(in: Array(value.utf8)[...]) == nil)
    }

    @Test(
        "the shortest hint counts, a second before the endpoint gives up",
        arguments: [
            ([], nil), (["timeout=5"], 4), (["timeout=20", "max=3, timeout=7"], 6), (["timeout=7", "timeout=20"], 6),
            (["timeout=x", "timeout=20"], 19), (["timeout=0"], 0), (["timeout=99999"], 99_998), (["max=5"], nil),
        ] as [([String], UInt64?)])
    func patience(_ values: [String], _ seconds: UInt64?) throws {
        var response = ResponseHead()
        let lines = values.map { "Keep-Alive: \($0)\r\n" }.joined()
        response.fields.bytes = Array("HTTP/1.1 200 OK\r\n\(lines)\r\n".utf8)
        try response.parse(limits: HeadLimits())
        #expect(KeepAliveHint.patience(response) == seconds.map { $0 * 1_000_000_000 })
    }
}

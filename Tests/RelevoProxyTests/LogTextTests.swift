// The texts that the data plane writes by itself: JSON, dates, answers.
// What they are about is tested with a proxy.

import CLibevent
import Foundation
import RelevoHTTP
import RelevoPolicy
import Testing

@testable import RelevoProxy

@Suite("JSONLine") struct JSONLineTests {
    private func object(_ fill: (inout JSONLine) -> Void) throws -> [String: Any] {
        var line = JSONLine([])
        fill(&line)
        let bytes = line.finish()
        #expect(bytes.last == 10)
        #expect(bytes.filter { $0 == 10 }.count == 1)
        return try #require(JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
    }

    @Test("RFC 8259 §7: every byte makes a valid string, itself where it is printable ASCII")
    func everyByte() throws {
        for byte in UInt8.min...UInt8.max {
            let value = try object { $0.bytes("k", [0x61, byte, 0x7A][...]) }["k"] as? String
            #expect(value == String(String.UnicodeScalarView([0x61, byte, 0x7A].map { Unicode.Scalar($0) })))
        }
    }

    @Test("values of all kinds stand beside one another; absent ones are left out")
    func kinds() throws {
        let result = try object { line in
            line.text("a", "quote \" and \\")
            line.text("b", nil)
            line.number("c", -42)
            line.bool("d", true)
            line.milliseconds("e", 1_234_567)
            line.milliseconds("f", nil)
            line.milliseconds("g", 999)
        }
        #expect(result["a"] as? String == "quote \" and \\")
        #expect(result["c"] as? Int == -42)
        #expect(result["d"] as? Bool == true)
        #expect(result["e"] as? Double == 1.234)
        #expect(result["g"] as? Double == 0)
        #expect(Set(result.keys) == ["a", "c", "d", "e", "g"])
    }

    @Test("an object without values is an object, and lines follow one another")
    func empty() {
        let first = JSONLine([]).finish()
        #expect(first == Array("{}\n".utf8))
        #expect(JSONLine(first).finish() == Array("{}\n{}\n".utf8))
    }

    @Test("the time of a line is RFC 3339 in UTC with milliseconds")
    func timestamp() {
        #expect(AccessLogLine.timestamp(WallTime(seconds: 0, nanoseconds: 0)) == "1970-01-01T00:00:00.000Z")
        let late = WallTime(seconds: 951_782_399, nanoseconds: 7_999_999)
        #expect(AccessLogLine.timestamp(late) == "2000-02-28T23:59:59.007Z")
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
            ("timeout=99999999999999999999", 999_999_999),
        ])
    func found(_ value: String, _ seconds: Int) {
        #expect(KeepAliveHint.timeout(in: Array(value.utf8)[...]) == seconds)
    }

    @Test(
        "what is no timeout says nothing",
        arguments: ["", "max=5", "timeout", "timeout=", "timeout=x", "timeout=-5", ",,,", "xtimeout=5"])
    func nothing(_ value: String) {
        #expect(KeepAliveHint.timeout(in: Array(value.utf8)[...]) == nil)
    }
}

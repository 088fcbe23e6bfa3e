// What `relevo top` shows for given answers, at two sizes, and what keys do.
// The terminal itself is looked at in IntegrationTests.

import Foundation
import RelevoAdmin
import Testing

@testable import RelevoTop

@Suite("The screen of `relevo top`")
struct TopScreenTests {
    /// An answer after so many seconds, in which everything has happened so many times.
    private static func answer(_ seconds: Double, _ times: Int, process: Int = 7, domains: Int = 1) throws
        -> TrafficDocument
    {
        let more = (1..<max(1, domains)).map {
            #"{"name":"d\#($0).example","answers":{"2xx":\#($0 * times / 100)},"failures":{},"routes":[]}"#
        }
        let text = #"""
            {"version":"1.0","state":"running","process":\#(process),"uptime":\#(seconds),"bounds":[0.01,0.1],
            "totals":{"connections_open":3,"connections_accepted":9,"requests_active":2,"requests":\#(times),
            "answers":{"2xx":\#(times),"5xx":\#(times / 10)},"failures":{"connect.refused":\#(times / 10)},
            "connects":1,"connects_failed":1,"handshakes":0,"handshakes_resumed":0,"handshakes_failed":0,
            "bytes_received":\#(times * 100),"bytes_sent":\#(times * 10_000),"log_lines_dropped":0},
            "listeners":[],"certificates":[],
            "domains":[{"name":"a.example","answers":{"2xx":\#(times),"5xx":\#(times / 10)},
            "failures":{"connect.refused":\#(times / 10)},
            "duration":{"counts":[\#(times),0,0],"sum":1.5},"routes":[]}\#(more.map { "," + $0 }.joined())],
            "clusters":[{"name":"a\u001b[31m\u202epi","retries":\#(times / 10),"ejections":4,"endpoints":[
            {"status":{"cluster":"a\u001b[31m\u202epi","endpoint":"10.0.0.1:80","condition":"up","is_available":true,
            "weight":1,"requests_active":2},"answers":{"2xx":\#(times)},"failures":{},"idle_connections":5},
            {"status":{"cluster":"a\u001b[31m\u202epi","endpoint":"10.0.0.2:80","condition":"ejected",
            "is_available":false,"weight":1,"requests_active":0},"answers":{},
            "failures":{"connect.refused":\#(times / 10)},"idle_connections":0}]}]}
            """#
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(TrafficDocument.self, from: Data(text.utf8))
    }

    private static func screen(_ columns: Int = 80, _ rows: Int = 24, domains: Int = 1) throws -> TopScreen {
        var screen = TopScreen()
        screen.size = (columns, rows)
        screen.receive(try answer(10, 1000, domains: domains))
        screen.receive(try answer(12, 3000, domains: domains))
        return screen
    }

    private static func press(_ screen: inout TopScreen, _ keys: String) {
        for key in keys { _ = screen.press(.character(key)) }
    }

    @Test("80 columns and 24 rows have everything that matters, and no line is longer")
    func narrow() throws {
        var screen = try Self.screen()
        let lines = screen.lines
        #expect(lines.count == 24 && lines.allSatisfy { $0.width <= 80 })
        let text = lines.map(\.text)
        #expect(text[0] == "relevo 1.0  process 7  up 12 s  running")
        #expect(
            text[1] == "1,100 req/s   p50 5.0 ms  p99 9.9 ms   in flight 2   clients 3   failed 9.1 %")
        #expect(text[2] == "answers/s  2xx 1,000  5xx 100   in 98 KiB/s  out 9.5 MiB/s")
        #expect(text[3] == "failures/s connect.refused 100   retries/s 100")
        #expect(text[6].hasPrefix("[domains 1]   clusters 1    endpoints 2    by traffic"))
        #expect(text[7].split(separator: " ") == ["DOMAIN", "REQ/S", "P50", "P99", "FAILED/S", "FAILED"])
        #expect(
            text[8].split(separator: " ")
                == [">", "a.example", "1,100", "5.0", "ms", "9.9", "ms", "100", "9.1", "%"])
        #expect(lines[7].text.count == lines[8].text.count)
        Self.press(&screen, "e")
        let endpoints = screen.lines.map(\.text)
        #expect(endpoints[8].contains("10.0.0.1:80") && endpoints[8].contains("+ up"))
        #expect(endpoints[9].contains("! ejected") && endpoints.allSatisfy { $0.count <= 80 })
    }

    @Test(
        "200 columns have more of them, and a small terminal has no line too many",
        arguments: [(200, 60), (30, 5), (1, 1)])
    func sizes(_ size: (columns: Int, rows: Int)) throws {
        var screen = try Self.screen(size.columns, size.rows, domains: 300)
        for view in ["d", "c", "e", "?"] {
            Self.press(&screen, view == "d" ? "sd" : view)
            let lines = screen.lines
            #expect(lines.count == size.rows && lines.allSatisfy { $0.width <= size.columns })
            guard size.columns == 200, view == "d" else { continue }
            #expect(lines[7].text.contains("5XX/S") && lines[7].text.contains("MOST FAILURES"))
            #expect(lines.contains { $0.text.contains("connect.refused 100") })
        }
    }

    @Test("what a name has in it can neither give the terminal orders nor shift what stands beside it")
    func names() throws {
        var screen = try Self.screen()
        Self.press(&screen, "c")
        let row = screen.lines[8]
        #expect(row.text.contains("a?[31m?pi") && !row.written(inColours: false).contains("\u{1B}[31m"))
        #expect(TopText.printable("a\u{301}b\u{200B}日本\u{5D0}\n…é") == "a?b????" + "?…é")
        #expect(TopText.fitted("endpoint-0123456789", 9) == "endp…6789")
        #expect(!screen.plain.joined().unicodeScalars.contains { $0.value < 0x20 })
    }

    @Test("a screen without colours has the looks that are none, and the same text")
    func colours() throws {
        let screen = try Self.screen()
        for line in screen.lines {
            let plain = line.written(inColours: false)
            for colour in ["31", "32", "33"] { #expect(!plain.contains("\u{1B}[\(colour)m")) }
        }
        #expect(screen.lines.contains { $0.written(inColours: true).contains("\u{1B}[31m") })
    }

    @Test("the chosen row stays chosen when the order changes, and the table follows it")
    func choosing() throws {
        var screen = try Self.screen(domains: 100)
        Self.press(&screen, "jj")
        let chosen = try #require(screen.chosen)
        Self.press(&screen, "s")
        #expect(screen.chosen == chosen)
        #expect(screen.lines.contains { $0.text.hasPrefix("> \(chosen) ") })
        _ = screen.press(.end)
        #expect(screen.chosenPlace == 99 && screen.lines.contains { $0.text.hasPrefix("> ") })
        _ = screen.press(.pageUp)
        #expect(screen.chosenPlace == 99 - screen.room)
        _ = screen.press(.home)
        Self.press(&screen, "k")
        #expect(screen.chosenPlace == 0)
    }

    @Test("an order is asked about, and only yes gives it")
    func orders() throws {
        var screen = try Self.screen()
        Self.press(&screen, "D")
        #expect(screen.mode == .looking && screen.lines.last?.text == "this is for endpoints: e shows them")
        for (key, command) in [("D", "drain"), ("X", "disable"), ("E", "enable")] {
            Self.press(&screen, "e" + key)
            #expect(screen.lines.last?.text == "\(command) 10.0.0.1:80 of a?[31m?pi? y/n")
            #expect(screen.press(.enter) == nil && screen.mode == .looking)
            Self.press(&screen, key)
            let cluster = "a\u{1B}[31m\u{202E}pi"
            let order = EndpointOrderDocument(
                cluster: cluster, endpoint: "10.0.0.1:80", command: command, value: nil)
            #expect(screen.press(.character("y")) == .order(order))
        }
        screen.hear("done\u{1B}")
        #expect(screen.lines.last?.text == "done?")
    }

    @Test("a filter is typed and taken back; enter on a cluster shows its endpoints")
    func filtering() throws {
        var screen = try Self.screen(domains: 30)
        Self.press(&screen, "/D1")
        #expect(screen.mode == .filtering && screen.rows.count == 11)
        _ = screen.press(.backspace)
        #expect(screen.rows.count == 29)
        _ = screen.press(.escape)
        #expect(screen.filter.isEmpty && screen.mode == .looking && screen.rows.count == 30)
        Self.press(&screen, "/nobody")
        #expect(screen.lines.contains { $0.text == "  none with this name" })
        _ = screen.press(.enter)
        _ = screen.press(.escape)
        Self.press(&screen, "c")
        _ = screen.press(.enter)
        #expect(screen.view == .endpoints && screen.rows.count == 2)
        #expect(screen.press(.character("q")) == .quit && screen.press(.interrupt) == .quit)
    }

    @Test("a pause lets nothing in, a proxy that has gone is told of, and another process begins anew")
    func contact() throws {
        var screen = try Self.screen()
        Self.press(&screen, " ")
        screen.receive(try Self.answer(20, 9000))
        #expect(screen.traffic?.uptime == 12 && screen.lines[0].text.hasSuffix("paused"))
        Self.press(&screen, " ")
        screen.lose("no proxy answers")
        #expect(screen.lines[0].text.hasSuffix("no proxy answers; asking again"))
        #expect(screen.lines[8].text.contains("a.example"))
        screen.receive(try Self.answer(1, 5, process: 8))
        #expect(screen.figures == nil && screen.history.isEmpty)
        #expect(screen.lines[1].text == "waiting for a second answer")
        #expect(TopScreen().lines.count == 24)
    }

    @Test("quantiles are within the class that they fall into, and say when they are beyond all")
    func quantiles() {
        #expect(TrafficFigures.quantile([], [1, 2], 0.5) == nil)
        #expect(TrafficFigures.quantile([0, 10, 0], [1, 2], 0.5) == .seconds(1.5))
        #expect(TrafficFigures.quantile([1, 0, 99], [1, 2], 0.5) == .beyond)
        #expect(TrafficFigures.quantile([4, 0, 0], [1, 2], 1) == .seconds(1))
    }

    @Test("bytes become keys: sequences, characters of several bytes, and what is none")
    func keys() {
        #expect(
            TopKey.keys(in: Array("\u{1B}[A\u{1B}OBj\u{1B}[6~é\r\u{7F}".utf8)) == [
                .up, .down, .character("j"), .pageDown, .character("é"), .enter, .backspace,
            ])
        #expect(TopKey.keys(in: [0x1B]) == [.escape])
        #expect(TopKey.keys(in: [0x1B, 0x5B]) == [] && TopKey.keys(in: [0xFF, 0x03]) == [.interrupt])
        #expect(TopKey.keys(in: Array("\u{1B}[200;5u\u{1B}[Z".utf8)) == [.backTab])
    }

    @Test("figures have as many digits as say something")
    func figures() {
        let written = [0, 0.01, 0.44, 9.96, 999, 1005, 12_345, 250_000, 3_400_000].map { TopText.number($0) }
        #expect(written == ["0", "<0.1", "0.4", "10", "999", "1,005", "12.3 k", "250 k", "3.4 M"])
        #expect(TopText.time(.seconds(0.0042)) == "4.2 ms" && TopText.time(.beyond) == ">10 s")
        #expect(TopText.blocks([0, 1, 2, 4], 3) == "▂▄█" || TopText.blocks([0, 1, 2, 4], 3) == "▃▅█")
    }
}

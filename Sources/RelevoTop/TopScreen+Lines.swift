// The lines of the screen, for any size of terminal. Pure: what is on the screen says it all.
// Cells of tables are made in TopTable.

import RelevoAdmin

extension TopScreen {
    /// The whole screen.
    package var lines: [TopLine] {
        let head = summary(size.columns)
        let body = mode == .helping ? head.prefix(1) + [TopLine()] + Self.help : head + table(size.columns, room: room)
        var lines = Array(body.prefix(max(0, size.rows - 1)))
        while lines.count < size.rows - 1 { lines.append(TopLine()) }
        return (lines + [foot]).map { $0.cut(to: size.columns) }
    }

    /// Rows that the table has room for: above it are the head and its own headings, below it the foot.
    var room: Int { max(1, size.rows - 9) }

    /// Everything as text, one table behind the other, for whoever reads no screen.
    package var plain: [String] {
        var copy = self
        copy.message = ""
        var result = copy.summary(.max).dropLast().map(\.text)
        for view in View.allCases {
            copy.view = view
            let rows = copy.rows
            result += [""] + copy.table(200, room: max(1, rows.count), isMarked: false).map(\.text)
        }
        return result
    }

    private func summary(_ columns: Int) -> [TopLine] {
        guard let traffic else { return [TopLine([TopSpan("relevo top", .bold), TopSpan("  "), contactSpan])] }
        let totals = traffic.totals
        let state = isPaused ? TopSpan("paused", .warning) : contactSpan
        let first = TopLine([
            TopSpan("relevo \(TopText.printable(traffic.version))", .bold),
            TopSpan("  process \(traffic.process)  up \(TopText.age(traffic.uptime))  "), state,
        ])
        guard let figures else {
            return [first, TopLine("waiting for a second answer"), TopLine(), tabs]
        }
        let flow = figures.flow
        let second = TopLine([
            TopSpan(TopText.number(flow.rate), .bold), TopSpan(" req/s   p50 "),
            TopSpan(TopText.time(figures.median), .bold),
            TopSpan("  p99 "), TopSpan(TopText.time(figures.tail), .bold), TopSpan("   in flight "),
            TopSpan("\(totals.requestsActive)", .bold), TopSpan("   clients "),
            TopSpan("\(totals.connectionsOpen)", .bold),
            TopSpan("   failed "),
            TopSpan(TopText.share(flow.failed, of: max(flow.rate, flow.failed)), flow.failed > 0 ? .bad : .bold),
        ])
        let classes = ["1xx", "2xx", "3xx", "4xx", "5xx", "none"].compactMap { name in
            flow.answers[name].map { "\(name) \(TopText.number($0))" }
        }
        let third = TopLine(
            "answers/s  " + (classes.isEmpty ? "none" : classes.joined(separator: "  "))
                + "   in \(TopText.bytes(figures.received))  out \(TopText.bytes(figures.sent))")
        let codes = Self.codes(flow.failures).text
        let fourth = TopLine([
            TopSpan("failures/s "), codes.isEmpty ? TopSpan("none", .quiet) : TopSpan(codes, .bad),
            TopSpan(figures.retries > 0 ? "   retries/s \(TopText.number(figures.retries))" : ""),
        ])
        guard columns != .max else { return [first, second, third, fourth, tabs] }
        let history = TopText.blocks(history, max(0, columns - 12))
        return [
            first, second, third, fourth, TopLine([TopSpan("req/s      "), TopSpan(history, .quiet)]), TopLine(), tabs,
        ]
    }

    private var contactSpan: TopSpan {
        switch contact {
        case .none: TopSpan("asking", .quiet)
        case .answers: TopSpan(TopText.printable(traffic?.state ?? ""), traffic?.state == "running" ? .good : .warning)
        case .lost(let words): TopSpan("\(words); asking again", .bad)
        }
    }

    private var tabs: TopLine {
        let counts = [
            figures?.domains.count ?? 0, figures?.clusters.count ?? 0,
            figures?.clusters.reduce(0) { $0 + $1.endpoints.count } ?? 0,
        ]
        var spans: [TopSpan] = []
        for view in View.allCases {
            let name = ["domains", "clusters", "endpoints"][view.rawValue] + " \(counts[view.rawValue])"
            spans.append(view == self.view ? TopSpan("[\(name)]", .bold) : TopSpan(" \(name) ", .quiet))
            spans.append(TopSpan("  "))
        }
        spans.append(TopSpan(" by \(["traffic", "failures", "name", "configuration"][order.rawValue])", .quiet))
        if !filter.isEmpty { spans.append(TopSpan("   with \"\(TopText.printable(filter))\"", .warning)) }
        return TopLine(spans)
    }

    private func table(_ columns: Int, room: Int, isMarked: Bool = true) -> [TopLine] {
        let rows = rows
        let shown = self.columns.filter { columns >= $0.from }
        let places = self.columns.indices.filter { columns >= self.columns[$0].from }
        let widths = Self.widths(shown, rows.map { row in places.map { row.cells[$0].text.count } }, columns)
        let heads = shown.map { TopSpan($0.title, .quiet) }
        var lines = [Self.line(heads, shown, widths, mark: isMarked ? "  " : "")]
        guard figures != nil else { return lines }
        guard !rows.isEmpty else {
            return lines + [TopLine(filter.isEmpty ? "  none" : "  none with this name", .quiet)]
        }
        let chosen = chosenPlace
        let first = min(max(0, chosen - room + 1), max(0, rows.count - room))
        for (place, row) in rows.enumerated().dropFirst(first).prefix(room) {
            let isChosen = isMarked && place == chosen
            let cells = places.map { row.cells[$0] }
            let line = Self.line(cells, shown, widths, mark: isMarked ? (isChosen ? "> " : "  ") : "")
            lines.append(isChosen ? TopLine(Self.filled(line, columns), .marked) : line)
        }
        return lines
    }

    /// Fixed columns have theirs; names share the rest as they need it.
    private static func widths(_ columns: [TopColumn], _ counts: [[Int]], _ screen: Int) -> [Int] {
        var widths = columns.map(\.width)
        let gaps = columns.count + 1
        let names = columns.indices.filter { columns[$0].width == 0 }
        var rest = max(names.count * 6, screen - gaps - widths.reduce(0, +))
        let wanted = names.map { name in max(columns[name].title.count, counts.map { $0[name] }.max() ?? 0) }
        for (place, name) in names.enumerated() {
            let others = wanted.dropFirst(place + 1).reduce(0, +)
            let fair = rest / (names.count - place)
            widths[name] = min(wanted[place], max(fair, rest - others))
            rest -= widths[name]
        }
        // The first takes what nobody wants, so that figures stand at the right.
        if let first = names.first, rest > 0, screen <= 120 { widths[first] += rest }
        return widths
    }

    private static func line(_ cells: [TopSpan], _ columns: [TopColumn], _ widths: [Int], mark: String) -> TopLine {
        var line = TopLine(mark)
        for (place, cell) in cells.enumerated() {
            if place > 0 { line.spans.append(TopSpan(" ")) }
            let text = TopText.fitted(cell.text, widths[place])
            let blanks = max(0, widths[place] - cell.text.count)
            let padded = columns[place].isText ? text : String(repeating: " ", count: blanks) + text.dropLast(blanks)
            line.spans.append(TopSpan(padded, cell.look))
        }
        return line
    }

    private static func filled(_ line: TopLine, _ columns: Int) -> String {
        let text = line.spans.map(\.text).joined()
        return text + String(repeating: " ", count: max(0, columns - text.count))
    }

    private var foot: TopLine {
        switch mode {
        case .filtering: TopLine([TopSpan("filter: ", .bold), TopSpan(TopText.printable(filter) + "_")])
        case .asking(let order):
            TopLine(
                "\(order.command) \(TopText.printable(order.endpoint)) of \(TopText.printable(order.cluster))? y/n",
                .marked)
        case .helping: TopLine("any key goes back", .quiet)
        case .looking:
            message.isEmpty
                ? TopLine("q quit  d/c/e or tab view  j/k choose  s sort  / filter  space pause  ? help", .quiet)
                : TopLine(message, .bold)
        }
    }

    private static let help = [
        "d c e   domains, clusters, endpoints; tab goes from one to the next",
        "j k     choose a row; so do arrows, page keys, g and G",
        "s       sort by traffic, failures, name, or as configured",
        "/       show only names that contain something; escape shows all again",
        "enter   from a cluster to its endpoints",
        "space   pause, and go on",
        "q       quit",
        "",
        "For the endpoint that is chosen; each asks first, and needs the right to change things:",
        "D       drain: no new requests, those that it has go on",
        "X       disable: the same, and it counts no more when ejections are bounded",
        "E       enable: it serves again, as far as its health allows",
        "",
        "Figures are those of the last five seconds. FLIGHT is requests in flight, KEPT connections that",
        "wait for a request. FAILED counts requests with a failure code: docs/errors.md has them all.",
        "Conditions: + up   ! down or ejected   ~ draining   - disabled",
    ].map { TopLine($0) }
}

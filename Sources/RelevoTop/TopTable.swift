// The rows and columns of the three tables: which there are, what they say, and what gives way on a narrow screen.
// Where the table stands is TopScreen+Lines' matter.

import RelevoAdmin

/// One row of a table.
struct TopRow {
    /// A cell with its look.
    typealias Cell = TopSpan

    /// What tells it from others.
    var key: String
    /// What it is sorted and found by, as it was written.
    var name: String
    /// Its cluster, for endpoints and clusters.
    var cluster: String?
    /// What it is sorted by.
    var rate, trouble: Double
    /// One for each column.
    var cells: [Cell]
}

/// One column of a table.
struct TopColumn {
    /// Its heading.
    var title: String
    /// Columns of the terminal; 0 for those that share what the others leave.
    var width: Int
    /// Columns that the terminal has at least if this one is shown.
    var from = 0
    /// Whether it begins at the left.
    var isText = false

    static func domains() -> [TopColumn] {
        [
            TopColumn(title: "DOMAIN", width: 0, isText: true), TopColumn(title: "REQ/S", width: 8),
            TopColumn(title: "P50", width: 8), TopColumn(title: "P99", width: 8),
            TopColumn(title: "FAILED/S", width: 9), TopColumn(title: "FAILED", width: 7),
            TopColumn(title: "2XX/S", width: 8, from: 100), TopColumn(title: "3XX/S", width: 8, from: 100),
            TopColumn(title: "4XX/S", width: 8, from: 90), TopColumn(title: "5XX/S", width: 8, from: 90),
            TopColumn(title: "MOST FAILURES", width: 40, from: 140, isText: true),
        ]
    }

    static func clusters() -> [TopColumn] {
        [
            TopColumn(title: "CLUSTER", width: 0, isText: true), TopColumn(title: "AVAILABLE", width: 10),
            TopColumn(title: "REQ/S", width: 8), TopColumn(title: "FAILED/S", width: 9),
            TopColumn(title: "RETRIES/S", width: 10), TopColumn(title: "FLIGHT", width: 7),
            TopColumn(title: "EJECTED", width: 8, from: 76), TopColumn(title: "CONNECT P99", width: 12, from: 100),
            TopColumn(title: "MOST FAILURES", width: 40, from: 140, isText: true),
        ]
    }

    static func endpoints() -> [TopColumn] {
        [
            TopColumn(title: "ENDPOINT", width: 0, isText: true), TopColumn(title: "CLUSTER", width: 0, isText: true),
            TopColumn(title: "CONDITION", width: 12, isText: true), TopColumn(title: "REQ/S", width: 7),
            TopColumn(title: "SHARE", width: 6), TopColumn(title: "FAILED/S", width: 9),
            TopColumn(title: "FLIGHT", width: 7), TopColumn(title: "WEIGHT", width: 7, from: 90),
            TopColumn(title: "KEPT", width: 6, from: 90), TopColumn(title: "5XX/S", width: 7, from: 100),
            TopColumn(title: "MOST FAILURES", width: 40, from: 140, isText: true),
        ]
    }
}

extension TopScreen {
    /// The columns of the table.
    var columns: [TopColumn] {
        switch view {
        case .domains: TopColumn.domains()
        case .clusters: TopColumn.clusters()
        case .endpoints: TopColumn.endpoints()
        }
    }

    /// The rows of the table that pass the filter, in their order.
    var rows: [TopRow] {
        let found = allRows.filter { row in
            filter.isEmpty || Self.contains(row.name, filter) || row.cluster.map { Self.contains($0, filter) } ?? false
        }
        switch order {
        case .configuration: return found
        case .name: return Self.sorted(found) { $0.name < $1.name }
        case .traffic: return Self.sorted(found) { $0.rate > $1.rate }
        case .failures: return Self.sorted(found) { $0.trouble > $1.trouble }
        }
    }

    private static func contains(_ text: String, _ part: String) -> Bool {
        text.lowercased().contains(part.lowercased())
    }

    /// Those that are equal stay as they were.
    private static func sorted(_ rows: [TopRow], by precedes: (TopRow, TopRow) -> Bool) -> [TopRow] {
        rows.enumerated().sorted { one, other in
            precedes(one.element, other.element)
                || !precedes(other.element, one.element) && one.offset < other.offset
        }.map(\.element)
    }

    private var allRows: [TopRow] {
        guard let figures else { return [] }
        switch view {
        case .domains: return figures.domains.map { Self.row($0) }
        case .clusters: return figures.clusters.map { Self.row($0) }
        case .endpoints: return figures.clusters.flatMap { $0.endpoints }.map { Self.row($0) }
        }
    }

    private static func row(_ domain: TrafficFigures.Domain) -> TopRow {
        let flow = domain.flow
        let classes = ["2xx", "3xx", "4xx", "5xx"].map { TopSpan(TopText.number(flow.answers[$0] ?? 0)) }
        return TopRow(
            key: domain.name, name: domain.name, rate: flow.rate, trouble: flow.failed,
            cells: [
                TopSpan(domain.name.isEmpty ? "(no domain)" : TopText.printable(domain.name)),
                TopSpan(TopText.number(flow.rate)), TopSpan(TopText.time(domain.median)),
                TopSpan(TopText.time(domain.tail)), failed(flow),
                TopSpan(TopText.share(flow.failed, of: flow.rate), flow.failed > 0 ? .bad : .plain),
            ] + classes + [codes(flow.failures)])
    }

    private static func row(_ cluster: TrafficFigures.Cluster) -> TopRow {
        let available = cluster.endpoints.count { $0.status.isAvailable }
        let look: TopSpan.Look = available == 0 ? .bad : available < cluster.endpoints.count ? .warning : .good
        let active = cluster.endpoints.reduce(0) { $0 + $1.status.requestsActive }
        var failures: [String: Double] = [:]
        for endpoint in cluster.endpoints { failures.merge(endpoint.flow.failures, uniquingKeysWith: +) }
        return TopRow(
            key: cluster.name, name: cluster.name, cluster: cluster.name, rate: cluster.rate,
            trouble: cluster.failed + (look == .good ? 0 : 1e9),
            cells: [
                TopSpan(TopText.printable(cluster.name)),
                TopSpan("\(available) of \(cluster.endpoints.count)", look), TopSpan(TopText.number(cluster.rate)),
                TopSpan(TopText.number(cluster.failed), cluster.failed > 0 ? .bad : .plain),
                TopSpan(TopText.number(cluster.retries)), TopSpan("\(active)"), TopSpan("\(cluster.ejections)"),
                TopSpan(TopText.time(cluster.connect)), codes(failures),
            ])
    }

    private static func row(_ endpoint: TrafficFigures.Endpoint) -> TopRow {
        let (status, flow) = (endpoint.status, endpoint.flow)
        return TopRow(
            key: "\(status.cluster) \(status.endpoint)", name: status.endpoint, cluster: status.cluster,
            rate: endpoint.rate, trouble: flow.failed + (status.isAvailable ? 0 : 1e9),
            cells: [
                TopSpan(TopText.printable(status.endpoint)), TopSpan(TopText.printable(status.cluster), .quiet),
                condition(status), TopSpan(TopText.number(endpoint.rate)), TopSpan(TopText.share(endpoint.share)),
                failed(flow), TopSpan("\(status.requestsActive)"), TopSpan("\(status.weight)"),
                TopSpan("\(endpoint.idle)"), TopSpan(TopText.number(flow.answers["5xx"] ?? 0)), codes(flow.failures),
            ])
    }

    private static func condition(_ status: EndpointDocument) -> TopSpan {
        let (mark, look): (String, TopSpan.Look) =
            switch status.condition {
            case "up": ("+ ", .good)
            case "down", "ejected": ("! ", .bad)
            case "draining": ("~ ", .warning)
            case "disabled": ("- ", .quiet)
            default: ("  ", .plain)
            }
        return TopSpan(mark + TopText.printable(status.condition), look)
    }

    private static func failed(_ flow: TrafficFigures.Flow) -> TopSpan {
        TopSpan(TopText.number(flow.failed), flow.failed > 0 ? .bad : .plain)
    }

    /// Codes of failures with their rates, the most frequent first.
    static func codes(_ failures: [String: Double]) -> TopSpan {
        let sorted = failures.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        return TopSpan(
            sorted.map { "\(TopText.printable($0.key)) \(TopText.number($0.value))" }.joined(separator: ", "))
    }
}

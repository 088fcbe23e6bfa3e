// The parts that are measured: finding the end of a head, reading it, choosing a route and an endpoint, writing heads.
// Not for measuring: see Micro.swift.

import RelevoHTTP
import RelevoPolicy

private let smallRequest = Array(
    "GET /index.html HTTP/1.1\r\nHost: www.example.com\r\nUser-Agent: check/1.0\r\nAccept: */*\r\n\r\n".utf8)

private let browserRequest = Array(
    ("GET /articles/2026/11/proxies?page=2 HTTP/1.1\r\nHost: www.example.com\r\nConnection: keep-alive\r\n"
        + "Cookie: session=0123456789abcdef0123456789abcdef; theme=dark; consent=all\r\n"
        + "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0\r\n"
        + "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n"
        + "Accept-Language: de-DE,de;q=0.9,en;q=0.8\r\nAccept-Encoding: gzip, deflate, br\r\n"
        + "Cache-Control: max-age=0\r\nIf-None-Match: \"5f3a-61b2\"\r\nReferer: https://www.example.com/\r\n"
        + (0..<19).map { "X-Field-\($0): some value of the usual length, \($0)\r\n" }.joined() + "\r\n").utf8)

private let smallResponse = Array(
    ("HTTP/1.1 200 OK\r\nServer: origin\r\nDate: Mon, 23 Nov 2026 00:00:00 GMT\r\nContent-Type: text/plain\r\n"
        + "Content-Length: 1024\r\nConnection: keep-alive\r\n\r\n").utf8)

private let limits = HeadLimits()

private func request(_ bytes: [UInt8]) -> RequestHead {
    var head = RequestHead()
    head.fields.bytes = bytes
    try? head.parse(limits: limits)
    return head
}

private func response(_ bytes: [UInt8]) -> ResponseHead {
    var head = ResponseHead()
    head.fields.bytes = bytes
    try? head.parse(limits: limits)
    return head
}

private func scan(_ name: String, _ bytes: [UInt8]) -> Part {
    Part(name: "find the end of \(name), \(bytes.count) bytes") {
        var scanner = HeadScanner()
        use(try? scanner.scan(bytes.span, limits: limits))
    }
}

private func parse(_ name: String, _ bytes: [UInt8]) -> Part {
    final class Box { var head = RequestHead() }
    let box = Box()
    box.head.fields.bytes = bytes
    return Part(name: "read \(name)") { try? box.head.parse(limits: limits) }
}

/// Scanning and parsing.
func heads() -> [Part] {
    final class Box { var head = ResponseHead() }
    let box = Box()
    box.head.fields.bytes = smallResponse
    return [
        scan("a small request", smallRequest), scan("a browser's request", browserRequest),
        parse("a small request, 3 fields", smallRequest), parse("a browser's request, 30 fields", browserRequest),
        Part(name: "read a small response, 5 fields") { try? box.head.parse(limits: limits) },
    ]
}

private func write(_ name: String, _ bytes: [UInt8]) -> Part {
    final class Box {
        let head: RequestHead
        var output: [UInt8] = []
        init(_ head: consuming RequestHead) { self.head = head }
    }
    let box = Box(request(bytes))
    var rewrite = RequestRewrite(forwarded: .xForwarded, via: true)
    rewrite.clientAddress = Array("203.0.113.7".utf8)
    rewrite.requestID = Array("0123456789abcdef".utf8)
    return Part(name: "write \(name)") {
        box.output.removeAll(keepingCapacity: true)
        HeadSerializer.append(request: box.head, rewrite: rewrite, to: &box.output)
    }
}

/// Serialising.
func rewrites() -> [Part] {
    final class Box {
        let head: ResponseHead
        var output: [UInt8] = []
        init(_ head: consuming ResponseHead) { self.head = head }
    }
    let box = Box(response(smallResponse))
    let rewrite = ResponseRewrite(via: true)
    return [
        write("a small request", smallRequest), write("a browser's request", browserRequest),
        Part(name: "write a small response") {
            box.output.removeAll(keepingCapacity: true)
            HeadSerializer.append(response: box.head, rewrite: rewrite, to: &box.output)
        },
    ]
}

private func snapshot(domains: Int, routes: Int) throws -> ProxySnapshot {
    var configuration = ProxyConfiguration()
    configuration.listeners = ["127.0.0.1:8080"]
    configuration.clusters = [.init("origin", endpoints: ["127.0.0.1:9000"])]
    configuration.domains = (0..<domains).map { domain in
        let paths = (0..<max(0, routes - 1)).map { "/r\($0)" } + ["/"]
        return .init("d\(domain).example", routes: paths.map { .init(.cluster("origin"), path: $0) })
    }
    return try SnapshotBuilder.build(configuration)
}

private func route(_ name: String, domains: Int, routes: Int) -> Part? {
    guard let snapshot = try? snapshot(domains: domains, routes: routes) else { return nil }
    let host = Array("d\(domains - 1).example".utf8)
    let path = Array("/r\(max(0, routes - 2))/item".utf8)
    let method = Array("GET".utf8)
    return Part(name: "choose a route: \(name)") {
        use(snapshot.table.decide(RouteQuery(host: host[...], path: path[...], method: method[...])))
    }
}

/// Routing.
func routes() -> [Part] {
    [
        route("1 domain, 1 route", domains: 1, routes: 1), route("1,000 domains, 1 route", domains: 1000, routes: 1),
        route("1,000 domains, the last but one of 20 routes", domains: 1000, routes: 20),
    ].compactMap(\.self)
}

/// A cluster with one of its endpoints in use, and what chooses among them.
private final class Chooser {
    private var balancer: ClusterBalancer
    private var source = RandomSource(seed: 7)
    private var request = BalanceRequest()

    init?(_ method: BalanceMethod, endpoints: Int) {
        var configuration = ProxyConfiguration(listeners: ["127.0.0.1:8080"])
        let addresses = (0..<endpoints).map {
            ProxyConfiguration.Endpoint("10.0.\($0 / 250).\($0 % 250 + 1)", weight: $0 % 3 + 1)
        }
        configuration.domains = [.init("a.example", endpoints: addresses, balance: method)]
        guard let cluster = try? SnapshotBuilder.build(configuration).clusters.first else { return nil }
        balancer = ClusterBalancer(cluster)
        balancer.view.active[0] = 1
        if case .hash = method { request.key = 1 }
        if case .sticky = method { request.preferred = endpoints / 2 }
        for position in 0..<endpoints { balancer.view.latencies[position].record(1_000_000, now: 0) }
    }

    func choose() {
        request.now &+= 10_000
        if let key = request.key { request.key = key &* 0x9e37_79b9_7f4a_7c15 }
        use(balancer.choose(request, using: &source))
    }
}

/// Balancing.
func balancers() -> [Part] {
    let methods: [BalanceMethod] = [
        .random, .roundRobin, .leastRequests, .powerOfTwo, .latency, .hash(.path), .sticky(StickyCookie()),
    ]
    let key = Array("/articles/2026/11/proxies".utf8)
    let cookies = Array("theme=dark; consent=all; relevo=0123456789abcdef0123456789abcdef".utf8)
    let choices: [Part] = methods.flatMap { method in
        [3, 100].compactMap { count in
            Chooser(method, endpoints: count).map { chooser in
                Part(name: "choose one of \(count) endpoints, weighted: \(method.name)") { chooser.choose() }
            }
        }
    }
    return choices + [
        Part(name: "hash a key of \(key.count) bytes") { use(HashKey.hash(key[...])) },
        Part(name: "find the third cookie") { use(CookieValue.find("relevo", in: cookies[...])) },
    ]
}

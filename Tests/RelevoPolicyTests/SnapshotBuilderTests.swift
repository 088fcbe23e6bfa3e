// What makes a configuration wrong, and that everything wrong is told at once.
// Mistakes of syntax are tested with the reader of files.

import RelevoPolicy
import Testing

@Suite struct SnapshotBuilderTests {
    private func problems(_ configuration: ProxyConfiguration) -> [String] {
        do {
            _ = try SnapshotBuilder.build(configuration)
            return []
        } catch {
            return error.problems.map(\.description)
        }
    }

    private func problems(
        listeners: [ProxyConfiguration.Listener] = ["127.0.0.1:0"],
        domains: [ProxyConfiguration.Domain] = [.init("a.example", endpoints: ["10.0.0.1"])],
        clusters: [ProxyConfiguration.Cluster] = []
    ) -> [String] {
        problems(ProxyConfiguration(listeners: listeners, domains: domains, clusters: clusters))
    }

    @Test("the shortest useful configuration is right")
    func shortest() throws {
        let snapshot = try SnapshotBuilder.build(
            ProxyConfiguration(
                listeners: ["0.0.0.0:8080"],
                domains: [
                    .init("a.example", endpoints: ["10.0.0.1", "10.0.0.2:8080"]),
                    .init("b.example", endpoints: ["10.0.1.1:3000"]),
                ]))
        #expect(snapshot.summary == "1 listener, 2 domains, 3 endpoints")
        #expect(snapshot.clusters[0].endpoints.map(\.text) == ["10.0.0.1:80", "10.0.0.2:8080"])
        #expect(snapshot.warnings.isEmpty)
    }

    @Test("a service is an endpoint without a port")
    func service() throws {
        let snapshot = try SnapshotBuilder.build(
            ProxyConfiguration(
                listeners: ["0.0.0.0:8080"], domains: [.init("a.example", endpoints: ["srv:_http._tcp.api.internal"])]))
        let endpoint = snapshot.clusters[0].endpoints[0]
        #expect(endpoint.address == .service("_http._tcp.api.internal"))
        #expect(endpoint.text == "srv:_http._tcp.api.internal")
        #expect(endpoint.hostText == "_http._tcp.api.internal")
    }

    @Test("an empty configuration lacks everything, and says so at once")
    func empty() {
        #expect(problems(ProxyConfiguration()).count == 2)
    }

    @Test(
        "texts that are no listener are refused with a cure",
        arguments: [
            ("8080", "has no port"), (":8080", "write `0.0.0.0:8080`"), ("localhost:80", "write `127.0.0.1:80`"),
            ("0.0.0.0", "has no port"), ("0.0.0.0:99999", "ports are 1 to 65535"), ("::1:80", "several colons"),
            ("[::1:80", "closing bracket"), ("unix:relative", "no path of a socket"), ("1.2.3:80", "a name where"),
            ("0.0.0.0:80x", "no valid port"), ("0.0.0.0:-1", "no valid port"), ("", "has no port"),
        ] as [(ProxyConfiguration.Listener, String)])
    func listeners(listener: ProxyConfiguration.Listener, expected: String) {
        let found = problems(listeners: [listener])
        #expect(found.count == 1)
        #expect(found.first?.contains(expected) == true, "\(found)")
    }

    @Test(
        "texts that are no endpoint are refused with a cure",
        arguments: [
            ("https://10.0.0.1/x", "write `https://10.0.0.1`"), ("https://", "neither"),
            ("HTTPS://a/", "write `https://a`"),
            ("http://10.0.0.1/x", "has a path"), ("10.0.0.1:0", "port 0"),
            ("10.0.0", "neither an address nor a name"), ("-a.example", "neither"), ("a..b", "neither"),
            ("::1", "in brackets"), ("a b", "neither"), ("", "neither"), ("10.0.0.256", "neither"),
            ("srv:", "no name of a service"), ("srv:_http._tcp.a.internal:80", "write `srv:_http._tcp.a.internal`"),
            ("srv:10.0.0.1", "no name of a service"), ("srv:a b", "no name"), ("http://srv:a", "no valid port"),
        ] as [(ProxyConfiguration.Endpoint, String)])
    func endpoints(endpoint: ProxyConfiguration.Endpoint, expected: String) {
        let found = problems(domains: [.init("a.example", endpoints: [endpoint])])
        #expect(found.count == 1)
        #expect(found.first?.contains(expected) == true, "\(found)")
    }

    @Test(
        "texts that are no domain are refused with a cure",
        arguments: [
            ("a.example:80", "without its port"), ("http://a.example", "no scheme"), ("a.*.example", "first label"),
            ("*a.example", "first label"), ("bücher.example", "xn--"), ("a..example", "no name"), ("", "no name"),
            ("[1.2.3.4]", "only IPv6 addresses have brackets: write `1.2.3.4`"), ("[::1]:80", "without its port"),
            ("*.1.2.3.4", "no names are below an address: write `1.2.3.4`"), ("[a.example]", "no name"),
            ("*.2001:DB8::0:1", "no names are below an address: write `[2001:db8::1]`"), ("[]", "no name"),
            ("*.[::1]", "no names are below an address: write `[::1]`"), ("[::1", "without its port"),
        ])
    func domains(name: String, expected: String) {
        let found = problems(domains: [.init(name, endpoints: ["10.0.0.1"])])
        #expect(found.count == 1)
        #expect(found.first?.contains(expected) == true, "\(found)")
    }

    @Test("names that differ in case or in a trailing dot only are the same domain")
    func sameDomain() {
        let domains = ["a.example", "A.Example", "a.example."].map {
            ProxyConfiguration.Domain($0, endpoints: ["10.0.0.1"])
        }
        #expect(problems(domains: domains).count { $0.contains("is there twice") } == 2)
    }

    @Test("spellings of one address are the same domain")
    func sameAddress() {
        let domains = ["2001:DB8::0:1", "[2001:db8::1]", "2001:db8:0::1", "2001:db8::2", "1.2.3.4"].map {
            ProxyConfiguration.Domain($0, endpoints: ["10.0.0.1"])
        }
        let found = problems(domains: domains)
        #expect(found.count == 2)
        #expect(found.first?.hasPrefix("domain `[2001:db8::1]` is there twice") == true, "\(found)")
    }

    @Test("a name without a cluster is refused, with the name that was probably meant")
    func danglingCluster() {
        let found = problems(
            domains: [.init("a.example", cluster: "ap1")], clusters: [.init("api", endpoints: ["10.0.0.1"])])
        #expect(found == ["there is no cluster `ap1` (did you mean `api`?)"])
    }

    @Test("twice the same cluster, listener or endpoint is refused")
    func duplicates() {
        let cluster = ProxyConfiguration.Cluster("api", endpoints: ["10.0.0.1", "10.0.0.1:80"])
        let found = problems(listeners: ["0.0.0.0:80", "0.0.0.0:80"], clusters: [cluster, cluster])
        #expect(found.count == 3, "\(found)")
    }

    @Test(
        "listeners that cannot be opened beside each other are refused",
        arguments: [
            (["0.0.0.0:80", "127.0.0.1:80"], "`0.0.0.0:80` takes it on every IPv4 address"),
            (["127.0.0.1:80", "0.0.0.0:80"], "`0.0.0.0:80` takes it on every IPv4 address"),
            (["[::1]:80", "[::]:80"], "`[::]:80` takes it on every IPv6 address"),
            (["[0:0:0:0:0:0:0:0]:80", "[::1]:80"], "takes it on every IPv6 address"),
            (["[::1]:80", "[0:0:0:0:0:0:0:1]:80"], "is there twice"), (["[::]:80", "[0::0]:80"], "is there twice"),
            (["unix:/a", "unix:/a"], "is there twice"),
            (["10.0.0.1:80", "[::]:80", "0.0.0.0:80"], "want the same port"),
        ])
    func conflictingListeners(addresses: [String], expected: String) {
        let found = problems(listeners: addresses.map { .init($0) })
        #expect(found.count == 1)
        #expect(found.first?.contains(expected) == true, "\(found)")
    }

    @Test(
        "listeners that can be opened beside each other are not refused",
        arguments: [
            ["0.0.0.0:80", "[::]:80"], ["0.0.0.0:80", "127.0.0.1:81"], ["127.0.0.1:80", "127.0.0.2:80"],
            ["0.0.0.0:0", "127.0.0.1:0", "0.0.0.0:0"], ["0.0.0.0:80", "[::1]:80"], ["unix:/a", "unix:/b", "[::]:80"],
        ])
    func listenersBeside(addresses: [String]) {
        #expect(problems(listeners: addresses.map { .init($0) }) == [])
    }

    @Test(
        "an IPv6 address without brackets is refused with what may have been meant, in quotes",
        arguments: [
            ("::1", "`\"[::1]:80\"`"), ("2001:db8::1", "`\"[2001:db8::1]:80\"`"), (":::80", "`\"[::]:80\"`"),
            ("::1:8080", "`\"[::1:8080]:80\"` or `\"[::1]:8080\"`"),
            ("1:2:3:4:5:6:7:8:8080", "`\"[1:2:3:4:5:6:7:8]:8080\"`"),
        ] as [(ProxyConfiguration.Endpoint, String)])
    func bareIPv6(endpoint: ProxyConfiguration.Endpoint, expected: String) {
        let found = problems(domains: [.init("a.example", endpoints: [endpoint])])
        #expect(found == ["`\(endpoint.address)` has several colons (write IPv6 addresses in brackets: \(expected))"])
    }

    @Test("weights, limits and timeouts outside their range are refused together")
    func numbers() {
        var configuration = ProxyConfiguration(
            workers: 0, listeners: ["127.0.0.1:0"],
            domains: [.init("a.example", endpoints: [.init("10.0.0.1", weight: 1001), .init("10.0.0.2", weight: -1)])])
        configuration.limits.headBytes = 1
        configuration.limits.connections = 0
        configuration.timeouts.connect = .zero
        configuration.timeouts.idle = .seconds(-1)
        #expect(problems(configuration).count == 7)
    }

    @Test("a route behind one that takes all its requests is warned about, not refused")
    func shadowedRoute() throws {
        let snapshot = try SnapshotBuilder.build(
            ProxyConfiguration(
                listeners: ["127.0.0.1:0"],
                domains: [
                    .init(
                        "a.example",
                        routes: [
                            .init(.cluster("api"), methods: ["GET"]),
                            .init(.cluster("api"), path: "/x", methods: ["GET"]),
                            .init(.cluster("api"), path: "/x"),
                        ])
                ], clusters: [.init("api", endpoints: ["10.0.0.1"])]))
        #expect(snapshot.warnings.count == 1)
        #expect(snapshot.warnings.first?.message.contains("GET /x") == true)
    }

    @Test("the nearest setting wins: route over cluster over domain over the proxy's own")
    func timeouts() throws {
        var route = ProxyConfiguration.Route(.cluster("api"))
        route.timeouts.stream = .seconds(4)
        var domain = ProxyConfiguration.Domain("a.example", routes: [route])
        domain.timeouts.connect = .seconds(1)
        domain.timeouts.response = .seconds(1)
        var cluster = ProxyConfiguration.Cluster("api", endpoints: ["10.0.0.1"])
        cluster.timeouts.response = .seconds(2)
        cluster.timeouts.stream = .seconds(2)
        let snapshot = try SnapshotBuilder.build(
            ProxyConfiguration(listeners: ["127.0.0.1:0"], domains: [domain], clusters: [cluster]))
        let times = snapshot.table.domains[0].routes[0].timeouts
        #expect(times.connect == .seconds(1))
        #expect(times.response == .seconds(2))
        #expect(times.stream == .seconds(4))
        #expect(times.body == Timeouts().body)
    }
}

// Names of certificates beside those of domains, and the words of times.
// How a certificate is chosen for a client is tested in CLibeventTLSTests.

import RelevoPolicy
@testable import RelevoProxy
import Testing

@Suite struct CertificateCoverageTests {
    private func messages(_ domains: [String], _ listeners: [[String: [String]]]) throws -> [ConfigurationProblem] {
        var configuration = ProxyConfiguration(listeners: ["127.0.0.1:0"])
        configuration.domains = domains.map { .init($0, endpoints: ["10.0.0.1"]) }
        let table = try SnapshotBuilder.build(configuration).table
        let named = listeners.map { files in
            files.sorted { $0.key < $1.key }.map {
                CertificateCoverage.Named(file: $0.key, names: $0.value, location: nil)
            }
        }
        return CertificateCoverage(table, named).warnings()
    }

    @Test(
        "a domain has a certificate for exactly its name, or for one label above it",
        arguments: [
            ("a.example", ["a.example"]), ("A.example", ["a.example"]), ("w.a.example", ["*.a.example"]),
            ("*.a.example", ["*.a.example"]), ("*.a.example", ["w.a.example"]), ("*.a.example", ["x.y.a.example"]),
            ("*", ["other.example"]), ("192.0.2.1", ["192.0.2.1"]), ("\"2001:db8::1\"", ["2001:DB8:0::1"]),
        ])
    func covered(_ domain: String, _ names: [String]) throws {
        #expect(try messages([domain.filter { $0 != "\"" }], [["1": names]]) == [])
    }

    @Test(
        "a domain without a certificate is named, with what was probably meant",
        arguments: [
            ("a.example", ["b.other"], nil), ("a.example", ["*.a.example"], "*.a.example"),
            ("x.y.a.example", ["*.a.example"], "*.a.example"), ("www.a.example", ["a.example"], "a.example"),
            ("*.a.example", ["a.example"], "a.example"), ("shop.example", ["shpo.example"], "shpo.example"),
            ("192.0.2.1", ["a.example"], nil),
            ("a.b.c.example", ["c.example", "x.b.c.example", "example"], "x.b.c.example"),
        ] as [(String, [String], String?)])
    func uncovered(_ domain: String, _ names: [String], _ nearest: String?) throws {
        let found = try messages([domain], [["1": names]])
        #expect(found.count == 1)
        #expect(found.first?.message.contains("no certificate is for domain `\(domain)`") == true)
        #expect(found.first?.suggestion == nearest.map { "the nearest is for `\($0)`, in `1`" })
    }

    @Test("an address is asked for by nobody's name: it is the default that has to be for it")
    func addresses() throws {
        #expect(try messages(["192.0.2.1"], [["1": ["a.example"], "2": ["192.0.2.1"]]]).count == 1)
        #expect(try messages(["192.0.2.1"], [["1": ["192.0.2.1"]]]) == [])
    }

    @Test("one listener with a certificate is enough, and without any there is nothing to say")
    func listeners() throws {
        #expect(try messages(["a.example", "b.example"], [["1": ["a.example"]], ["2": ["b.example"]]]) == [])
        #expect(try messages(["a.example"], []) == [])
    }

    @Test("a certificate for no domain is named, unless it is the default or everything is served")
    func idle() throws {
        let names = ["1": ["default.example"], "2": ["a.example", "z.example"], "3": ["*.example"], "4": ["b.test"]]
        let found = try messages(["a.example"], [names])
        #expect(found.map(\.message) == ["certificate `4` is for no domain of the configuration"])
        #expect(found.first?.suggestion == "it is for b.test")
        #expect(try messages(["a.example", "*"], [names]) == [])
        #expect(try messages(["a.example", "*.test"], [names]) == [])
    }

    @Test("whatever there is too much of is counted")
    func many() throws {
        let domains = (0..<25).map { "d\($0).example" }
        let files = Dictionary(uniqueKeysWithValues: (0..<25).map { ("f\($0)", ["f\($0).test"]) })
        let found = try messages(domains, [files])
        #expect(found.count == 22)
        #expect(found[10].message == "no certificate is for 15 more domains either")
        #expect(found[21].message == "14 more certificates are for no domain either")
    }

    @Test(
        "what is left is said in the unit that matters",
        arguments: [
            (0, "1 minute"), (61, "1 minute"), (120, "2 minutes"), (7199, "119 minutes"), (7200, "2 hours"),
            (86_400, "24 hours"), (172_799, "47 hours"), (172_800, "2 days"), (14 * 86_400 - 1, "13 days"),
        ] as [(Int64, String)])
    func remaining(_ seconds: Int64, _ words: String) {
        #expect(CalendarText.write(remaining: seconds) == words)
    }

    @Test("times are written in UTC")
    func times() {
        #expect(CalendarText.write(0) == "1970-01-01T00:00:00Z")
        #expect(CalendarText.write(1_577_836_800) == "2020-01-01T00:00:00Z")
        #expect(CalendarText.write(253_402_300_799) == "9999-12-31T23:59:59Z")
        #expect(CalendarText.write(-1) == "1970-01-01T00:00:00Z")
    }

    @Test("names are listed as far as they can be read")
    func names() {
        #expect(NameList.write([]) == "no name")
        #expect(NameList.write(["a", "b"]) == "a, b")
        #expect(NameList.write(["a", "b", "c", "d", "e", "f"]) == "a, b, c, d and 2 more")
    }
}

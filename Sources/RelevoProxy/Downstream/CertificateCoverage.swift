// Which domains of a configuration have a certificate, and which certificates have a domain.
// How one is chosen for a client is ServerNames' matter in CLibeventTLS.

import RelevoHTTP
import RelevoPolicy

/// Compares the names of certificates with those of domains.
struct CertificateCoverage {
    /// What is compared of a certificate.
    struct Named {
        let file: String
        let names: [String]
        let location: SourceLocation?
    }

    private let domains: [Domain]
    private let table: RouteTable
    /// The certificates of each listener that has any, the default first.
    private let listeners: [[Named]]
    /// The file of a certificate for exactly this name.
    private var exact: [String: String] = [:]
    /// The file of a certificate for `*.` and this.
    private var wildcards: [String: String] = [:]
    /// What is above the exact names.
    private var above: Set<String> = []
    private var addresses: Set<String> = []

    /// Problems of one kind that are told one by one.
    private static let most = 10

    /// Gathers the names.
    init(_ table: RouteTable, _ listeners: [[Named]]) {
        self.table = table
        self.listeners = listeners
        domains = table.domains
        for certificate in listeners.joined() {
            for name in certificate.names { take(name, of: certificate.file) }
        }
        // Who asks for an address names nobody (RFC 6066 §3) and gets the default.
        addresses = Set(listeners.compactMap(\.first).flatMap(\.names))
    }

    private mutating func take(_ name: String, of file: String) {
        if name.hasPrefix("*.") {
            let suffix = String(name.dropFirst(2))
            if wildcards[suffix] == nil { wildcards[suffix] = file }
        } else {
            if exact[name] == nil { exact[name] = file }
            above.formUnion(Self.parents(of: name))
        }
    }

    /// What is to be said; empty if each has what it needs.
    func warnings() -> [ConfigurationProblem] {
        guard !listeners.isEmpty else { return [] }
        return domainsWithout() + certificatesWithout()
    }

    // MARK: Domains

    private func domainsWithout() -> [ConfigurationProblem] {
        let bare = domains.filter { !isCovered($0.name) }
        var problems = bare.prefix(Self.most).map { domain in
            ConfigurationProblem(
                "no certificate is for domain `\(domain.written)`: clients refuse what they get for it",
                suggestion: nearest(domain.name), location: domain.location)
        }
        if bare.count > Self.most {
            problems.append(
                ConfigurationProblem("no certificate is for \(bare.count - Self.most) more domains either"))
        }
        return problems
    }

    private func isCovered(_ name: String) -> Bool {
        if name == "*" { return true }
        // Whoever has certificates below a wildcard chose what is asked for there.
        if name.hasPrefix("*.") {
            let suffix = String(name.dropFirst(2))
            return wildcards[suffix] != nil || above.contains(suffix)
        }
        if let address = IPAddress(name.filter { $0 != "[" && $0 != "]" }) {
            return addresses.contains { IPAddress($0) == address }
        }
        return exact[name] != nil || Self.parent(of: name).map { wildcards[$0] != nil } ?? false
    }

    /// The certificate that was probably meant for a domain.
    private func nearest(_ domain: String) -> String? {
        let names = exact.map { ($0.key, $0.value) } + wildcards.map { ("*." + $0.key, $0.value) }
        let labels = domain.split(separator: ".").reversed()
        let ranked = names.map { name, file in
            (
                name: name, file: file,
                shared: zip(labels, name.split(separator: ".").reversed()).prefix { $0 == $1 }.count
            )
        }
        // A top-level domain in common means nothing.
        let best = ranked.filter { $0.shared > 1 }.min {
            ($1.shared, $0.name.count, $0.name) < ($0.shared, $1.name.count, $1.name)
        }
        let slip = Spelling.closest(to: domain, among: names.map(\.0)).flatMap { name in
            ranked.first { $0.name == name }
        }
        return (slip ?? best).map { "the nearest is for `\($0.name)`, in `\($0.file)`" }
    }

    // MARK: Certificates

    private func certificatesWithout() -> [ConfigurationProblem] {
        let parents = Set(domains.compactMap { Self.parent(of: $0.name) })
        var seen: Set<String> = []
        // The default may be there for those who ask for nothing that is served.
        let idle = listeners.flatMap { $0.dropFirst() }.filter { certificate in
            !certificate.names.contains { isServed($0, parents) } && seen.insert(certificate.file).inserted
        }
        var problems = idle.prefix(Self.most).map { certificate in
            ConfigurationProblem(
                "certificate `\(certificate.file)` is for no domain of the configuration",
                suggestion: "it is for \(NameList.write(certificate.names))", location: certificate.location)
        }
        if idle.count > Self.most {
            problems.append(
                ConfigurationProblem("\(idle.count - Self.most) more certificates are for no domain either"))
        }
        return problems
    }

    private func isServed(_ name: String, _ parents: Set<String>) -> Bool {
        var silent = SilentTrace()
        guard name.hasPrefix("*.") else { return table.domain(for: Array(name.utf8)[...], trace: &silent) != nil }
        let suffix = name.dropFirst(2)
        // Any label that nobody has: it is found by a wildcard, or not at all.
        return parents.contains(String(suffix))
            || table.domain(for: Array("_.\(suffix)".utf8)[...], trace: &silent) != nil
    }

    // MARK: Names

    private static func parent(of name: String) -> String? {
        name.utf8.firstIndex(of: UInt8(ascii: ".")).map { String(name[name.utf8.index(after: $0)...]) }
    }

    private static func parents(of name: String) -> [String] {
        var found: [String] = []
        var last = name
        while let next = parent(of: last) {
            found.append(next)
            last = next
        }
        return found
    }
}

/// Names for people, however many there are.
enum NameList {
    /// `a.example, b.example and 3 more`.
    static func write(_ names: [String], most: Int = 4) -> String {
        guard !names.isEmpty else { return "no name" }
        let shown = names.prefix(most).joined(separator: ", ")
        return names.count > most ? "\(shown) and \(names.count - most) more" : shown
    }
}

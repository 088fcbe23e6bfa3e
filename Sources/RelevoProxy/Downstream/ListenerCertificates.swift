// The certificates of listeners: files become what TLS needs, or everything that is wrong with them. Later others take
// the places of those whose files have changed.
// Handshakes are the matter of CLibeventTLS; when files are read again, that of CertificateRenewal.

package import CLibevent
package import CLibeventTLS
package import RelevoPolicy

/// What listeners need to speak TLS. Any thread.
package struct ListenerCertificates: Sendable {
    /// By listener; nil for those that do not.
    package private(set) var contexts: [TLSServerContext?] = []
    /// Keys of the tickets with which clients come back; the same for all listeners and workers, whatever changes.
    package let ticketKeys: TicketKeys
    /// What works, but should be looked at.
    package private(set) var warnings: [ConfigurationProblem] = []
    /// All certificates. Files that several listeners have are there once.
    private(set) var certificates: [ServedCertificate] = []
    /// When they were read, in seconds since 1970: what the warnings are about.
    let readAt: Int64
    private var listeners: [Listener?] = []
    private let table: RouteTable

    /// What a context is made of.
    private struct Listener {
        let address: ListenerAddress
        let location: SourceLocation?
        /// Places of its certificates, the default first.
        let places: [Int]
        /// What its clients have to show.
        var clientCertificates = TLSServerContext.ClientCertificates.off
    }

    /// Names of a certificate that a report has at most.
    static let reportedNames = 32

    /// Reads the files of a snapshot's listeners. Blocks; any thread.
    /// - Parameter mayWait: whether there is time for whoever brings a file through a pipe: not while a proxy serves.
    /// - Throws: all problems at once.
    package init(
        _ snapshot: ProxySnapshot, mayWait: Bool = true, ticketKeys: SharedTicketKeys = SharedTicketKeys(),
        now: WallTime = .now
    ) throws(ConfigurationError) {
        self.ticketKeys = ticketKeys.keys
        table = snapshot.table
        readAt = Int64(now.seconds)
        var reading = Reading(kind: mayWait ? .any : .regular, now: readAt)
        for spec in snapshot.listeners {
            guard let tls = spec.tls else {
                listeners.append(nil)
                continue
            }
            var listener = Listener(address: spec.address, location: spec.location, places: reading.places(of: tls))
            listener.clientCertificates = reading.clientCertificates(of: tls)
            listeners.append(listener)
        }
        guard reading.problems.isEmpty else { throw ConfigurationError(reading.problems) }
        certificates = reading.certificates
        var problems: [ConfigurationProblem] = []
        for listener in listeners {
            do throws(TLSError) {
                contexts.append(try listener.map { listener throws(TLSError) in try context(of: listener) })
            } catch {
                problems.append(
                    ConfigurationProblem("TLS cannot be set up: \(error)", location: listener?.location))
            }
        }
        guard problems.isEmpty else { throw ConfigurationError(problems) }
        warnings = reading.warnings + coverage
    }

    private func context(of listener: Listener) throws(TLSError) -> TLSServerContext {
        try TLSServerContext(
            listener.places.map { certificates[$0].entry }, protocols: ["http/1.1"], ticketKeys: ticketKeys,
            clientCertificates: listener.clientCertificates)
    }

    /// What is to be said of names that do not fit together.
    var coverage: [ConfigurationProblem] {
        let named = certificates.map { served in
            CertificateCoverage.Named(
                file: served.files.certificate, names: served.identity.certificate.names,
                location: served.files.location)
        }
        return CertificateCoverage(table, listeners.compactMap { $0?.places.map { named[$0] } }).warnings()
    }

    /// Puts certificates in the places of others and makes the contexts anew that have them. All or nothing.
    mutating func replace(_ fresh: [Int: ServedCertificate]) throws(TLSError) {
        var changed = self
        for (place, served) in fresh where changed.certificates.indices.contains(place) {
            changed.certificates[place] = served
        }
        for (index, listener) in listeners.enumerated() {
            guard let listener, listener.places.contains(where: { fresh[$0] != nil }) else { continue }
            changed.contexts[index] = try changed.context(of: listener)
        }
        self = changed
    }

    /// The places whose certificates come from a file that can be read again.
    var placesByFile: [String: [Int]] {
        var found: [String: [Int]] = [:]
        for (place, served) in certificates.enumerated() where served.isLasting {
            let files = [served.files.certificate, served.files.key, served.files.ocsp]
            for file in Set(files.compactMap(\.self)) { found[file, default: []].append(place) }
        }
        return found
    }

    /// What is served now.
    package var reports: [CertificateReport] {
        var addresses: [[String]] = certificates.map { _ in [] }
        for case let listener? in listeners {
            for place in Set(listener.places) { addresses[place].append(listener.address.description) }
        }
        return certificates.enumerated().map { place, served in
            let certificate = served.identity.certificate
            return CertificateReport(
                file: served.files.certificate, names: Array(certificate.names.prefix(Self.reportedNames)),
                nameCount: certificate.names.count, notAfter: certificate.notAfter,
                responseUntil: served.response?.nextUpdate, listeners: addresses[place])
        }
    }
}

/// What an operator may want to know of a certificate.
package struct CertificateReport: Sendable, Hashable {
    /// Its file.
    package var file: String
    /// The first of the names that it is for.
    package var names: [String]
    /// How many names it is for.
    package var nameCount: Int
    /// Until when it is valid, in seconds since 1970.
    package var notAfter: Int64
    /// Until when its authority's word is shown, in seconds since 1970; nil if none is.
    package var responseUntil: Int64?
    /// The listeners that have it, as configured.
    package var listeners: [String]
}

extension ListenerCertificates {
    /// Reads certificates and gathers what is to be said about them.
    private struct Reading {
        let kind: PEMFile.Kind
        let now: Int64
        var certificates: [ServedCertificate] = []
        var problems: [ConfigurationProblem] = []
        var warnings: [ConfigurationProblem] = []
        private var issuers = KnownIssuers()
        /// The places of files that were read, without where they were named; nil for those that cannot be used.
        private var known: [CertificateFiles: Int?] = [:]

        init(kind: PEMFile.Kind, now: Int64) { (self.kind, self.now) = (kind, now) }

        mutating func clientCertificates(of tls: ListenerTLS) -> TLSServerContext.ClientCertificates {
            let policy = ClientCertificatePolicy(tls.client, kind)
            problems += policy.problems
            warnings += policy.warnings
            return policy.asked
        }

        mutating func places(of tls: ListenerTLS) -> [Int] {
            tls.certificates.compactMap { files in
                var key = files
                key.location = nil
                if let place = known[key] { return place }
                let place = read(files)
                known[key] = .some(place)
                return place
            }
        }

        private mutating func read(_ files: CertificateFiles) -> Int? {
            var served: ServedCertificate
            do throws(TLSError) {
                served = try ServedCertificate(files, kind)
            } catch {
                problems.append(
                    ConfigurationProblem(
                        "certificate `\(files.certificate)`: \(error)", suggestion: Self.cure(error, files),
                        location: files.location))
                return nil
            }
            readResponse(&served)
            warnings += CertificateAdvice.all(served, now: now, &issuers)
            certificates.append(served)
            return certificates.count - 1
        }

        /// A file that is not there is a slip of the configuration; what is in it changes every few days, and is none.
        private mutating func readResponse(_ served: inout ServedCertificate) {
            guard let file = served.files.ocsp else { return }
            do throws(ServedCertificate.ResponseRefusal) {
                _ = try served.readResponse(now: now, kind)
            } catch {
                switch error {
                case .unreadable(let reason):
                    problems.append(
                        ConfigurationProblem("OCSP response `\(file)`: \(reason)", location: served.files.location))
                case .unusable, .objection:
                    warnings.append(
                        ConfigurationProblem(
                            "OCSP response `\(file)` is not sent: \(error)", location: served.files.location))
                }
            }
        }

        private static func cure(_ error: TLSError, _ files: CertificateFiles) -> String? {
            switch error {
            case .noKey where files.key == nil: "write `key: FILE` beside it, or put the key into the same file"
            case .keyMismatch: "`openssl x509 -noout -pubkey` and `openssl pkey -pubout` show to which the key belongs"
            default: nil
            }
        }
    }
}

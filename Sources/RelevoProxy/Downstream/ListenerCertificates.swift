// The certificates of listeners: files become what TLS needs, or everything that is wrong with them.
// Handshakes are the matter of CLibeventTLS.

package import CLibevent
package import CLibeventTLS
package import RelevoPolicy

/// What listeners need to speak TLS. Any thread.
package struct ListenerCertificates: Sendable {
    /// By listener; nil for those that do not.
    package let contexts: [TLSServerContext?]
    /// Keys of the tickets with which clients come back; the same for all listeners and workers.
    package let ticketKeys: TicketKeys
    /// What works, but should be looked at.
    package let warnings: [ConfigurationProblem]

    /// A certificate that ends within this many days is warned about.
    static let noticeDays: Int64 = 14

    /// Reads the files of a snapshot's listeners. Blocks; any thread.
    /// - Throws: all problems at once.
    package init(_ snapshot: ProxySnapshot, now: WallTime = .now) throws(ConfigurationError) {
        let keys = TicketKeys()
        var reading = Reading(now: Int64(now.seconds))
        contexts = snapshot.listeners.map { listener in
            listener.tls.flatMap { reading.context($0, keys, listener.location) }
        }
        guard reading.problems.isEmpty else { throw ConfigurationError(reading.problems) }
        ticketKeys = keys
        warnings = reading.warnings
    }

    /// Reads certificates and gathers what is to be said about them.
    private struct Reading {
        let now: Int64
        var problems: [ConfigurationProblem] = []
        var warnings: [ConfigurationProblem] = []
        /// A file that several listeners have is read once.
        private var known: [String: TLSIdentity] = [:]

        init(now: Int64) { self.now = now }

        mutating func context(
            _ tls: ListenerTLS, _ keys: TicketKeys, _ location: SourceLocation?
        ) -> TLSServerContext? {
            let before = problems.count
            let clients = ClientCertificatePolicy(tls.client)
            problems += clients.problems
            warnings += clients.warnings
            let entries = tls.certificates.compactMap { files in
                identity(files).map { TLSServerContext.Entry($0) }
            }
            guard problems.count == before else { return nil }
            do throws(TLSError) {
                return try TLSServerContext(
                    entries, protocols: ["http/1.1"], ticketKeys: keys, clientCertificates: clients.asked)
            } catch {
                problems.append(ConfigurationProblem("TLS cannot be set up: \(error)", location: location))
                return nil
            }
        }

        private mutating func identity(_ files: CertificateFiles) -> TLSIdentity? {
            let name = files.certificate + "\n" + (files.key ?? "")
            if let identity = known[name] { return identity }
            do throws(TLSError) {
                let identity = try TLSIdentity(certificateFile: files.certificate, keyFile: files.key)
                known[name] = identity
                judge(identity, files)
                return identity
            } catch {
                problems.append(
                    ConfigurationProblem(
                        "certificate `\(files.certificate)`: \(error)", suggestion: Self.cure(error, files),
                        location: files.location))
                return nil
            }
        }

        private static func cure(_ error: TLSError, _ files: CertificateFiles) -> String? {
            switch error {
            case .noKey where files.key == nil: "write `key: FILE` beside it, or put the key into the same file"
            case .keyMismatch: "`openssl x509 -noout -pubkey` and `openssl pkey -pubout` show to which the key belongs"
            default: nil
            }
        }

        /// Says what clients would find wrong, and what the operator should not find out by them.
        private mutating func judge(_ identity: TLSIdentity, _ files: CertificateFiles) {
            let certificate = identity.certificate
            let days = (certificate.notAfter - now) / 86_400
            if certificate.notAfter <= now {
                warn("certificate `\(files.certificate)` has expired: clients refuse it", files)
            } else if days < ListenerCertificates.noticeDays {
                warn("certificate `\(files.certificate)` ends in \(days == 1 ? "1 day" : "\(days) days")", files)
            }
            if certificate.notBefore > now {
                warn("certificate `\(files.certificate)` is not valid yet: clients refuse it", files)
            }
            if certificate.names.isEmpty {
                warn("certificate `\(files.certificate)` is for no name: clients refuse it", files)
            }
            if PEMFile.isReadableByAll(files.key ?? files.certificate) {
                warn("everybody can read the private key in `\(files.key ?? files.certificate)`", files)
            }
        }

        private mutating func warn(_ text: String, _ files: CertificateFiles) {
            warnings.append(ConfigurationProblem(text, location: files.location))
        }
    }
}

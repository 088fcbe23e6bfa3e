// What a listener asks of its clients' certificates: files become what TLS needs, or all that is wrong with them.
// The listener's own certificates are the matter of ListenerCertificates.

package import CLibevent
package import CLibeventTLS
package import RelevoPolicy

/// The clients' side of a listener's TLS settings, read from its files. Any thread.
package struct ClientCertificatePolicy: Sendable {
    /// What a context asks of clients; means nothing if there are problems.
    package private(set) var asked = TLSServerContext.ClientCertificates.off
    /// What is wrong with the files: no context can be made.
    package private(set) var problems: [ConfigurationProblem] = []
    /// What works, but should be looked at.
    package private(set) var warnings: [ConfigurationProblem] = []

    /// Which files are read.
    private let kind: PEMFile.Kind

    /// Reads the files that the settings name; nil asks for nothing. Blocks.
    package init(_ settings: ClientCertificates?, _ kind: PEMFile.Kind = .any, now: WallTime = .now) {
        self.kind = kind
        guard let settings else { return }
        let time = Int64(now.seconds)
        guard let authorities = authorities(settings, time) else { return }
        var lists: [UInt8]?
        if let crl = settings.crl {
            lists = revocations(settings, crl, of: authorities, time)
            guard lists != nil else { return }
        }
        let believed = TLSAuthorities.pem(authorities, revocations: lists)
        asked =
            switch settings.mode {
            case .require: .required(believed)
            case .request: .requested(believed)
            }
    }

    private mutating func authorities(_ settings: ClientCertificates, _ now: Int64) -> [UInt8]? {
        do throws(TLSError) {
            let text = try PEMFile.read(settings.ca, kind)
            let found = try Certificate.all(in: text)
            for certificate in found where certificate.notAfter <= now {
                warn("authority `\(certificate.subject)` in `\(settings.ca)` has expired", at: settings.location)
            }
            for leaf in try Certificate.leaves(in: text) {
                warn(
                    "certificate `\(leaf.subject)` in `\(settings.ca)` is none of an authority: it makes nobody good",
                    at: settings.location)
            }
            return text
        } catch {
            report("authorities of clients, `\(settings.ca)`: \(error)", at: settings.location)
            return nil
        }
    }

    private mutating func revocations(
        _ settings: ClientCertificates, _ file: String, of authorities: [UInt8], _ now: Int64
    ) -> [UInt8]? {
        let place = settings.crlLocation ?? settings.location
        do throws(TLSError) {
            let text = try PEMFile.read(file, kind)
            let lists = try RevocationList.all(in: text, of: authorities)
            for list in lists where list.isSigned == false {
                report("`\(file)`: the list of `\(list.issuer)` is not signed by that authority", at: place)
            }
            for list in lists { if let end = list.nextUpdate, end <= now { warnOfEnd(list, file, place) } }
            let issuers = Set(lists.map(\.issuer))
            for certificate in try Certificate.all(in: authorities) where !issuers.contains(certificate.subject) {
                report(
                    "`\(file)` has no list of `\(certificate.subject)`: its clients would all be refused",
                    "put the lists of all authorities in `\(settings.ca)` into the file", at: place)
            }
            return problems.isEmpty ? text : nil
        } catch {
            report("revoked certificates of clients, `\(file)`: \(error)", at: place)
            return nil
        }
    }

    private mutating func warnOfEnd(_ list: RevocationList, _ file: String, _ place: SourceLocation?) {
        warn("the list of `\(list.issuer)` in `\(file)` has expired: its clients are refused", at: place)
    }

    private mutating func report(_ message: String, _ cure: String? = nil, at place: SourceLocation?) {
        problems.append(ConfigurationProblem(message, suggestion: cure, location: place))
    }

    private mutating func warn(_ message: String, at place: SourceLocation?) {
        warnings.append(ConfigurationProblem(message, location: place))
    }
}

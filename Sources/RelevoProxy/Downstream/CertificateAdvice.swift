// What is to be said of a certificate that works: what clients find wrong with it, and what the operator should not
// find out by them.
// Whether it is for the right names is CertificateCoverage's matter.

import CLibeventTLS
import RelevoPolicy

/// Words about certificates.
enum CertificateAdvice {
    /// A certificate that ends within this many days is warned about.
    static let noticeDays: Int64 = 14

    /// Everything that is to be said of a certificate at a moment.
    static func all(_ served: ServedCertificate, now: Int64) -> [ConfigurationProblem] {
        let (certificate, file) = (served.identity.certificate, served.files.certificate)
        var texts: [(String, String?)] = []
        if let text = expiry(served, now: now) { texts.append((text, nil)) }
        if certificate.notBefore > now {
            let begin = CalendarText.write(certificate.notBefore)
            texts.append(("certificate `\(file)` is not valid before \(begin): clients refuse it", nil))
        }
        if certificate.names.isEmpty { texts.append(("certificate `\(file)` is for no name: clients refuse it", nil)) }
        texts += chain(served)
        let all = [certificate] + served.identity.intermediates
        for (place, one) in all.enumerated() {
            guard let weakness = one.weakness else { continue }
            let which = place == 0 ? "certificate `\(file)`" : "certificate \(place + 1) in `\(file)`"
            texts.append(("clients refuse \(which): \(weakness)", nil))
        }
        let key = served.files.key ?? file
        if PEMFile.isReadableByAll(key) {
            texts.append(("everybody can read the private key in `\(key)`", "chmod o-r"))
        }
        if certificate.mustStaple, served.response == nil {
            texts.append(
                (
                    "certificate `\(file)` demands a stapled OCSP response and there is none: some clients refuse it",
                    served.files.ocsp == nil ? "write `ocsp: FILE` beside it" : nil
                ))
        }
        return texts.map { ConfigurationProblem($0.0, suggestion: $0.1, location: served.files.location) }
    }

    /// That a certificate has ended or ends soon; nil if it does not.
    static func expiry(_ served: ServedCertificate, now: Int64) -> String? {
        let (file, end) = (served.files.certificate, served.identity.certificate.notAfter)
        let left = end - now
        guard left < noticeDays * 86_400 else { return nil }
        let date = CalendarText.write(end)
        guard left > 0 else { return "certificate `\(file)` has expired at \(date): clients refuse it" }
        return "certificate `\(file)` ends in \(CalendarText.write(remaining: left)) (\(date))"
    }

    /// That an authority's word has ended; nil if it has not, or if there is none.
    static func expiry(ofResponse served: ServedCertificate, now: Int64) -> String? {
        guard let file = served.files.ocsp, let end = served.response?.nextUpdate, end <= now else { return nil }
        return "OCSP response `\(file)` has expired at \(CalendarText.write(end)): it is not sent"
    }

    /// What is wrong with the order, or missing.
    private static func chain(_ served: ServedCertificate) -> [(String, String?)] {
        let (identity, file) = (served.identity, served.files.certificate)
        let own = identity.certificate
        if own.isAuthority, !own.isSelfIssued || !identity.intermediates.isEmpty {
            return [
                (
                    "the first certificate in `\(file)` is that of an authority, `\(own.subject)`",
                    "the server's own one comes first"
                )
            ]
        }
        guard let flaw = try? identity.flaw() else { return [] }
        switch flaw {
        case .outOfOrder(let place):
            return [
                (
                    "the certificates in `\(file)` are in the wrong order",
                    "each is followed by its issuer's, and certificate \(place) is not"
                )
            ]
        case .missingIssuer(let issuer, let place):
            let last = ([own] + identity.intermediates)[place - 1]
            // Without authorities nothing can be said; and those of a company's own are often not the system's.
            guard TLSAuthorities.systemHasAny, place == 1 || last.namesIssuer else { return [] }
            let which = place == 1 ? "" : " of certificate \(place)"
            return [
                (
                    "the issuer\(which) is missing in `\(file)`: `\(issuer)`, which this system does not know",
                    "most clients know roots only: add what is between; a root of your own may be added as well"
                )
            ]
        }
    }
}

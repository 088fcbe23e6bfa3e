// One certificate with its key and its authority's word, as they were read, and whether their files say something else
// by now.
// When files are read is the matter of ListenerCertificates and CertificateRenewal.

import CLibevent
import CLibeventTLS
import RelevoPolicy

/// A certificate that is served. Any thread.
package struct ServedCertificate: Sendable {
    /// Where it comes from.
    let files: CertificateFiles
    /// The certificate, its chain and its key.
    private(set) var identity: TLSIdentity
    /// What is shown to clients that ask whether it is revoked; nil for nothing.
    private(set) var response: OCSPResponse?
    /// Whether certificate and key can be read again: a pipe brings them once.
    let isLasting: Bool
    /// Codes of what was read, of the certificate and of the key.
    private var digests: [ContentDigest?]
    /// The code of the text that `response` was.
    private var responseDigest: ContentDigest?

    /// Reads certificate and key. Blocks.
    init(_ files: CertificateFiles, _ kind: PEMFile.Kind) throws(TLSError) {
        let texts = try Self.texts(files, kind)
        self.files = files
        isLasting = [files.certificate, files.key].allSatisfy { path in
            path.map { FileMark($0)?.isRegular ?? false } ?? true
        }
        identity = try Self.identity(texts)
        digests = texts.map { ContentDigest($0) }
    }

    private static func texts(_ files: CertificateFiles, _ kind: PEMFile.Kind) throws(TLSError) -> [[UInt8]] {
        var texts = [try PEMFile.read(files.certificate, kind)]
        if let key = files.key { texts.append(try PEMFile.read(key, kind)) }
        return texts
    }

    private static func identity(_ texts: [[UInt8]]) throws(TLSError) -> TLSIdentity {
        let identity = try TLSIdentity(certificates: texts[0], key: texts.count > 1 ? texts[1] : nil)
        if let words = identity.refusal() { throw .refused(words) }
        return identity
    }

    /// Why a certificate is not taken in the place of one that serves.
    enum Refusal: Error, CustomStringConvertible {
        /// The files cannot be used.
        case unusable(TLSError)
        /// Clients would refuse it while they accept the one from before.
        case expired(Int64)
        /// Clients would refuse it while they accept the one from before.
        case notYet(Int64)

        var description: String {
            switch self {
            case .unusable(let error): error.description
            case .expired(let end): "it has expired at \(CalendarText.write(end))"
            case .notYet(let begin): "it is not valid before \(CalendarText.write(begin))"
            }
        }
    }

    /// Reads certificate and key again. Blocks.
    /// - Returns: whether there are others now. An authority's word about the ones from before is dropped.
    mutating func readAgain(now: Int64) throws(Refusal) -> Bool {
        let fresh: TLSIdentity
        let codes: [ContentDigest?]
        do throws(TLSError) {
            let texts = try Self.texts(files, .regular)
            codes = texts.map { ContentDigest($0) }
            guard codes != digests || codes.contains(nil) else { return false }
            fresh = try Self.identity(texts)
        } catch {
            throw .unusable(error)
        }
        let (old, new) = (identity.certificate, fresh.certificate)
        if old.notBefore <= now, old.notAfter > now {
            if new.notAfter <= now { throw .expired(new.notAfter) }
            if new.notBefore > now { throw .notYet(new.notBefore) }
        }
        digests = codes
        let isSame = old.fingerprint == new.fingerprint
        identity = fresh
        if !isSame {
            response = nil
            responseDigest = nil
        }
        return true
    }

    // MARK: The authority's word

    /// Why an authority's word is not shown.
    enum ResponseRefusal: Error, CustomStringConvertible {
        /// The file cannot be read.
        case unreadable(TLSError)
        /// It is of no use.
        case unusable(OCSPError)
        /// It is not to be shown now.
        case objection(OCSPResponse.Objection, OCSPResponse)

        var description: String {
            switch self {
            case .unreadable(let error): error.description
            case .unusable(let error): error.description
            case .objection(.revoked, _): "it says that the certificate is revoked"
            case .objection(.unknown, _): "it says that the responder does not know the certificate"
            case .objection(.expired, let response):
                "it has expired at \(CalendarText.write(response.nextUpdate))"
            case .objection(.early, let response):
                "it is not valid before \(CalendarText.write(response.thisUpdate))"
            }
        }
    }

    /// Reads the authority's word, for the first time or again. One that is not of use leaves the one from before.
    /// Blocks.
    /// - Returns: whether there is another one now.
    mutating func readResponse(now: Int64, _ kind: PEMFile.Kind = .regular) throws(ResponseRefusal) -> Bool {
        guard let file = files.ocsp else { return false }
        let bytes: [UInt8]
        do throws(TLSError) { bytes = try PEMFile.read(file, kind) } catch { throw .unreadable(error) }
        let code = ContentDigest(bytes)
        if code != nil, code == responseDigest, response != nil { return false }
        let fresh: OCSPResponse
        do throws(OCSPError) {
            fresh = try OCSPResponse(bytes, for: identity)
        } catch {
            throw .unusable(error)
        }
        if let objection = fresh.objection(at: now) { throw .objection(objection, fresh) }
        response = fresh
        responseDigest = code
        return true
    }

    /// What a context needs of it.
    var entry: TLSServerContext.Entry {
        TLSServerContext.Entry(
            identity, stapled: response?.bytes, stapledUntil: response?.nextUpdate ?? 0)
    }
}

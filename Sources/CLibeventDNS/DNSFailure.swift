// Why a name gave no answer.
// What follows from it, keeping old addresses or trying again, is for the caller to decide.

import CCares

/// A lookup that gave nothing.
public enum DNSFailure: Error, Sendable, Hashable {
    /// The name does not exist (NXDOMAIN), in no search domain either.
    case notFound
    /// The name exists and has no record of the kind that was asked for.
    case noData
    /// No nameserver answered in time, or none with an answer to this question.
    case timedOut
    /// The only nameserver does not serve us (REFUSED).
    case refused
    /// The only nameserver could not answer (SERVFAIL, FORMERR, NOTIMP).
    case serverFailed
    /// The only nameserver could not be reached; of several, each failed in this or another way.
    case unreachable
    /// The answer cannot be read.
    case malformed
    /// What was asked for is not a domain name.
    case invalidName
    /// A nameserver of the settings has no address and port that can be used.
    case invalidNameserver
    /// More lookups than ``DNSResolver/maxLookups`` are under way.
    case busy
    /// The system lacks memory or descriptors.
    case exhausted

    /// Whether a nameserver has said so, as opposed to there being no answer: another try soon would give the same.
    public var isAnswer: Bool { self == .notFound || self == .noData }
}

extension DNSFailure: CustomStringConvertible {
    /// The reason in words: `the name does not exist`.
    public var description: String {
        switch self {
        case .notFound: "the name does not exist"
        case .noData: "the name has no record of this kind"
        case .timedOut: "no nameserver answered in time"
        case .refused: "the nameserver refused to answer"
        case .serverFailed: "the nameserver could not answer"
        case .unreachable: "no nameserver could be reached, or each of them failed"
        case .malformed: "the nameserver's answer cannot be read"
        case .invalidName: "not a domain name"
        case .invalidNameserver: "a nameserver needs an IP address and a port"
        case .busy: "too many lookups at a time"
        case .exhausted: "the system lacks memory or descriptors for the lookup"
        }
    }
}

extension DNSFailure {
    /// Reads a status of c-ares; nil for success.
    init?(status: Int32) {
        switch status {
        case ARES_SUCCESS: return nil
        case ARES_ENODATA: self = .noData
        case ARES_ENOTFOUND: self = .notFound
        case ARES_ETIMEOUT: self = .timedOut
        case ARES_EREFUSED: self = .refused
        case ARES_ESERVFAIL, ARES_EFORMERR, ARES_ENOTIMP: self = .serverFailed
        case ARES_EBADRESP: self = .malformed
        case ARES_EBADQUERY, ARES_EBADNAME, ARES_EBADSTR: self = .invalidName
        case ARES_ENOMEM, ARES_EFILE: self = .exhausted
        default: self = .unreachable
        }
    }
}

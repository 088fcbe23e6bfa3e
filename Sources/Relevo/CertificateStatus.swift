// The certificates of a running proxy, as plain values: which there are and when they end.
// They are read and replaced in RelevoProxy.

import RelevoProxy

/// A certificate that new clients are shown.
public struct CertificateStatus: Sendable, Hashable {
    /// Its file, as configured.
    public var file: String
    /// Names and addresses that it is for: the first 32.
    public var names: [String]
    /// How many it is for.
    public var nameCount: Int
    /// Until when it is valid, in seconds since 1970.
    public var notAfter: Int64
    /// Until when the stapled OCSP response holds, in seconds since 1970; nil if none is sent.
    public var responseUntil: Int64?
    /// The listeners that have it, as configured.
    public var listeners: [String]

    init(_ report: CertificateReport) {
        file = report.file
        names = report.names
        nameCount = report.nameCount
        notAfter = report.notAfter
        responseUntil = report.responseUntil
        listeners = report.listeners
    }
}

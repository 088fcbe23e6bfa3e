// An answer with SRV records (RFC 2782), as bytes to a value.
// Asking, and what to do with the value, are not its matter.

extension DNSResolver.Services {
    /// Reads the answer to one question; throws `noData` if no record fits or the service is denied.
    package init(message: [UInt8]) throws(DNSFailure) {
        var reader = MessageReader(message)
        try reader.skip(4)
        let (questions, records) = (try reader.word(), try reader.word())
        try reader.skip(4)
        guard questions == 1 else { throw .malformed }
        var reply = ServiceReply(to: try reader.name())
        try reader.skip(4)
        for _ in 0..<records { try reply.readRecord(&reader) }
        guard !reply.found.isEmpty else { throw .noData }
        services = reply.found.sorted(by: ServiceReply.precedes)
        timeToLive = .seconds(reply.seconds)
    }
}

/// What the records of an answer have said so far.
private struct ServiceReply {
    /// RFC 1035 §3.2.2 and §3.2.4, RFC 2782.
    private static let (alias, service, internet) = (5, 33, 1)

    private(set) var found: Set<DNSResolver.Service> = []
    private(set) var seconds = Int(Int32.max)
    /// The name that was asked for, and those that it is an alias of: records of other names are passed over.
    private var names: Set<String>

    init(to name: String) { names = [name] }

    mutating func readRecord(_ reader: inout MessageReader) throws(DNSFailure) {
        let isOurs = names.contains(try reader.name())
        let (type, network) = (try reader.word(), try reader.word())
        let lifetime = Self.lifetime(try reader.long())
        let length = try reader.word()
        let end = reader.position + length
        if isOurs, network == Self.internet, type == Self.alias || type == Self.service {
            seconds = min(seconds, lifetime)
            if type == Self.alias { names.insert(try reader.name()) } else { try readService(&reader) }
        }
        guard reader.position <= end else { throw .malformed }
        try reader.skip(end - reader.position)
    }

    private mutating func readService(_ reader: inout MessageReader) throws(DNSFailure) {
        let (priority, weight, port) = (try reader.word(), try reader.word(), try reader.word())
        let host = try reader.name()
        guard !host.isEmpty, found.count < DNSResolver.maxRecords else { return }
        found.insert(DNSResolver.Service(host: host, port: UInt16(port), priority: priority, weight: weight))
    }

    /// RFC 2181 §8: a value with the highest bit set means none.
    private static func lifetime(_ value: Int) -> Int { value > Int(Int32.max) ? 0 : value }

    static func precedes(_ left: DNSResolver.Service, _ right: DNSResolver.Service) -> Bool {
        (left.priority, right.weight, left.host, left.port) < (right.priority, left.weight, right.host, right.port)
    }
}

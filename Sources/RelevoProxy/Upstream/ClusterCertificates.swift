// Whom clusters believe and what they show: files become what TLS needs, or everything that is wrong with them.
// Connections are opened by EndpointSecurity.

package import CLibeventTLS
package import RelevoPolicy

/// What clusters need to speak TLS with their endpoints. Any thread.
package struct ClusterCertificates: Sendable {
    /// By the cluster's number; nil for those that do not.
    package let contexts: [TLSClientContext?]
    private let made: [ClusterKey: Made]

    /// A context, and what it was made of.
    private struct Made {
        let settings: ClusterTLS
        let contents: [ContentDigest?]
        let context: TLSClientContext
    }

    /// Reads the files of a snapshot's clusters. Blocks; any thread.
    /// - Parameter earlier: what is served, if it is: where neither settings nor files differ, its contexts go on, and
    ///   with them connections and tickets.
    /// - Throws: all problems at once.
    package init(_ snapshot: ProxySnapshot, after earlier: ClusterCertificates? = nil) throws(ConfigurationError) {
        var problems: [ConfigurationProblem] = []
        var made: [ClusterKey: Made] = [:]
        contexts = snapshot.byCluster { cluster in
            guard let tls = cluster.tls else { return nil }
            let texts = ReadFiles(tls.files, earlier == nil ? .any : .regular)
            let found = Self.make(tls, texts, cluster.location, after: earlier?.made[cluster.key], &problems)
            made[cluster.key] = found
            return found?.context
        }
        self.made = made
        guard problems.isEmpty else { throw ConfigurationError(problems) }
    }

    private static func make(
        _ tls: ClusterTLS, _ texts: ReadFiles, _ location: SourceLocation?, after earlier: Made?,
        _ problems: inout [ConfigurationProblem]
    ) -> Made? {
        let settings = tls.unlocated
        let contents = settings.files.map { path -> ContentDigest? in
            guard let bytes = try? texts.bytes(path) else { return nil }
            return ContentDigest(bytes)
        }
        let isKnown = !contents.contains(nil)
        if let earlier, isKnown, earlier.settings == settings, earlier.contents == contents { return earlier }
        guard let context = context(tls, texts, location, &problems) else { return nil }
        return Made(settings: settings, contents: contents, context: context)
    }

    /// Makes the context of one cluster.
    /// - Parameter problems: gets what is wrong with them.
    private static func context(
        _ tls: ClusterTLS, _ texts: ReadFiles, _ location: SourceLocation?, _ problems: inout [ConfigurationProblem]
    ) -> TLSClientContext? {
        let place = tls.location ?? location
        let before = problems.count
        let subject = tls.authorities.map { "authorities in `\($0)`" } ?? "authorities of the system"
        let verification = read(subject, place, &problems) { () throws(TLSError) in try Self.verification(tls, texts) }
        let identity = tls.identity.flatMap { files in
            read("certificate `\(files.certificate)`", files.location ?? place, &problems) { () throws(TLSError) in
                let key = try files.key.map { path throws(TLSError) in try texts.bytes(path) }
                return try TLSIdentity(certificates: texts.bytes(files.certificate), key: key)
            }
        }
        guard let verification, problems.count == before else { return nil }
        return read(subject, place, &problems) { () throws(TLSError) in
            try TLSClientContext(verification, identity: identity, protocols: ["http/1.1"])
        }
    }

    private static func verification(
        _ tls: ClusterTLS, _ texts: ReadFiles
    ) throws(TLSError) -> TLSClientContext.Verification {
        guard tls.verifies else { return .offTrustingAnyone }
        guard let file = tls.authorities else { return .authorities(.system) }
        let lists = try tls.revocations.map { path throws(TLSError) in try texts.bytes(path) }
        return .authorities(.pem(try texts.bytes(file), revocations: lists))
    }

    private static func read<Value>(
        _ subject: String, _ place: SourceLocation?, _ problems: inout [ConfigurationProblem],
        _ body: () throws(TLSError) -> Value
    ) -> Value? {
        do throws(TLSError) {
            return try body()
        } catch {
            problems.append(ConfigurationProblem("\(subject): \(error)", location: place))
            return nil
        }
    }
}

/// Files as they were at one moment: each is read once, so that a pipe may bring one, and so that what is compared is
/// what is used.
private struct ReadFiles {
    private let kind: PEMFile.Kind
    private var found: [String: Result<[UInt8], TLSError>] = [:]

    /// Reads files. Blocks.
    init(_ paths: [String], _ kind: PEMFile.Kind) {
        self.kind = kind
        for path in paths where found[path] == nil {
            found[path] = Result { () throws(TLSError) in try PEMFile.read(path, kind) }
        }
    }

    /// What was read of a file, or why nothing was.
    func bytes(_ path: String) throws(TLSError) -> [UInt8] {
        guard let result = found[path] else { return try PEMFile.read(path, kind) }
        return try result.get()
    }
}

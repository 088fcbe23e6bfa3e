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
            let found = Self.make(tls, cluster.location, after: earlier?.made[cluster.key], &problems)
            made[cluster.key] = found
            return found?.context
        }
        self.made = made
        guard problems.isEmpty else { throw ConfigurationError(problems) }
    }

    private static func make(
        _ tls: ClusterTLS, _ location: SourceLocation?, after earlier: Made?,
        _ problems: inout [ConfigurationProblem]
    ) -> Made? {
        let settings = tls.unlocated
        // Read once more, and before: what changes in between is seen by the next reload.
        let contents = settings.files.map { path -> ContentDigest? in
            guard let bytes = try? PEMFile.read(path) else { return nil }
            return ContentDigest(bytes)
        }
        let isKnown = !contents.contains(nil)
        if let earlier, isKnown, earlier.settings == settings, earlier.contents == contents { return earlier }
        guard let context = context(tls, location, &problems) else { return nil }
        return Made(settings: settings, contents: contents, context: context)
    }

    /// Reads the files of one cluster.
    /// - Parameter problems: gets what is wrong with them.
    private static func context(
        _ tls: ClusterTLS, _ location: SourceLocation?, _ problems: inout [ConfigurationProblem]
    ) -> TLSClientContext? {
        let place = tls.location ?? location
        let before = problems.count
        let subject = tls.authorities.map { "authorities in `\($0)`" } ?? "authorities of the system"
        let verification = read(subject, place, &problems) { () throws(TLSError) in try Self.verification(tls) }
        let identity = tls.identity.flatMap { files in
            read("certificate `\(files.certificate)`", files.location ?? place, &problems) { () throws(TLSError) in
                try TLSIdentity(certificateFile: files.certificate, keyFile: files.key)
            }
        }
        guard let verification, problems.count == before else { return nil }
        return read(subject, place, &problems) { () throws(TLSError) in
            try TLSClientContext(verification, identity: identity, protocols: ["http/1.1"])
        }
    }

    private static func verification(_ tls: ClusterTLS) throws(TLSError) -> TLSClientContext.Verification {
        guard tls.verifies else { return .offTrustingAnyone }
        guard let file = tls.authorities else { return .authorities(.system) }
        return .authorities(try TLSAuthorities.file(file, revocations: tls.revocations))
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

// Whom clusters believe and what they show: files become what TLS needs, or everything that is wrong with them.
// Connections are opened by EndpointSecurity.

package import CLibeventTLS
package import RelevoPolicy

/// What clusters need to speak TLS with their endpoints. Any thread.
package struct ClusterCertificates: Sendable {
    /// By the cluster's number; nil for those that do not.
    package let contexts: [TLSClientContext?]

    /// Reads the files of a snapshot's clusters. Blocks; any thread.
    /// - Throws: all problems at once.
    package init(_ snapshot: ProxySnapshot) throws(ConfigurationError) {
        var problems: [ConfigurationProblem] = []
        contexts = snapshot.byCluster { cluster in
            cluster.tls.flatMap { Self.context($0, cluster.location, &problems) }
        }
        guard problems.isEmpty else { throw ConfigurationError(problems) }
    }

    /// Reads the files of one cluster.
    /// - Parameter problems: gets what is wrong with them.
    private static func context(
        _ tls: ClusterTLS, _ location: SourceLocation?, _ problems: inout [ConfigurationProblem]
    ) -> TLSClientContext? {
        let place = tls.location ?? location
        let before = problems.count
        let verification = read("authorities `\(tls.authorities ?? "of the system")`", place, &problems) {
            () throws(TLSError) in try Self.verification(tls)
        }
        let identity = tls.identity.flatMap { files in
            read("certificate `\(files.certificate)`", files.location ?? place, &problems) { () throws(TLSError) in
                try TLSIdentity(certificateFile: files.certificate, keyFile: files.key)
            }
        }
        guard let verification, problems.count == before else { return nil }
        return read("TLS to endpoints", place, &problems) { () throws(TLSError) in
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

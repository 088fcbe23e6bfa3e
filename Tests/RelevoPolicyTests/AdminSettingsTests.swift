// Where a proxy may be asked and given orders.
// Who is let in there is tested with whole programs.

import RelevoPolicy
import Testing

@Suite("Where the admin listener may be") struct AdminSettingsTests {
    private func problems(_ admin: AdminSettings) -> [String] {
        var configuration = ProxyConfiguration(
            listeners: ["127.0.0.1:80"], domains: [.init("a.example", endpoints: ["10.0.0.1"])])
        configuration.admin = admin
        do throws(ConfigurationError) {
            _ = try SnapshotBuilder.build(configuration)
            return []
        } catch {
            return error.problems.map(\.description)
        }
    }

    @Test(
        "a path, an address of this machine, and any other with a token",
        arguments: [
            AdminSettings("unix:/run/relevo/admin.sock"), AdminSettings("127.0.0.1:9900"), AdminSettings("[::1]:9900"),
            AdminSettings("127.0.0.1:9900", tokenFile: "token"), AdminSettings("0.0.0.0:9900", tokenFile: "token"),
        ])
    func good(_ admin: AdminSettings) { #expect(problems(admin).isEmpty) }

    @Test(
        "what others could reach, and a name",
        arguments: [
            (AdminSettings("0.0.0.0:9900"), "can be reached by others"), (AdminSettings("[::]:9900"), "by others"),
            (AdminSettings("10.0.0.1:9900"), "by others"), (AdminSettings("localhost:9900"), "write `127.0.0.1:9900`"),
            (AdminSettings("127.0.0.1"), "has no port"), (AdminSettings("unix:run"), "unix:"),
            (AdminSettings("127.0.0.1:80"), "want the same place"),
            (AdminSettings("0.0.0.0:80", tokenFile: "t"), "same place"),
        ])
    func bad(_ admin: AdminSettings, _ words: String) {
        let found = problems(admin)
        #expect(found.count == 1 && found[0].contains(words), "\(found)")
    }
}

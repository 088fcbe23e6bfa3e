// How names are looked up, checked.
// Bounds are in ResolverRules, the texts of addresses in AddressText.

extension SnapshotBuilder {
    mutating func checkResolver() {
        let settings = configuration.resolver
        for nameserver in settings.nameservers {
            do {
                _ = try AddressText.nameserver(nameserver.address)
            } catch {
                report(error.message, error.suggestion, at: nameserver.location)
            }
        }
        for problem in ResolverRules.problems(of: settings) {
            let path = (["resolver"] + problem.path).joined(separator: ".")
            report("`\(path)` \(problem.message)", problem.suggestion, at: nil)
        }
    }
}

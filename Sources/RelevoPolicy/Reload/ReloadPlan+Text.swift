// A plan in words: one line for all of it, or a line for each difference.
// What the differences are is found in ReloadPlan.

extension ReloadPlan: CustomStringConvertible {
    /// Counts, as in `2 routes changed, 1 cluster removed`; `nothing changes` if there is no difference.
    public var description: String {
        guard !items.isEmpty else { return "nothing changes" }
        var parts: [String] = []
        for kind in Kind.allCases {
            for change in Change.allCases {
                let count = items.count { $0.kind == kind && $0.change == change }
                if count > 0 { parts.append("\(count) \(kind.rawValue)\(count == 1 ? "" : "s") \(change.rawValue)") }
            }
        }
        return parts.joined(separator: ", ")
    }

    /// A line for each difference, as in `~ cluster api: health, retry (relevo.yaml:12)`.
    public var lines: [String] {
        items.map { item in
            let sign =
                switch item.change {
                case .added: "+"
                case .removed: "-"
                case .changed: "~"
                }
            let keys = item.keys.isEmpty ? "" : ": " + item.keys.joined(separator: ", ")
            let place = item.location.map { " (\($0.file):\($0.line))" } ?? ""
            return "\(sign) \(item.kind.rawValue) \(item.name)\(keys)\(place)"
        }
    }
}

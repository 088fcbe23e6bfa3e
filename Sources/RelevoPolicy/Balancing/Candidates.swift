// Which endpoints of a cluster may be chosen at the moment.
// Who of them is chosen is the matter of the policies beside this file.

/// What a balancer must leave out.
package struct Candidates: Sendable {
    /// For each endpoint of the cluster whether it can be used at all; empty means all can.
    package var usable: [Bool]
    /// Positions that this request has tried already.
    package var tried: [Int]

    /// Creates a set of candidates.
    package init(usable: [Bool] = [], tried: [Int] = []) {
        self.usable = usable
        self.tried = tried
    }

    /// Whether nothing is left out: the usual case, in which balancers need no look at each endpoint.
    package var isEverything: Bool { usable.isEmpty && tried.isEmpty }

    /// Whether the endpoint at a position of the cluster may be chosen.
    package func allows(_ position: Int) -> Bool {
        (usable.isEmpty || usable[position]) && !tried.contains(position)
    }
}

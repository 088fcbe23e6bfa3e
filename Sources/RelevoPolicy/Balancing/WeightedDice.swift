// Dice with as many faces as there are usable endpoints, each as likely as its weight: what several policies throw.
// Not a policy.

/// Chooses positions with probabilities in proportion to weights, in constant time (Walker's alias method).
///
/// There are as many columns as usable endpoints, all of the same height; each is filled by one endpoint or by two. One
/// random number chooses the column and the height. A search through sums would take a mispredicted branch for each of
/// its steps. The columns are made anew when weights have changed.
struct WeightedDice: Sendable {
    /// Throws before the endpoints that are left are gone through one by one.
    private static let throwLimit = 4

    private struct Column: BitwiseCopyable {
        /// The endpoint below the limit.
        var position: Int
        /// The endpoint above it.
        var other: Int
        /// In parts of 2⁶⁴ of the height.
        var limit: UInt64
    }

    private var columns: [Column] = []
    private var generation: Int?

    /// A position of a tier that the request has not tried, other than the excluded one; nil if there is none.
    mutating func pick(
        _ view: borrowing ClusterView, _ request: borrowing BalanceRequest, in tier: Int,
        excluding excluded: Int? = nil,
        using random: inout RandomSource
    ) -> Int? {
        if tier == view.serving {
            if generation != view.generation { rebuild(view) }
            // Repeated until it is allowed, a throw has the probabilities of dice without the forbidden faces.
            for _ in 0..<Self.throwLimit {
                guard let position = roll(&random) else { return nil }
                if position != excluded, !request.tried.contains(position) { return position }
                if columns.count == 1 { return nil }
            }
        }
        return search(view, request, in: tier, excluding: excluded, using: &random)
    }

    /// Two different positions of a tier, or one twice if it has no other; nil if there is none.
    mutating func pickTwo(
        _ view: borrowing ClusterView, _ request: borrowing BalanceRequest, in tier: Int,
        using random: inout RandomSource
    ) -> (Int, Int)? {
        guard let first = pick(view, request, in: tier, using: &random) else { return nil }
        return (first, pick(view, request, in: tier, excluding: first, using: &random) ?? first)
    }

    private func roll(_ random: inout RandomSource) -> Int? {
        guard columns.count > 1 else { return columns.first?.position }
        let (index, height) = random.next().multipliedFullWidth(by: UInt64(truncatingIfNeeded: columns.count))
        let column = columns[Int(truncatingIfNeeded: index)]
        return height < column.limit ? column.position : column.other
    }

    /// The same with a look at each endpoint.
    private func search(
        _ view: borrowing ClusterView, _ request: borrowing BalanceRequest, in tier: Int, excluding excluded: Int?,
        using random: inout RandomSource
    ) -> Int? {
        var total = 0
        for position in view.weights.indices where position != excluded {
            total += view.weight(of: position, for: request, in: tier)
        }
        guard total > 0 else { return nil }
        var mark = random.below(total)
        for position in view.weights.indices where position != excluded {
            mark -= view.weight(of: position, for: request, in: tier)
            if mark < 0 { return position }
        }
        return nil
    }

    /// Fills the columns: what a light endpoint leaves free of its own goes to a heavy one, until all are full.
    private mutating func rebuild(_ view: borrowing ClusterView) {
        generation = view.generation
        columns.removeAll(keepingCapacity: true)
        var total = 0
        for position in view.weights.indices where view.weights[position] > 0 {
            columns.append(Column(position: position, other: position, limit: .max))
            total += view.weights[position]
        }
        var rest: [Int] = []
        for column in columns { rest.append(view.weights[column.position] * columns.count) }
        var light: [Int] = []
        var heavy: [Int] = []
        for index in rest.indices {
            if rest[index] < total { light.append(index) } else { heavy.append(index) }
        }
        while let giver = heavy.last, let taker = light.popLast() {
            columns[taker].limit = Self.fraction(rest[taker], of: total)
            columns[taker].other = columns[giver].position
            rest[giver] -= total - rest[taker]
            if rest[giver] < total { light.append(heavy.removeLast()) }
        }
    }

    /// A part of a greater whole, in parts of 2⁶⁴.
    private static func fraction(_ part: Int, of whole: Int) -> UInt64 {
        UInt64(truncatingIfNeeded: whole).dividingFullWidth((UInt64(truncatingIfNeeded: part), 0)).quotient
    }
}

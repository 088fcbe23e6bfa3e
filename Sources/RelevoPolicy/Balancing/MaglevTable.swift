// Which keys belong to which endpoint, as configured.
// Who can be had at the moment, and what becomes of the keys of the others: HashBalancer.

/// A table in which each endpoint has places in proportion to its weight, and loses few of them to others when one of
/// these comes or goes (Eisenbud et al., "Maglev", NSDI 2016, §3.4).
///
/// Made of nothing but the texts and weights of the endpoints, in whatever order they are written: the same in every
/// process and after every restart. It is built once and shared by all workers.
package struct MaglevTable: Sendable {
    /// Primes, so that any step goes through all places.
    private static let sizes = [65_537, 655_373, 5_000_011]
    /// Places for each endpoint at least: shares are right to a hundredth of a share.
    private static let placesPerEndpoint = 100
    private static let maxWeight = 1000

    /// Positions of endpoints; empty if no endpoint has a weight.
    private let places: [UInt32]
    /// Hashes of the endpoints' texts.
    private let identities: [UInt64]
    /// Scaled weights that the places were given for.
    private let weights: [Int]

    /// Creates the table of a cluster's endpoints. Those in reserve have no places.
    package init(_ endpoints: [Endpoint]) {
        let first = endpoints.lazy.map(\.backup).min() ?? 0
        self.init(texts: endpoints.map(\.text), weights: endpoints.map { $0.backup == first ? $0.weight : 0 })
    }

    init(texts: [String], weights: [Int]) {
        let shares = weights.map { min(max($0, 0), Self.maxWeight) }
        identities = texts.map { HashKey.hash(ArraySlice($0.utf8)) }
        self.weights = shares.map { $0 * ClusterView.weightScale }
        let order = shares.indices.filter { shares[$0] > 0 }.sorted { texts[$0] < texts[$1] }
        let size = Self.sizes.first { $0 >= order.count * Self.placesPerEndpoint } ?? Self.sizes[2]
        var walks: [Walk] = []
        var sum = 0
        var given = 0
        let total = order.reduce(0) { $0 + shares[$1] }
        for position in order {
            // Rounding the sums instead of the shares gives away every place exactly once.
            sum += shares[position]
            let reached = sum * size / total
            if reached > given {
                walks.append(Walk(position, identities[position], places: reached - given, of: size))
            }
            given = reached
        }
        places = Self.fill(size, walks)
    }

    /// Endpoints that it was made of, those without places included.
    var count: Int { identities.count }

    /// The endpoint that a hash belongs to.
    func position(of hash: UInt64) -> Int? {
        guard !places.isEmpty else { return nil }
        return Int(places[Self.part(hash, of: places.count)])
    }

    /// Whether a place counts though its endpoint weighs less than when the table was made, as in a slow start: then
    /// some of its keys go elsewhere, always the same. More weight than configured changes nothing.
    func keeps(_ hash: UInt64, at position: Int, weight: Int) -> Bool {
        let whole = weights[position]
        // The place was chosen by the upper bits.
        return weight >= whole
            || (hash & 0xffff_ffff) * UInt64(truncatingIfNeeded: whole)
                < UInt64(truncatingIfNeeded: weight) << 32
    }

    /// How far a key is from an endpoint of weight 1: exponentially distributed, so that the nearest endpoint is each
    /// with a probability in proportion to the weights that distances are divided by.
    func distance(of key: UInt64, from position: Int) -> Double {
        let bits = RandomSource.mixed(RandomSource.mixed(key) ^ identities[position]) | 1
        // -ln x of x = m / 2ᵏ with m in [1/2, 1]: k ln 2 - ln m, the latter as a series that is good near 1.
        let zeros = bits.leadingZeroBitCount
        let fraction = Double(bits << UInt64(zeros)) * 0x1p-64
        let term = (1 - fraction) / (1 + fraction)
        let square = term * term
        return Double(zeros) * 0.693_147_180_559_945_3 + 2 * term
            * (1 + square * (1 / 3 + square * (1 / 5 + square / 7)))
    }

    // MARK: Building

    /// The way of one endpoint through all places, in an order of its own.
    private struct Walk {
        let position: UInt32
        let step: Int
        var next: Int
        /// Places that it is still to be given.
        var left: Int

        init(_ position: Int, _ identity: UInt64, places: Int, of size: Int) {
            self.position = UInt32(truncatingIfNeeded: position)
            next = MaglevTable.part(RandomSource.mixed(identity), of: size)
            step = 1 + MaglevTable.part(RandomSource.mixed(identity &+ RandomSource.step), of: size - 1)
            left = places
        }
    }

    /// Lets endpoints take the next free place of their way in turn, until each has what it is to be given.
    private static func fill(_ size: Int, _ walks: [Walk]) -> [UInt32] {
        guard !walks.isEmpty else { return [] }
        var walks = walks
        var places = [UInt32](repeating: .max, count: size)
        while !walks.isEmpty {
            var kept = 0
            for index in walks.indices {
                var walk = walks[index]
                while places[walk.next] != .max { walk.next = advance(walk.next, walk.step, size) }
                places[walk.next] = walk.position
                walk.left -= 1
                guard walk.left > 0 else { continue }
                walks[kept] = walk
                kept += 1
            }
            walks.removeLast(walks.count - kept)
        }
        return places
    }

    private static func advance(_ place: Int, _ step: Int, _ size: Int) -> Int {
        let next = place + step
        return next < size ? next : next - size
    }

    /// A number from 0 to below a size, by the upper bits of a hash.
    private static func part(_ hash: UInt64, of size: Int) -> Int {
        Int(truncatingIfNeeded: hash.multipliedFullWidth(by: UInt64(truncatingIfNeeded: size)).high)
    }
}

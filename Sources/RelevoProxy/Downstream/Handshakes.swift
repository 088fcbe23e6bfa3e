// The TLS handshakes of one worker that are in progress: how many there are, and which has taken longest.
// What follows when there are too many is decided in Worker+Handshakes.

/// What stands in the line.
protocol Handshake: AnyObject {
    /// Whether it has succeeded, or never will.
    var isSettled: Bool { get set }
}

/// Handshakes in the order in which they began.
struct Handshakes<Member: Handshake> {
    /// Their number.
    private(set) var count = 0
    /// In order; those that are over are taken out now and then.
    private var line: [Member] = []
    /// Where the line begins: everybody before has finished.
    private var first = 0

    /// One has begun.
    mutating func begin(_ security: Member) {
        line.append(security)
        count += 1
    }

    /// One is over, whatever came of it. False if that was known.
    mutating func end(_ security: Member) -> Bool {
        guard !security.isSettled else { return false }
        security.isSettled = true
        count -= 1
        guard line.count > 2 * count + Self.slack else { return true }
        line.removeAll { $0.isSettled }
        first = 0
        return true
    }

    /// Those that are over and wait at most, beside as many as are in progress: taking them out costs little for each.
    private static var slack: Int { 64 }

    /// The one that has taken longest.
    mutating func oldest() -> Member? {
        while first < line.count, line[first].isSettled { first += 1 }
        return first < line.count ? line[first] : nil
    }

    /// Those in the line, over or not.
    var lineLength: Int { line.count }
}

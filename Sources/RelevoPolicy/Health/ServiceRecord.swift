// How one endpoint has served of late, and whether it is out of service for it.
// Whether the cluster can do without it is decided in ClusterHealth.

/// An ejection that has not ended.
struct EjectionTerm: Sendable, Hashable {
    /// When it ends, in nanoseconds.
    var until: UInt64
    /// Why it began, for people.
    var reason: String
    /// Whether checks that pass end it early.
    var isPardonable = false
    /// Checks that have passed in a row since it began.
    var passes = 0
}

/// The record of one endpoint's service.
struct ServiceRecord: Sendable, Hashable {
    /// When and for how long it is ejected.
    let rules: EjectionRules
    /// The ejection that it serves at the moment.
    private(set) var term: EjectionTerm?
    private var streak = 0
    private var reason: AttemptFailure?
    private var window: OutcomeWindow
    /// Recent ejections, as of `returned`: one less for each `time` in service since.
    private var recent: UInt64 = 0
    private var returned: UInt64 = 0

    /// Creates a clean record.
    init(_ rules: EjectionRules) {
        self.rules = rules
        window = OutcomeWindow(rules.window)
    }

    /// Takes a worker's report in.
    mutating func add(_ tally: OutcomeTally, now: UInt64) {
        streak = tally.successes > 0 ? tally.trailing : streak.addingSaturated(tally.trailing)
        reason = tally.reason ?? reason
        window.add(tally, now: now)
    }

    /// Why the endpoint ought to be ejected; nil if it need not be.
    var charge: String? {
        let settings = rules.settings
        let last = reason.map { ", the last: \($0)" } ?? ""
        if settings.consecutive > 0, streak >= settings.consecutive {
            return (streak == 1 ? "a failure" : "\(streak) failures in a row") + last
        }
        let (requests, failures) = window.totals
        // Products of whole numbers could overflow; what a Double rounds off does not matter to a rule of thumb.
        guard settings.rate > 0, failures > 0, requests >= settings.volume,
            Double(failures) * 100 >= Double(settings.rate) * Double(requests)
        else { return nil }
        return "\(failures) of \(requests) requests failed within \(DurationText.write(settings.window))" + last
    }

    /// Begins an ejection. Counting starts anew: nothing is to be added before its end.
    mutating func eject(_ reason: String, now: UInt64) {
        let served = now > returned ? now - returned : 0
        let forgiven = rules.forgiven(served)
        recent = (recent > forgiven ? recent - forgiven : 0).addingSaturated(1)
        let isPardonable = recent == 1 && gaveNoAnswer
        term = EjectionTerm(
            until: now.addingSaturated(rules.length(recent)), reason: reason, isPardonable: isPardonable)
        forget()
    }

    /// Whether the last failure was that no usable answer came: of that a check can be the opposite.
    private var gaveNoAnswer: Bool {
        if case .fault = self.reason { true } else { false }
    }

    /// A check of the ejected endpoint had a result. Returns whether its ejection ought to end now: `rise` checks in a
    /// row have been answered well. Not if it was ejected for its answers, which checks say nothing about, nor soon
    /// after another ejection, which had ended too early.
    mutating func checked(_ hasPassed: Bool, rise: Int) -> Bool {
        guard let before = term, before.isPardonable else { return false }
        term?.passes = hasPassed ? before.passes.addingSaturated(1) : 0
        return hasPassed && before.passes.addingSaturated(1) >= rise
    }

    /// Ends the ejection, if there is one.
    mutating func reinstate(now: UInt64) {
        guard term != nil else { return }
        term = nil
        returned = now
    }

    /// Starts counting anew: what was counted was about another phase of the endpoint's life.
    mutating func forget() {
        streak = 0
        reason = nil
        window = OutcomeWindow(rules.window)
    }

    /// Takes over what an older record knows, as far as the rules of this one can use it.
    mutating func adopt(_ older: ServiceRecord, now: UInt64) {
        streak = older.streak
        reason = older.reason
        if older.window.width == window.width { window = older.window }
        recent = older.recent
        returned = older.returned
        term = older.term
        if let until = term?.until { term?.until = min(until, now.addingSaturated(rules.maxTime)) }
    }
}

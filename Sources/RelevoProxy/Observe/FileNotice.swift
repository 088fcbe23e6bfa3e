// News about files that are read again while the proxy runs.
// How they are written down is the facade's matter.

package import RelevoPolicy

/// News about files for the operator.
package enum FileNotice: Sendable, Hashable {
    /// A certificate is served in the place of another.
    case certificateReplaced(String, names: [String], until: Int64)
    /// The files have changed to what cannot be served: what was before stays.
    case certificateKept(String, reason: String)
    /// Files that could not be used are as they were before.
    case certificateAsBefore(String)
    /// Another word of an authority is shown.
    case responseReplaced(String, until: Int64)
    /// What is there now cannot be shown: what was before, if it is for the same certificate, stays while it holds.
    case responseKept(String, reason: String)
    /// A file that could not be used is as it was before.
    case responseAsBefore(String)
    /// What works, but should be looked at.
    case advice(ConfigurationProblem)
    /// The system does not tell of changes in a directory, or in any: files are looked at instead.
    case unwatched(directory: String?, every: Duration, reason: String)
    /// It tells of all of them again.
    case watched

    /// Whether somebody should do something.
    package var isTrouble: Bool {
        switch self {
        case .certificateReplaced, .certificateAsBefore, .responseReplaced, .responseAsBefore, .watched: false
        case .certificateKept, .responseKept, .advice, .unwatched: true
        }
    }

    /// What has happened.
    package var text: String {
        switch self {
        case .certificateReplaced: "certificate replaced"
        case .certificateKept: "certificate not replaced: the one from before stays"
        case .certificateAsBefore: "certificate is as it was before"
        case .responseReplaced: "OCSP response replaced"
        case .responseKept: "OCSP response cannot be used"
        case .responseAsBefore: "OCSP response is as it was before"
        case .advice(let problem): problem.description
        case .unwatched: "changes of files are not told by the system: they are looked for now and then"
        case .watched: "changes of files are told by the system again"
        }
    }

    /// To what, by name.
    package var details: [(name: String, value: String)] {
        switch self {
        case .certificateReplaced(let file, let names, let until):
            [("file", file), ("names", NameList.write(names)), ("valid_until", CalendarText.write(until))]
        case .responseReplaced(let file, let until): [("file", file), ("valid_until", CalendarText.write(until))]
        case .certificateKept(let file, let reason), .responseKept(let file, let reason):
            [("file", file), ("reason", reason)]
        case .certificateAsBefore(let file), .responseAsBefore(let file): [("file", file)]
        case .unwatched(let directory, let interval, let reason):
            (directory.map { [("directory", $0)] } ?? [])
                + [("interval", DurationText.write(interval)), ("reason", reason)]
        case .advice, .watched: []
        }
    }
}

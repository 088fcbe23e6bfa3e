// What `relevo top` shows and what keys do, as one value: answers and keys go in, orders and lines come out.
// Lines are in TopScreen+Lines; the terminal and the proxy are the command's matter.

package import RelevoAdmin

/// The state of the screen.
package struct TopScreen: Sendable {
    /// What the table lists.
    package enum View: Int, Sendable, CaseIterable {
        /// Each is a table.
        case domains, clusters, endpoints
    }

    /// What is at the top of the table.
    package enum Order: Int, Sendable, CaseIterable {
        /// The busiest, those in trouble, by name, or as configured.
        case traffic, failures, name, configuration
    }

    /// What keys do.
    package enum Mode: Sendable, Equatable {
        /// They move and choose.
        case looking
        /// They are a part of a name.
        case filtering
        /// An order waits for yes or no.
        case asking(EndpointOrderDocument)
        /// Any ends it.
        case helping
    }

    /// What the command is to do.
    package enum Action: Sendable, Equatable {
        /// To end.
        case quit
        /// To give an order to the proxy.
        case order(EndpointOrderDocument)
    }

    /// How the proxy answers.
    package enum Contact: Sendable, Equatable {
        /// Nothing has come yet.
        case none
        /// The last question had its answer.
        case answers
        /// It has stopped to answer, in words.
        case lost(String)
    }

    /// What the table lists.
    package internal(set) var view = View.domains
    /// What is at its top.
    package internal(set) var order = Order.traffic
    /// What keys do.
    package internal(set) var mode = Mode.looking
    /// What names have to contain; empty for all.
    package internal(set) var filter = ""
    /// Whether answers are passed over.
    package internal(set) var isPaused = false
    /// How the proxy answers.
    package internal(set) var contact = Contact.none
    /// What became of the last order.
    package internal(set) var message = ""
    /// The row that is chosen, by its key; nil for the first.
    var chosen: String?
    /// Answers of the last seconds, the oldest first.
    private var answers: [TrafficDocument] = []
    /// The last answer.
    private(set) var traffic: TrafficDocument?
    /// What the answers say.
    private(set) var figures: TrafficFigures?
    /// Requests in a second, sample by sample.
    private(set) var history: [Double] = []
    /// Columns and rows of the terminal.
    package var size = (columns: 80, rows: 24)

    /// Seconds that figures are taken over.
    static let window = 5.0
    /// Samples of the history.
    static let mostHistory = 240

    /// Shows nothing yet.
    package init() {}

    /// Takes an answer of the proxy in; a pause lets none in.
    package mutating func receive(_ document: TrafficDocument) {
        contact = .answers
        guard !isPaused else { return }
        if let last = answers.last, last.process != document.process || last.uptime >= document.uptime {
            answers = []
            history = []
        }
        if let last = answers.last, let second = TrafficFigures(document, since: last) {
            history.append(second.flow.rate)
            history.removeFirst(max(0, history.count - Self.mostHistory))
        }
        answers.append(document)
        while answers.count > 2, document.uptime - answers[0].uptime > Self.window + 0.5 { answers.removeFirst() }
        traffic = document
        figures = answers.first.flatMap { TrafficFigures(document, since: $0) }
    }

    /// The proxy does not answer. What was there last stays.
    package mutating func lose(_ words: String) { contact = .lost(TopText.printable(words)) }

    /// What became of an order.
    package mutating func hear(_ words: String) { message = TopText.printable(words) }

    /// A key.
    /// - Returns: what is to be done besides.
    package mutating func press(_ key: TopKey) -> Action? {
        if key == .interrupt { return .quit }
        switch mode {
        case .looking: return look(key)
        case .filtering: type(key)
        case .helping: mode = .looking
        case .asking(let order):
            mode = .looking
            if key == .character("y") || key == .character("Y") {
                message = "\(order.command) \(TopText.printable(order.endpoint)) …"
                return .order(order)
            }
            message = "nothing has been ordered"
        }
        return nil
    }

    private mutating func look(_ key: TopKey) -> Action? {
        message = ""
        switch key {
        case .character("q"), .character("Q"): return .quit
        case .character("d"): show(.domains)
        case .character("c"): show(.clusters)
        case .character("e"): show(.endpoints)
        case .tab: show(View.allCases[(view.rawValue + 1) % View.allCases.count])
        case .backTab: show(View.allCases[(view.rawValue + View.allCases.count - 1) % View.allCases.count])
        case .character("s"): order = Order.allCases[(order.rawValue + 1) % Order.allCases.count]
        case .character("/"): mode = .filtering
        case .character("?"), .character("h"): mode = .helping
        case .character(" "): isPaused.toggle()
        case .escape: filter = ""
        case .character("D"): ask("drain")
        case .character("E"): ask("enable")
        case .character("X"): ask("disable")
        case .enter: enter()
        default: move(key)
        }
        return nil
    }

    private mutating func move(_ key: TopKey) {
        switch key {
        case .down, .character("j"): choose { $0 + 1 }
        case .up, .character("k"): choose { $0 - 1 }
        case .pageDown: choose { [room] in $0 + room }
        case .pageUp: choose { [room] in $0 - room }
        case .home, .character("g"): choose { _ in 0 }
        case .end, .character("G"): choose { _ in .max / 2 }
        default: break
        }
    }

    private mutating func show(_ view: View) {
        self.view = view
        chosen = nil
    }

    /// From a cluster to its endpoints.
    private mutating func enter() {
        guard view == .clusters, let row = rows[safe: chosenPlace] else { return }
        show(.endpoints)
        filter = row.cluster ?? ""
    }

    private mutating func type(_ key: TopKey) {
        switch key {
        case .character(let character): if filter.count < 60 { filter.append(character) }
        case .backspace: filter = String(filter.dropLast())
        case .enter, .tab, .down, .up: mode = .looking
        case .escape: (filter, mode) = ("", .looking)
        default: break
        }
        chosen = nil
    }

    private mutating func ask(_ command: String) {
        guard view == .endpoints, let row = rows[safe: chosenPlace], let cluster = row.cluster else {
            message = "this is for endpoints: e shows them"
            return
        }
        mode = .asking(EndpointOrderDocument(cluster: cluster, endpoint: row.name, command: command, value: nil))
    }

    private mutating func choose(_ place: (Int) -> Int) {
        let rows = rows
        guard !rows.isEmpty else { return }
        chosen = rows[min(max(0, place(chosenPlace)), rows.count - 1)].key
    }

    /// Where the chosen row is now.
    var chosenPlace: Int { chosen.flatMap { key in rows.firstIndex { $0.key == key } } ?? 0 }
}

extension Array {
    subscript(safe place: Int) -> Element? { indices.contains(place) ? self[place] : nil }
}

// What an input means: who does what in one exchange between a client, the proxy and an origin.
// Not for doing it: that is Stage.

import FuzzSupport

/// One input, taken apart: a byte of behaviour, a byte that seeds all cuts, then what the client sends and what the
/// origin answers, request by request, with a byte 255 between them.
struct Scenario {
    /// How the two sides behave besides what they say.
    struct Behaviour: OptionSet {
        let rawValue: UInt8
        /// The client's word counts.
        static let isTrusted = Behaviour(rawValue: 1)
        /// The origin ends its connection after each answer that is a part of the input.
        static let originCloses = Behaviour(rawValue: 2)
        /// The client ends its side when everything was sent.
        static let halfCloses = Behaviour(rawValue: 4)
        /// The origin answers as soon as it has a head.
        static let answersEarly = Behaviour(rawValue: 8)
        /// The client leaves in the middle.
        static let vanishes = Behaviour(rawValue: 16)
        /// The last answer of the input is repeated until no buffer takes it, and the client reads late.
        static let floods = Behaviour(rawValue: 32)
        /// In the end nobody does anything but wait.
        static let waits = Behaviour(rawValue: 64)
    }

    var behaviour: Behaviour
    var clientCut: Cut
    var originCut: Cut
    var clientStream: [UInt8]
    var answers: [[UInt8]]

    init(_ input: [UInt8]) {
        behaviour = Behaviour(rawValue: input[0])
        let seed = UInt64(input[1])
        clientCut = seed == 0 ? .nowhere : .somewhere(Dice(seed: seed))
        originCut = seed == 0 ? .nowhere : .somewhere(Dice(seed: ~seed))
        var parts = input[2...].split(separator: 255, omittingEmptySubsequences: false).map(Array.init)
        clientStream = parts.removeFirst()
        answers = parts
        if behaviour.contains(.floods), let last = answers.popLast() {
            var flood = last
            while !flood.isEmpty, flood.count < 250_000 { flood += flood }
            answers.append(flood)
        }
    }

    /// The same client before an origin that answers everything well, cut otherwise.
    func plain(cut: Cut) -> Scenario {
        var scenario = self
        scenario.behaviour = behaviour.intersection(.isTrusted)
        scenario.clientCut = cut
        scenario.originCut = .nowhere
        scenario.answers = []
        return scenario
    }
}

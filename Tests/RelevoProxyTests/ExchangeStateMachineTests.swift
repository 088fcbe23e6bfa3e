// Every event of the exchange's machine in every state: what is allowed, and that everything else changes nothing.
// What the actions do is shown by the integration tests.

import RelevoPolicy
import Testing

@testable import RelevoProxy

@Suite("ExchangeStateMachine") struct ExchangeStateMachineTests {
    typealias Machine = ExchangeStateMachine
    typealias State = ExchangeStateMachine.State
    typealias Action = ExchangeStateMachine.Action

    static let states: [State] = [
        .awaitingHead, .routing, .connecting(1), .connecting(2), .waiting(1),
        .forwarding(.flowing, .awaitingHead), .forwarding(.ended, .awaitingHead), .forwarding(.flowing, .flowing),
        .forwarding(.ended, .flowing), .done,
    ]

    /// A state in which an event is allowed, and what comes of it.
    struct Step {
        var from: State
        var to: State
        var action: Action

        init(_ from: State, _ to: State, _ action: Action) {
            self.from = from
            self.to = to
            self.action = action
        }
    }

    /// A machine that has come to a state by its own events.
    static func machine(in state: State) -> Machine {
        var machine = Machine()
        guard state != .awaitingHead else { return machine }
        _ = machine.headReceived()
        guard state != .routing else { return machine }
        _ = machine.clusterChosen()
        if case .connecting(let attempt) = state {
            for _ in 1..<attempt { _ = machine.triesAgain(later: false) }
            return machine
        }
        if case .waiting = state {
            _ = machine.triesAgain(later: true)
            return machine
        }
        _ = machine.connected()
        guard case .forwarding(let request, let response) = state else {
            _ = machine.clientLeft()
            return machine
        }
        if request == .ended { _ = machine.requestEnded() }
        if response == .flowing { machine.responseBegan() }
        return machine
    }

    /// What an event makes of a state.
    private func outcome(_ state: State, _ event: (inout Machine) -> Action) -> (state: State, action: Action) {
        var machine = Self.machine(in: state)
        #expect(machine.state == state)
        let action = event(&machine)
        return (machine.state, action)
    }

    private func expect(
        _ allowed: [Step], at location: Testing.SourceLocation = #_sourceLocation, _ event: (inout Machine) -> Action
    ) {
        for state in Self.states {
            let (after, action) = outcome(state, event)
            let wanted = allowed.first { $0.from == state } ?? Step(state, state, .none)
            #expect(after == wanted.to, "in \(state)", sourceLocation: location)
            #expect(action == wanted.action, "in \(state)", sourceLocation: location)
        }
    }

    @Test("a head is routed once")
    func headReceived() {
        expect([Step(.awaitingHead, .routing, .route)]) { $0.headReceived() }
    }

    @Test("a chosen cluster leads to the first attempt")
    func clusterChosen() {
        expect([Step(.routing, .connecting(1), .connect)]) { $0.clusterChosen() }
    }

    @Test("an open connection gets the head")
    func connected() {
        let after = State.forwarding(.flowing, .awaitingHead)
        expect([Step(.connecting(1), after, .sendHead), Step(.connecting(2), after, .sendHead)]) { $0.connected() }
    }

    @Test("a failed attempt is followed by another at once, before and after the head was sent")
    func triesAgain() {
        expect([
            Step(.connecting(1), .connecting(2), .connect), Step(.connecting(2), .connecting(3), .connect),
            Step(.forwarding(.flowing, .awaitingHead), .connecting(2), .connect),
            Step(.forwarding(.ended, .awaitingHead), .connecting(2), .connect),
        ]) { $0.triesAgain(later: false) }
    }

    @Test("or after a wait")
    func triesAgainLater() {
        expect([
            Step(.connecting(1), .waiting(1), .wait), Step(.connecting(2), .waiting(2), .wait),
            Step(.forwarding(.flowing, .awaitingHead), .waiting(1), .wait),
            Step(.forwarding(.ended, .awaitingHead), .waiting(1), .wait),
        ]) { $0.triesAgain(later: true) }
    }

    @Test("the end of the wait leads to the next attempt")
    func waitEnded() {
        expect([Step(.waiting(1), .connecting(2), .connect)]) { $0.waitEnded() }
    }

    @Test("the end of a request starts the wait for the response, unless that has begun")
    func requestEnded() {
        expect([
            Step(.forwarding(.flowing, .awaitingHead), .forwarding(.ended, .awaitingHead), .awaitResponse),
            Step(.forwarding(.flowing, .flowing), .forwarding(.ended, .flowing), .none),
        ]) { $0.requestEnded() }
    }

    @Test("a response may begin before its request has ended")
    func responseBegan() {
        expect([
            Step(.forwarding(.flowing, .awaitingHead), .forwarding(.flowing, .flowing), .none),
            Step(.forwarding(.ended, .awaitingHead), .forwarding(.ended, .flowing), .none),
        ]) {
            $0.responseBegan()
            return .none
        }
    }

    @Test("switching protocols lets both sides flow, the ended request too")
    func switchedProtocols() {
        let after = State.forwarding(.flowing, .flowing)
        expect([
            Step(.forwarding(.flowing, .awaitingHead), after, .none),
            Step(.forwarding(.ended, .awaitingHead), after, .none),
        ]) {
            $0.switchedProtocols()
            return .none
        }
    }

    @Test("the end of the response ends the exchange and says whether the request was complete")
    func responseEnded() {
        expect([
            Step(.forwarding(.flowing, .flowing), .done, .finish(requestComplete: false)),
            Step(.forwarding(.ended, .flowing), .done, .finish(requestComplete: true)),
        ]) { $0.responseEnded() }
    }

    @Test(
        "a fault is answered until the response has begun, then aborts, and after the end is nothing",
        arguments: Fault.allCases)
    func failed(_ fault: Fault) {
        let allowed = Self.states.filter { $0 != .done }.map { state in
            if case .forwarding(_, .flowing) = state { return Step(state, .done, .abort(fault)) }
            return Step(state, .done, .answer(fault))
        }
        expect(allowed) { $0.failed(fault) }
    }

    @Test("a client that leaves abandons whatever runs, once")
    func clientLeft() {
        expect(Self.states.filter { $0 != .done }.map { Step($0, .done, .abandon) }) { $0.clientLeft() }
    }

    @Test("the questions about a state have one answer each")
    func questions() {
        for state in Self.states {
            let machine = Self.machine(in: state)
            let (awaits, responds, receives) =
                switch state {
                case .awaitingHead, .routing, .connecting, .waiting, .done: (false, false, false)
                case .forwarding(let request, .awaitingHead): (true, false, request == .flowing)
                case .forwarding(let request, .flowing): (false, true, request == .flowing)
                }
            #expect(machine.awaitsResponseHead == awaits)
            #expect(machine.isResponding == responds)
            #expect(machine.isReceivingRequest == receives)
            let isBetween = [.connecting(1), .connecting(2), .waiting(1)].contains(state)
            #expect(machine.isBetweenEndpoints == isBetween)
        }
    }
}

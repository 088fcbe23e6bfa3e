// What moves `relevo top`: keys, signals and answers of the proxy on one loop, and the screen drawn after each.
// Asking blocks, so a thread of its own does that; what is shown is TopScreen's matter.

import CLibevent
import Foundation
import RelevoAdmin
import RelevoTop

/// The live view. Confined to the thread that runs it.
final class TopLoop {
    private let loop: EventLoop
    private let terminal: TerminalMode
    private let client: AdminClient
    private let mailbox: LoopMailbox<TopLoop>
    private let interval: Duration
    private let inColours: Bool
    private var screen = TopScreen()
    private var timer: CLibevent.Timer?
    private var isAsking = false

    private init(
        _ loop: EventLoop, _ terminal: TerminalMode, _ client: AdminClient, _ interval: Duration, inColours: Bool
    ) throws(SystemError) {
        self.loop = loop
        self.terminal = terminal
        self.client = client
        self.interval = interval
        self.inColours = inColours
        mailbox = try LoopMailbox<TopLoop>()
    }

    /// Shows the view until it is left. The terminal is as before then, whatever ends it but a crash.
    static func run(
        _ terminal: TerminalMode, _ client: AdminClient, _ interval: Duration, inColours: Bool
    ) throws(SystemError) {
        let loop = try EventLoop()
        let view = try TopLoop(loop, terminal, client, interval, inColours: inColours)
        let jobs = try view.mailbox.receive(on: loop, context: view)
        defer { jobs.close() }
        var sources: [SignalSource] = []
        defer { for source in sources { source.close() } }
        for number in [SIGTERM, SIGINT, SIGHUP, SIGQUIT] {
            sources.append(try SignalSource(loop: loop, signal: number) { loop.stop() })
        }
        sources.append(try SignalSource(loop: loop, signal: SIGWINCH) { view.draw() })
        sources.append(try SignalSource(loop: loop, signal: SIGCONT) { view.enter() })
        let keys = try DescriptorWatch(loop: loop, descriptor: 0, for: .reading) { view.read() }
        defer { keys.close() }
        let timer = try CLibevent.Timer(loop: loop, .forever) { view.ask() }
        view.timer = timer
        defer { timer.close() }
        timer.start(interval)
        view.enter()
        defer { view.leave() }
        view.ask()
        loop.run()
    }

    /// The other screen, without a cursor (xterm's DECSET 1049 and 25).
    private func enter() {
        terminal.enter()
        write("\u{1B}[?1049h\u{1B}[?25l\u{1B}[2J")
        draw()
    }

    private func leave() {
        write("\u{1B}[0m\u{1B}[?25h\u{1B}[?1049l")
        terminal.restore()
    }

    private func read() {
        let bytes = terminal.read()
        guard !bytes.isEmpty else { return loop.stop() }
        for key in TopKey.keys(in: bytes) {
            switch screen.press(key) {
            case .quit?: return loop.stop()
            case .order(let order)?: carryOut(order)
            case nil: break
            }
        }
        draw()
    }

    /// Asks how things are, unless an answer is still waited for.
    private func ask() {
        guard !isAsking else { return }
        isAsking = true
        let client = client
        let isStarted = start { () throws(AdminError) in
            try client.get("/v1/traffic", as: TrafficDocument.self)
        } hear: { view, result in
            view.isAsking = false
            switch result {
            case .success(let document): view.screen.receive(document)
            case .failure(let error): view.screen.lose(AdminOptions.words(error))
            }
        }
        if !isStarted { isAsking = false }
    }

    private func carryOut(_ order: EndpointOrderDocument) {
        let client = client
        _ = start { () throws(AdminError) in
            try client.post("/v1/endpoints", order, as: EndpointDocument.self)
        } hear: { view, result in
            switch result {
            case .success(let endpoint): view.screen.hear(StatusText.endpoint(endpoint))
            case .failure(let error): view.screen.hear(AdminOptions.words(error))
            }
            view.ask()
        }
    }

    /// Runs a question on a thread and hands its answer to the loop.
    private func start<Value: Sendable>(
        _ question: @escaping @Sendable () throws(AdminError) -> Value,
        hear: @escaping @Sendable (TopLoop, Result<Value, AdminError>) -> Void
    ) -> Bool {
        let mailbox = mailbox
        let thread = try? LoopThread(name: "relevo-top") {
            let result = Result(catching: question)
            mailbox.postAlways { view in
                hear(view, result)
                view.draw()
            }
        }
        return thread != nil
    }

    private func draw() {
        screen.size = terminal.size ?? (80, 24)
        let lines = screen.lines.map { $0.written(inColours: inColours) + "\u{1B}[K" }
        write("\u{1B}[H" + lines.joined(separator: "\r\n") + "\u{1B}[J")
    }

    private func write(_ text: String) { _ = FileOutput.writeAll(Array(text.utf8), to: 1) }
}

@available(*, unavailable)
extension TopLoop: Sendable {}

// Lines of requests that are over, for somebody who looks on: as they end, and only those that are meant.
// What a line says is AccessLogLine's matter; the access log does not depend on this, nor this on it.

import CLibevent
import RelevoHTTP
package import RelevoPolicy
import Synchronization

/// Takes the lines of all workers until somebody fetches them. Any thread.
package final class RequestTap: Sendable {
    /// Bytes that wait for who looks on; lines that come then are dropped and counted.
    package static let capacity = 4 << 20

    private struct Waiting {
        var lines: [UInt8] = []
        var dropped = 0
    }

    /// Which requests are meant; nil for all.
    let condition: RequestCondition?
    private let waiting = Mutex(Waiting())

    /// Will take the lines of requests of which a condition holds.
    package init(_ condition: RequestCondition?) { self.condition = condition }

    /// Adds a line, if there is room.
    package func add(_ line: [UInt8]) {
        waiting.withLock { waiting in
            if waiting.lines.count + line.count > Self.capacity {
                waiting.dropped += 1
            } else {
                waiting.lines += line
            }
        }
    }

    /// What has come since the last call, and how many lines were dropped.
    package func take() -> (lines: [UInt8], dropped: Int) {
        waiting.withLock { waiting in
            defer { waiting = Waiting() }
            return (waiting.lines, waiting.dropped)
        }
    }
}

/// Those who look on at one worker. Confined to its thread.
struct RequestTaps {
    private var taps: [RequestTap] = []
    private var line: [UInt8] = []
    private var clock = LogClock()

    mutating func add(_ tap: RequestTap) { taps.append(tap) }

    mutating func remove(_ tap: RequestTap) {
        taps.removeAll { $0 === tap }
        if taps.isEmpty { line = [] }
    }

    /// Whether there are any: nothing else is paid for them without.
    var isEmpty: Bool { taps.isEmpty }

    /// Tells of a request that is over.
    mutating func note(_ exchange: Exchange, _ redacted: Set<AccessLogSettings.Redaction>) {
        line.removeAll(keepingCapacity: true)
        for tap in taps where tap.condition?.holds(exchange.value) ?? true {
            if line.isEmpty {
                AccessLogLine.append(
                    exchange, LogRedaction(redacted), now: exchange.now, clock: &clock, to: &line)
            }
            tap.add(line)
        }
    }
}

extension Exchange {
    /// What it has of a field of conditions.
    func value(of field: RequestCondition.Field) -> RequestCondition.Value {
        let head = request.fields.bytes
        switch field {
        case .code: return .init(record.fault?.rawValue)
        case .domain: return .init(domain?.name)
        case .host: return .text(request.authority.host[...])
        case .method: return .text(head[request.methodRange.clamped(to: head.indices)])
        case .target: return .text(head[request.targetRange.clamped(to: head.indices)])
        case .path: return .text(head[request.targetRange.clamped(to: head.indices)].prefix { $0 != 0x3F })
        case .cluster: return .init(cluster?.cluster.name)
        case .endpoint: return .init(target?.endpoint.text)
        case .client: return .text(clientAddress[...])
        case .requestID: return .text(requestID[...])
        case .status: return .number(Double(record.status))
        case .attempts: return .number(Double(record.attempts))
        case .duration: return .number(Double(now.nanoseconds(since: record.started)) / 1e6)
        case .response:
            guard let began = record.responseBegan else { return .none }
            return .number(Double(began.nanoseconds(since: record.headComplete)) / 1e6)
        case .bytesReceived: return .number(Double(record.bytesReceived))
        case .bytesSent: return .number(Double(record.bytesSent))
        }
    }
}

extension RequestCondition.Value {
    fileprivate init(_ text: String?) { self = text.map { .text(Array($0.utf8)[...]) } ?? .none }
}

extension WorkerGroup {
    /// Has all workers tell somebody of requests that are over.
    package func attach(_ tap: RequestTap) {
        for worker in workers { worker.postAlways { $0.taps.add(tap) } }
    }

    /// Tells somebody of nothing more.
    package func detach(_ tap: RequestTap) {
        for worker in workers { worker.postAlways { $0.taps.remove(tap) } }
    }
}

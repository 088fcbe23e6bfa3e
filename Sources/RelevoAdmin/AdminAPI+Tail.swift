// `GET /v1/tail`: lines of requests as they end, for as long as somebody reads.
// Which requests are meant: RequestCondition; gathering their lines: RequestFeed.

import CLibevent
import Foundation
import Relevo
import RelevoPolicy
import Synchronization

/// How many look on at a proxy. Each has a thread of its own, that may wait for a slow reader.
final class TailSeats: Sendable {
    /// At a time, at most.
    static let most = 8

    private let taken = Atomic<Int>(0)

    /// One of them; free again when it is let go of.
    final class Seat: Sendable {
        private let seats: TailSeats

        fileprivate init(_ seats: TailSeats) { self.seats = seats }

        deinit { seats.taken.subtract(1, ordering: .relaxed) }
    }

    /// A seat; nil if all are taken.
    func take() -> Seat? {
        guard taken.add(1, ordering: .relaxed).newValue <= Self.most else {
            taken.subtract(1, ordering: .relaxed)
            return nil
        }
        return Seat(self)
    }
}

/// What of requests `/v1/tail` is asked for.
struct TailQuery {
    private(set) var condition: RequestCondition?

    /// Reads the parts of a query.
    init(_ parts: [String]) throws(AdminRefusal) {
        guard let part = parts.first else { return }
        let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 1, pair.count == 2, pair[0] == "where", let text = String(pair[1]).removingPercentEncoding
        else { throw AdminRefusal("`/v1/tail` takes `where`, percent-encoded, and nothing else", status: 400) }
        do throws(ConditionError) {
            condition = try RequestCondition(text)
        } catch {
            throw AdminRefusal("\(error)", status: 400)
        }
    }
}

extension AdminResponse {
    /// An answer without an end of its own: lines, until one side ends the connection.
    static func lines(to reader: @escaping @Sendable (DescriptorChannel) -> Void) -> AdminResponse {
        var answer = AdminResponse(status: 200, type: "", body: [])
        answer.fields = ["Content-Type: application/x-ndjson", "Cache-Control: no-store", "Connection: close"]
        answer.successor = reader
        return answer
    }
}

/// Sends lines for as long as somebody reads them.
struct TailStream: Sendable {
    let feed: RequestFeed
    let seat: TailSeats.Seat

    /// How often is looked for new lines.
    private static let pace: Duration = .milliseconds(100)
    /// How long a reader may take nothing.
    private static let patience: Duration = .seconds(60)

    /// Begins on a thread of its own.
    func begin(_ channel: DescriptorChannel) {
        Thread.detachNewThread {
            var goesOn = true
            while goesOn {
                // Asked before: what ends after the answer is fetched all the same.
                goesOn = feed.isOpen
                let (lines, dropped) = feed.take()
                let note = dropped == 0 ? [] : Array("{\"dropped\":\(dropped)}\n".utf8)
                do throws(SystemError) {
                    try channel.send(lines + note, within: Self.patience)
                } catch {
                    return
                }
                if goesOn, channel.hasEnded(within: Self.pace) { return }
            }
        }
    }
}

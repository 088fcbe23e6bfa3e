// What is counted for each domain, route, cluster and endpoint: by one worker, without a look at any other's memory.
// What is counted for the worker as a whole: WorkerStats.

package import RelevoPolicy

/// Answers by the first digit of their status; the first place counts requests without an answer.
package struct AnswerCounts: Sendable, BitwiseCopyable {
    /// By the digit.
    package private(set) var classes: [6 of Int] = .init(repeating: 0)

    /// All of them.
    package var total: Int {
        var total = 0
        for index in classes.indices { total += classes[index] }
        return total
    }

    mutating func add(_ status: Int) { classes[(100..<600).contains(status) ? status / 100 : 0] += 1 }

    mutating func add(_ other: AnswerCounts) {
        for index in classes.indices { classes[index] += other.classes[index] }
    }
}

/// One domain's requests, or those without any domain.
package struct DomainTally: Sendable {
    /// How they were answered.
    package internal(set) var answers = AnswerCounts()
    /// Why some failed.
    package internal(set) var faults: [Fault: Int] = [:]
    /// From the first byte of a request to the end of its answer.
    package internal(set) var duration = LatencyHistogram()
    /// From a request's complete head to the answer's complete head.
    package internal(set) var responseStart = LatencyHistogram()

    mutating func add(_ other: DomainTally) {
        answers.add(other.answers)
        faults.merge(other.faults, uniquingKeysWith: +)
        duration.add(other.duration)
        responseStart.add(other.responseStart)
    }
}

/// One cluster's connections.
package struct ClusterTally: Sendable, BitwiseCopyable {
    /// How long those took to open that did.
    package internal(set) var connect = LatencyHistogram()
    /// Attempts that were made because one before had failed.
    package internal(set) var retries = 0

    mutating func add(_ other: ClusterTally) {
        connect.add(other.connect)
        retries += other.retries
    }
}

/// One endpoint's attempts.
package struct EndpointTally: Sendable {
    /// How they were answered; the first place counts those about which nothing can be said, as their clients left.
    package internal(set) var answers = AnswerCounts()
    /// Why some failed.
    package internal(set) var faults: [Fault: Int] = [:]
    /// Connections that wait for their next request.
    package internal(set) var idle = 0
    /// Requests in flight.
    package internal(set) var active = 0

    mutating func add(_ outcome: AttemptOutcome) {
        switch outcome {
        case .answered(let status), .failed(.status(let status)): answers.add(status)
        case .failed(.fault(let fault)): faults[fault, default: 0] += 1
        case .neutral: answers.add(0)
        }
    }

    mutating func add(_ other: EndpointTally) {
        answers.add(other.answers)
        faults.merge(other.faults, uniquingKeysWith: +)
        idle += other.idle
        active += other.active
    }
}

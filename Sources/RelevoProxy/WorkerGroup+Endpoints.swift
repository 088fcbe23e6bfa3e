// Looking at endpoints and giving orders for them while the proxy runs.
// What follows from an order is decided in ClusterHealth.

import CLibevent
package import RelevoPolicy

/// What is known about one endpoint of a running proxy.
package struct EndpointReport: Sendable, Hashable {
    /// The endpoint's number.
    package var id: Int
    /// The cluster's name.
    package var cluster: String
    /// The endpoint's text.
    package var endpoint: String
    /// What workers may do with it.
    package var standing: EndpointStanding
    /// Requests in flight, of all workers.
    package var active: Int
}

/// An order for an endpoint that holds.
package struct HeldOrder: Sendable, Hashable {
    /// The cluster's name.
    package var cluster: String
    /// The endpoint's text.
    package var endpoint: String
    /// The order.
    package var order: EndpointOrder

    /// Puts an order together.
    package init(cluster: String, endpoint: String, order: EndpointOrder) {
        self.cluster = cluster
        self.endpoint = endpoint
        self.order = order
    }
}

extension WorkerGroup {
    /// The orders that hold.
    package func orders() async -> [HeldOrder] { await ask(control.mailbox, otherwise: []) { $0.monitor.orders } }

    /// All endpoints, in the order of the clusters; empty if the proxy has ended.
    package func endpoints() async -> [EndpointReport] {
        var reports = await ask(control.mailbox, otherwise: []) { $0.monitor.reports }
        for worker in workers {
            let active = await ask(worker, otherwise: [:]) { $0.activeRequests }
            for index in reports.indices { reports[index].active += active[reports[index].id] ?? 0 }
        }
        return reports
    }

    /// Gives an order for an endpoint; false if there is no such endpoint or the proxy has ended. When it returns, the
    /// order is on its way to every worker.
    package func order(_ order: EndpointOrder, endpoint: String, ofCluster cluster: String) async -> Bool {
        await ask(control.mailbox, otherwise: false) {
            $0.monitor.ordered(order, endpoint: endpoint, ofCluster: cluster)
        }
    }

    /// The answer of whoever owns a mailbox; `other` if nobody reads it any more.
    func ask<Context, Answer: Sendable>(
        _ mailbox: LoopMailbox<Context>, otherwise other: Answer, _ question: @escaping @Sendable (Context) -> Answer
    ) async -> Answer {
        await withCheckedContinuation { continuation in
            let isPosted = mailbox.post { continuation.resume(returning: question($0)) }
            if !isPosted { continuation.resume(returning: other) }
        }
    }
}

// What a worker is given when it begins.
// What it makes of that is in Worker.swift.

package import CLibevent
package import CLibeventTLS
package import RelevoPolicy

/// What every worker gets when it starts.
package struct WorkerSettings: Sendable {
    /// What to serve.
    package var snapshot: ProxySnapshot
    /// The embedding program's look at each request.
    package var hook: RequestHook?
    /// Where access log lines go; nil for no log.
    package var log: LogWriter?
    /// Where spans go; nil for nowhere.
    package var spans: SpanExporter?
    /// The embedding program's own traces, in place of spans.
    package var tracer: (any ExchangeTracer)?
    /// What somebody has to know to have requests explained; nil if nobody can.
    var explanationKey: ExplanationKey?
    /// Where news for the operator goes; any thread.
    package var notify: @Sendable (ProxyNotice) -> Void
    /// Connections of each client address, over all workers.
    package var census: ClientCensus
    /// Connections of each worker, and the worker's place among them.
    package var balance: AcceptBalance
    /// The worker's number in its group.
    package var index: Int
    /// Where endpoints are reported that fail.
    package var control: LoopMailbox<ControlPlane>
    /// The number of workers in the group.
    package var count: Int
    /// What cookies are signed with where the configuration names no secret; the same for all workers.
    package var secret: [UInt8]
    /// The places of each cluster that has limits, by the cluster's number.
    package var capacities: [ClusterCapacity?]
    /// Tells other workers that there is a place in a cluster for which somebody waits; any thread.
    package var callOthers: @Sendable (_ cluster: Int) -> Void
    /// The listeners that it has first.
    var entrances: EntrancePlan
    /// How clusters speak TLS with their endpoints, by the cluster's number; nil for those that do not.
    package var clusterTLS: [TLSClientContext?] = []
    /// Client connections that this worker may hold.
    package var maxConnections: Int
    /// The seed of the worker's dice.
    package var seed: UInt64
}

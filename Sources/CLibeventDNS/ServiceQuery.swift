// One lookup of services: the question to c-ares, and its answer as bytes.
// The bytes are read by ServiceReply; when the answer is told is the channel's matter.

import CCares

/// A lookup that is given to c-ares, and given back with its answer.
final class ServiceQuery {
    private let channel: DNSChannel
    private let name: String
    private let done: (Result<DNSResolver.Services, DNSFailure>) -> Void

    /// Of `<arpa/nameser.h>`, which c-ares does not bring along: the Internet, and SRV.
    private static let (internet, service): (Int32, Int32) = (1, 33)

    init(
        _ channel: DNSChannel, name: String, _ done: @escaping (Result<DNSResolver.Services, DNSFailure>) -> Void
    ) {
        self.channel = channel
        self.name = name
        self.done = done
    }

    /// Puts the question; the channel's `finish` is called once for it, or never if the channel is closed.
    func ask() {
        guard let handle = channel.handle else { return }
        ares_search(
            handle, name, Self.internet, Self.service,
            { context, status, _, message, length in
                let query = Unmanaged<ServiceQuery>.fromOpaque(context!).takeRetainedValue()
                let bytes = UnsafeRawBufferPointer(start: message, count: message == nil ? 0 : Int(length))
                query.answered(status, Array(bytes))
            }, Unmanaged.passRetained(self).toOpaque())
        channel.arm()
    }

    private func answered(_ status: Int32, _ message: [UInt8]) {
        let result: Result<DNSResolver.Services, DNSFailure>
        if let failure = DNSFailure(status: status) {
            result = .failure(failure)
        } else {
            result = Result { () throws(DNSFailure) in try DNSResolver.Services(message: message) }
        }
        channel.finish { [done] in done(result) }
    }
}

@available(*, unavailable)
extension ServiceQuery: Sendable {}

// Fuzzes headers of the PROXY protocol: what is read of a stream must not depend on how it is cut, must agree with a
// simple reading of whole headers, and must survive being written again. Input: one byte that seeds the cuts, then the
// stream. Sockets are not looked at.

import FuzzSupport
import RelevoHTTP

/// libFuzzer's entry point.
@c(LLVMFuzzerTestOneInput) public func fuzzProxyHeader(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let data, count > 1 else { return 0 }
    ProxyHeaderFuzzer(Array(UnsafeBufferPointer(start: data, count: count))).run()
    return 0
}

/// One run.
struct ProxyHeaderFuzzer {
    private let stream: [UInt8]
    private let seed: UInt64

    init(_ input: [UInt8]) {
        seed = UInt64(input[0])
        stream = Array(input[1...])
    }

    /// What the reader made of a beginning of the stream.
    private enum Result: Equatable {
        case read(ProxyHeader, Int)
        case incomplete
        case refused(ProxyHeaderError)
    }

    func run() {
        let whole = read(stream.count)
        for cut in [Cut.everywhere, .somewhere(Dice(seed: seed))] { checkPieces(whole, cut) }
        switch whole {
        case .read(let header, let length): checkAccepted(header, length)
        case .incomplete:
            require(simpleLength() == nil && stream.count < ProxyHeader.maxBytes, "waits on: \(readable(stream))")
        case .refused: require(simpleLength() == nil, "refused: \(readable(stream))")
        }
    }

    private func read(_ count: Int) -> Result {
        do throws(ProxyHeaderError) {
            let beginning = stream[..<count]
            let reading = try ProxyHeader.read(beginning.span)
            return reading.map { .read($0.header, $0.length) } ?? .incomplete
        } catch { return .refused(error) }
    }

    /// Whoever reads as the bytes come learns the same, and never has to give a byte back that came behind the header.
    private func checkPieces(_ whole: Result, _ cut: Cut) {
        var cut = cut
        var available = 0
        while available < stream.count {
            available += cut.next(of: stream.count - available)
            let result = read(available)
            guard result != .incomplete else { continue }
            require(result == whole, "\(result) at \(available), \(whole) in the end: \(readable(stream))")
            return
        }
        require(whole == .incomplete, "\(whole) only at once: \(readable(stream))")
    }

    private func checkAccepted(_ header: ProxyHeader, _ length: Int) {
        require(length <= stream.count && length <= ProxyHeader.maxBytes, "\(length) bytes: \(readable(stream))")
        require(simpleLength() == length, "another length than \(length): \(readable(stream))")
        var (line, block): ([UInt8], [UInt8]) = ([], [])
        header.appendLine(to: &line)
        header.appendBlock(to: &block)
        require(line.count <= 107, "a line of \(line.count) bytes")
        let expected = if case .client = header { header } else { ProxyHeader.unknown }
        require((try? ProxyHeader.read(line.span))?.header == expected, "written as \(readable(line))")
        require((try? ProxyHeader.read(block.span))?.header == header, "written as \(readable(block))")
    }

    /// How long the header is, if the stream begins with a valid one that is complete, by another way of looking.
    private func simpleLength() -> Int? {
        if stream.starts(with: Array("PROXY ".utf8)) {
            guard let feed = stream.prefix(107).firstIndex(of: 10), stream[feed - 1] == 13 else { return nil }
            let line = stream[6..<(feed - 1)]
            guard !line.contains(13) else { return nil }
            let parts = line.split(separator: 32, omittingEmptySubsequences: false)
                .map { String(decoding: $0, as: UTF8.self) }
            if parts[0] == "UNKNOWN" { return feed + 1 }
            guard parts.count == 5, parts[0] == "TCP4" || parts[0] == "TCP6" else { return nil }
            let addresses = parts[1...2].compactMap { IPAddress($0) }
            let isV6 = parts[1...2].allSatisfy { $0.contains(":") }
            let isV4 = parts[1...2].allSatisfy { !$0.contains(":") }
            let ports = parts[3...].compactMap { part in UInt16(part).flatMap { "\($0)" == part ? $0 : nil } }
            let fits = addresses.count == 2 && (parts[0] == "TCP4" ? isV4 : isV6) && ports.count == 2
            return fits ? feed + 1 : nil
        }
        guard stream.starts(with: Array("\r\n\r\n\0\r\nQUIT\n".utf8)), stream.count >= 16 else { return nil }
        let length = 16 + Int(stream[14]) * 256 + Int(stream[15])
        guard length <= stream.count, length <= 4096 else { return nil }
        if stream[12] == 0x20 { return length }
        let rooms: [UInt8: Int] = [
            0x00: 0, 0x01: 0, 0x02: 0, 0x10: 0, 0x20: 0, 0x30: 0, 0x11: 12, 0x12: 12, 0x21: 36, 0x22: 36, 0x31: 216,
            0x32: 216,
        ]
        guard stream[12] == 0x21, let room = rooms[stream[13]], length >= 16 + room else { return nil }
        return length
    }
}

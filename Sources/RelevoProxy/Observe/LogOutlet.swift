// Where the log writer's thread writes: a descriptor or a file, or the log of the system.
// What waits for it is LogWriter's matter.

import CLibevent
import RelevoPolicy

/// Takes blocks of whole lines. Confined to the writer's thread; may block.
protocol LogOutlet: AnyObject {
    /// Writes a block.
    /// - Returns: how many of its lines are lost.
    func write(_ block: [UInt8], lines: Int) -> Int
    /// Opens anew what others may have moved away; if that fails, what was open stays in use.
    func reopen() -> SystemError?
    /// Ends it.
    func close()
}

/// A descriptor of somebody else, or a file.
final class FileOutlet: LogOutlet {
    private var descriptor: Int32
    /// The file; nil for a descriptor that is somebody else's.
    private let path: String?
    /// Whether the last line was cut: a full disk took a part of it.
    private var isAmidLine = false

    init(descriptor: Int32) {
        self.descriptor = descriptor
        path = nil
    }

    init(path: String) throws(SystemError) {
        descriptor = try FileOutput.openForAppending(path)
        self.path = path
    }

    func write(_ block: [UInt8], lines: Int) -> Int {
        if isAmidLine {
            guard FileOutput.writeAll([0x0A], to: descriptor) else { return lines }
            isAmidLine = false
        }
        let count = FileOutput.write(block, to: descriptor)
        isAmidLine = count > 0 && block[count - 1] != 0x0A
        return count == block.count ? 0 : lines
    }

    func reopen() -> SystemError? {
        guard let path else { return nil }
        do throws(SystemError) {
            let next = try FileOutput.openForAppending(path)
            FileOutput.close(descriptor)
            descriptor = next
            isAmidLine = false
            return nil
        } catch {
            return error
        }
    }

    func close() {
        if path != nil { FileOutput.close(descriptor) }
        descriptor = -1
    }
}

/// The log of the system: a datagram for each line, as syslog(3) writes it but for the time, which the log adds.
final class SyslogOutlet: LogOutlet {
    private let sender: DatagramSender
    private let start: [UInt8]

    /// Of `info` and nothing else.
    private static let severity = 6

    init(_ syslog: Syslog, process: Int) throws(SystemError) {
        sender = try DatagramSender(to: syslog.socket)
        start = Array("<\(syslog.facility.number * 8 + Self.severity)>relevo[\(process)]: ".utf8)
    }

    func write(_ block: [UInt8], lines: Int) -> Int {
        var lost = 0
        for line in block.split(separator: 0x0A) where !sender.send(start + line) { lost += 1 }
        return lost
    }

    func reopen() -> SystemError? { nil }

    func close() { sender.close() }
}

// What this process uses of the machine.
// Bounds on it are ProcessLimits' matter.

import CEvent2
import Glibc

/// Processor time, memory and descriptors of this process at one moment.
public struct ProcessUsage: Sendable {
    /// Seconds of processor time, in user and in system mode together (`getrusage`).
    public var processorSeconds = 0.0
    /// Bytes of resident memory; 0 if the system does not tell.
    public var residentBytes = 0
    /// Open descriptors; 0 if the system does not tell.
    public var descriptors = 0

    /// As it is now. Any thread.
    public init() {
        var usage = rusage()
        if getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 {
            for time in [usage.ru_utime, usage.ru_stime] {
                processorSeconds += Double(time.tv_sec) + Double(time.tv_usec) / 1e6
            }
        }
        residentBytes = Self.residentPages * Int(sysconf(Int32(_SC_PAGESIZE)))
        if let directory = opendir("/proc/self/fd") {
            while readdir(directory) != nil { descriptors += 1 }
            closedir(directory)
            // The directory itself, and the entries for it and the one above.
            descriptors = max(0, descriptors - 3)
        }
    }

    private static var residentPages: Int {
        let file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return 0 }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 128)
        let count = read(file, &bytes, bytes.count)
        guard count > 0 else { return 0 }
        let words = bytes[0..<count].split(separator: 0x20)
        return words.count > 1 ? Int(String(decoding: words[1], as: UTF8.self)) ?? 0 : 0
    }
}

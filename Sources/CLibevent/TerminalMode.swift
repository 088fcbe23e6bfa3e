// The terminal of a program that draws on the whole screen: keys as they are pressed, its size, its mode put back.
// What is drawn there is the program's matter.

import CEvent2
import Glibc

/// A terminal whose keys come at once and unseen (termios(3)), until it is put back.
public final class TerminalMode {
    private let descriptor: Int32
    private var former: termios
    private var isChanged = false

    /// Looks at a terminal and changes nothing yet.
    /// - Returns: nil if the descriptor is none.
    public init?(descriptor: Int32) {
        former = termios()
        guard tcgetattr(descriptor, &former) == 0 else { return nil }
        self.descriptor = descriptor
    }

    deinit { restore() }

    /// Has keys come at once, unseen, those that would be signals too. Once more after the process was stopped, as the
    /// shell has put its own mode back then.
    public func enter() {
        var raw = former
        raw.c_lflag &= ~tcflag_t(ICANON | ECHO | ISIG | IEXTEN)
        raw.c_iflag &= ~tcflag_t(IXON | ICRNL | INLCR)
        withUnsafeMutableBytes(of: &raw.c_cc) { keys in
            keys[Int(VMIN)] = 1
            keys[Int(VTIME)] = 0
        }
        isChanged = true
        tcsetattr(descriptor, TCSANOW, &raw)
    }

    /// Puts back what was before. Idempotent.
    public func restore() {
        guard isChanged else { return }
        isChanged = false
        tcsetattr(descriptor, TCSANOW, &former)
    }

    /// Columns and rows; nil if the terminal does not tell.
    public var size: (columns: Int, rows: Int)? {
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else { return nil }
        return (Int(size.ws_col), Int(size.ws_row))
    }

    /// What has been typed, 4 KiB at most; waits for it. Empty at the end, as when the terminal has gone.
    public func read() -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = Glibc.read(descriptor, &bytes, bytes.count)
        return count > 0 ? Array(bytes.prefix(count)) : []
    }
}

@available(*, unavailable)
extension TerminalMode: Sendable {}

// The value of the Date field, made once a second.
// Also the calendar for log lines; not for measuring.

import CLibevent

/// Formats the current time as RFC 9110 §5.6.7 wants it. Confined to its worker's thread.
final class DateClock {
    private var second = Int.min
    private var text: [UInt8] = []

    /// The current date: `Sun, 06 Nov 1994 08:49:37 GMT`.
    var now: [UInt8] {
        let current = WallTime.now.seconds
        if current != second {
            second = current
            text = Array(Self.format(current).utf8)
        }
        return text
    }

    /// The date of a second since 1970.
    static func format(_ seconds: Int) -> String {
        let civil = CivilTime(seconds: seconds)
        let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let day = "\(days[civil.weekday]), \(two(civil.day)) \(months[civil.month - 1]) \(civil.year)"
        return "\(day) \(two(civil.hour)):\(two(civil.minute)):\(two(civil.second)) GMT"
    }

    private static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}

/// A point in time in the calendar, UTC.
struct CivilTime {
    /// The year, from 1970 on.
    let year: Int
    /// 1 to 12.
    let month: Int
    /// 1 to 31.
    let day: Int
    /// 0 to 23.
    let hour: Int
    /// 0 to 59.
    let minute: Int
    /// 0 to 59.
    let second: Int
    /// 0 is Sunday.
    let weekday: Int

    /// Converts seconds since 1970; earlier times count as 1970.
    ///
    /// The calendar is counted from 1 March, so that the leap day is the last day of a year.
    init(seconds: Int) {
        let total = max(0, seconds)
        let days = total / 86_400
        let rest = total % 86_400
        hour = rest / 3600
        minute = rest % 3600 / 60
        second = rest % 60
        weekday = (days + 4) % 7
        let shifted = days + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }
}

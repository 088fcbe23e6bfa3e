// DNS messages as bytes, right ones and wrong ones.
// Only for making them: reading them is what is tested.

/// A question as a nameserver sees it.
struct Question {
    /// In lower case, as it was sent.
    var name: String
    var type: Int
    var bytes: [UInt8]

    init?(_ message: [UInt8]) {
        var labels: [String] = []
        var position = 12
        while position < message.count, message[position] != 0 {
            let end = position + 1 + Int(message[position])
            guard end < message.count else { return nil }
            labels.append(String(decoding: message[(position + 1)..<end], as: UTF8.self))
            position = end
        }
        guard message.count >= position + 5 else { return nil }
        name = labels.joined(separator: ".")
        type = Int(message[position + 1]) << 8 | Int(message[position + 2])
        bytes = Array(message[..<(position + 5)])
    }
}

/// Types of records.
enum RecordType {
    static let (a, alias, aaaa, service) = (1, 5, 28, 33)
}

/// One record of an answer.
struct Record {
    /// Nil for the name of the question.
    var owner: String?
    var type: Int
    var lifetime: UInt32
    var data: [UInt8]

    static func a(_ last: Int, _ lifetime: UInt32 = 60) -> Record {
        Record(type: RecordType.a, lifetime: lifetime, data: [192, 0, UInt8(last >> 8), UInt8(last & 0xFF)])
    }

    static func alias(_ target: String, _ lifetime: UInt32) -> Record {
        Record(type: RecordType.alias, lifetime: lifetime, data: encoded(target))
    }

    static func service(_ target: String, _ numbers: (Int, Int, Int) = (0, 0, 80), _ lifetime: UInt32 = 60) -> Record {
        let data = word(numbers.0) + word(numbers.1) + word(numbers.2) + encoded(target)
        return Record(type: RecordType.service, lifetime: lifetime, data: data)
    }

    func of(_ owner: String) -> Record {
        var copy = self
        copy.owner = owner
        return copy
    }

    var bytes: [UInt8] {
        let name = owner.map(encoded) ?? [0xC0, 12]
        return name + word(type) + word(1) + word(Int(lifetime >> 16)) + word(Int(lifetime & 0xFFFF))
            + word(data.count) + data
    }
}

/// Two bytes, the high one first.
func word(_ value: Int) -> [UInt8] { [UInt8(value >> 8 & 0xFF), UInt8(value & 0xFF)] }

/// A name as labels, without compression.
func encoded(_ name: String) -> [UInt8] {
    name.split(separator: ".").flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) } + [0]
}

/// What a question as such looks like.
func query(_ name: String, _ type: Int) -> [UInt8] {
    [0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0] + encoded(name) + word(type) + word(1)
}

/// An answer to a question, with the question's number.
func reply(to question: [UInt8], code: UInt8 = 0, isTruncated: Bool = false, _ records: Record...) -> [UInt8] {
    reply(to: question, code: code, isTruncated: isTruncated, records)
}

/// The same for any number of records.
func reply(to question: [UInt8], code: UInt8 = 0, isTruncated: Bool = false, _ records: [Record]) -> [UInt8] {
    let flags: [UInt8] = [isTruncated ? 0x87 : 0x85, 0x80 | code]
    let counts = word(1) + word(records.count) + word(0) + word(0)
    return Array(question[..<2]) + flags + counts + Array(question[12...]) + records.flatMap(\.bytes)
}

/// A message as it goes over TCP (RFC 1035 §4.2.2).
func framed(_ message: [UInt8]) -> [UInt8] { word(message.count) + message }

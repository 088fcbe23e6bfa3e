// Lines of the access log in the form of a template: what the JSON line says is put into the operator's text, so that
// redaction and escapes are those of that line.

import RelevoHTTP
import RelevoPolicy

/// Writes lines by a template.
enum TemplateLine {
    /// Appends the line whose JSON form is `object`, with its line feed. What there is nothing of is `-`.
    static func append(
        _ exchange: Exchange, _ template: LogTemplate, _ object: [UInt8], _ redaction: LogRedaction,
        to output: inout [UInt8]
    ) {
        let fields = exchange.request.fields
        append(template, object, to: &output) { name in
            guard let value = fields.line(named: name).map(fields.value) else { return nil }
            // What was cut from the target of one page comes back as the Referer of the next.
            return name == "referer" ? redaction.target(value) : value
        }
    }

    /// The same with any headers.
    static func append(
        _ template: LogTemplate, _ object: [UInt8], to output: inout [UInt8],
        header: (String) -> ArraySlice<UInt8>?
    ) {
        var pairs: [(key: Range<Int>, value: Range<Int>)] = []
        pairs.reserveCapacity(24)
        FlatObject.forEachPair(of: object) { pairs.append(($0, $1)) }
        for piece in template.pieces {
            let before = output.count
            switch piece {
            case .text(let text): output.append(contentsOf: text)
            case .field(let name):
                guard let value = pairs.first(where: { object[$0.key].elementsEqual(name) })?.value else { break }
                let isString = object[value].first == 0x22
                output.append(
                    contentsOf: object[isString ? FlatObject.string(object, at: value.lowerBound) : value])
            case .header(let name):
                if let value = header(name) { JSONText.append(value, to: &output) }
            }
            if output.count == before { output.append(0x2D) }
        }
        output.append(0x0A)
    }
}

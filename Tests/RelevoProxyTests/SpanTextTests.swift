// Spans of time as people read them.
// Where they are used: RequestStory.

import RelevoProxy
import Testing

@Suite struct SpanTextTests {
    @Test(
        "three digits that count",
        arguments: [
            (0, "0.00 ms"), (310_000, "0.31 ms"), (9_999_999, "9.99 ms"), (12_400_000, "12 ms"),
            (999_000_000, "999 ms"),
            (1_000_000_000, "1.0 s"), (3_250_000_000, "3.2 s"), (61_000_000_000, "61.0 s"),
        ])
    func write(_ nanoseconds: UInt64, _ text: String) { #expect(SpanText.write(nanoseconds) == text) }
}

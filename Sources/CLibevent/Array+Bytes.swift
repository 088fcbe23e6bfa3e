// Bytes of a span at the end of an array, by one copy: the standard library appends element by element.
// Nothing else.

extension [UInt8] {
    /// Appends a copy of the bytes.
    @inlinable
    public mutating func append(_ bytes: Span<UInt8>) {
        append(addingCapacity: bytes.count) { output in
            output.withUnsafeMutableBufferPointer { memory, initialized in
                bytes.withUnsafeBufferPointer { initialized = memory.update(fromContentsOf: $0) }
            }
        }
    }
}

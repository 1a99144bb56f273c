/// A piece of memory aligned for vectors, shared between threads that write to different parts of it.
package final class Buffer<Element: BitwiseCopyable>: @unchecked Sendable {
    /// The first element.
    package let pointer: UnsafeMutablePointer<Element>
    /// The number of elements, without the padding behind them.
    package let count: Int

    /// Uninitialised memory for `count` elements, with room to read and write one more vector of 64 bytes.
    package init(_ count: Int) {
        self.count = count
        let raw = UnsafeMutableRawPointer.allocate(byteCount: count * MemoryLayout<Element>.stride + 128, alignment: 64)
        pointer = raw.bindMemory(to: Element.self, capacity: count + 128 / MemoryLayout<Element>.stride)
    }

    deinit { UnsafeMutableRawPointer(pointer).deallocate() }

    /// Sets every element.
    package func fill(_ value: Element) { pointer.update(repeating: value, count: count) }

    /// Sets every byte to 0; `fill` knows the type of elements only when it runs, and goes through them one by one.
    package func clear() {
        UnsafeMutableRawPointer(pointer).initializeMemory(
            as: UInt8.self, repeating: 0, count: count * MemoryLayout<Element>.stride)
    }

    /// A copy as an array.
    package func array() -> [Element] { Array(UnsafeBufferPointer(start: pointer, count: count)) }
}

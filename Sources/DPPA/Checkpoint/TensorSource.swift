import DPPAKernels
import DPPASupport

/// One tensor that can be read piece by piece: the only kind of leaf that the engine knows.
///
/// A slice of a safetensors file is one; a low-rank product or a scaled 8-bit tensor can be another. The elements are
/// handed over in row-major order, in the encoding that `dtype` names.
public protocol TensorSource: Sendable {
    /// The dimensions; an empty list is a scalar with one element.
    var shape: [Int] { get }
    /// The encoding in which `load` hands elements over.
    var dtype: DType { get }
    /// Reads the elements with flat indices in `elements` into `buffer`, `dtype.byteSize` bytes each.
    ///
    /// Called from several threads at once. Throws an `inputOutput` error that names file and tensor.
    func load(_ elements: Range<Int>, into buffer: UnsafeMutableRawPointer) throws
    /// The bytes that loading so many elements, in pieces or at once, takes from the disk: what plans and progress count.
    func bytesRead(_ elements: Int) -> Int
    /// The type that a model of such tensors is written in, where nothing else is said.
    var writtenDType: DType { get }
    /// How the elements are stored, as their format calls it: `BF16`, `Q4_K`.
    var encoding: String { get }
}

extension TensorSource {
    /// The bytes of elements that are stored as they are handed over.
    public func bytesRead(_ elements: Int) -> Int { elements * dtype.byteSize }

    /// The type of elements that are stored as they are handed over.
    public var writtenDType: DType { dtype }

    /// The name of elements that are stored as they are handed over.
    public var encoding: String { dtype.rawValue }
}

extension TensorSource {
    /// All elements in float32.
    func floats() throws -> Buffer<Float> { try floats(0..<shape.reduce(1, *)) }

    /// Some elements in float32.
    package func floats(_ elements: Range<Int>) throws -> Buffer<Float> {
        let values = Buffer<Float>(elements.count)
        try load(elements, as: .f32, into: values.pointer)
        return values
    }
}

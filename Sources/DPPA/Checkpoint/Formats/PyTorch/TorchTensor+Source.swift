import DPPAKernels
import DPPASupport

extension TorchTensor {
    /// Where the elements are: a part of the file where they lie one after the other, and else a view of their storage.
    ///
    /// `bytes` is the storage's place in the file. Throws `data` when a tensor reaches beyond it.
    func source(_ name: String, bytes: Range<Int>, _ file: FileDescriptor) throws -> any TensorSource {
        let held = bytes.count / dtype.byteSize
        guard strides.count == shape.count else {
            throw misfit(name, file, "it has \(shape.count) sizes and \(strides.count) strides")
        }
        guard let elements = SafetensorsHeader.elements(of: shape) else {
            throw misfit(name, file, "its shape \(shape) is too large")
        }
        guard let reach = elements == 0 ? 0 : reach, elements == 0 || reach <= held else {
            throw misfit(
                name, file,
                "its shape \(shape) with the strides \(strides) from element \(offset) reaches beyond its storage of \(held)"
            )
        }
        // Without elements nothing is read, and there may be no storage.
        guard elements > 0, !isContiguous else {
            return StoredTensor(
                name: name, shape: shape, dtype: dtype,
                offset: bytes.lowerBound + (elements == 0 ? 0 : offset * dtype.byteSize), descriptor: file)
        }
        let storage = StoredTensor(
            name: name, shape: [held], dtype: dtype, offset: bytes.lowerBound, descriptor: file)
        return StridedSource(shape: shape, source: storage, start: offset, strides: strides)
    }

    /// How many elements of the storage its last one takes; nil where that is no number, or the first one is before the storage.
    private var reach: Int? {
        guard offset >= 0, offset < .max else { return nil }
        var last = offset
        for (count, stride) in zip(shape, strides) {
            let (distance, overflows) = (count - 1).multipliedReportingOverflow(by: stride)
            let (sum, overflowsToo) = last.addingReportingOverflow(distance)
            guard !overflows, !overflowsToo, sum < .max else { return nil }
            last = sum
        }
        return last + 1
    }

    private var isContiguous: Bool {
        var expected = 1
        for (count, stride) in zip(shape, strides).reversed() where count != 1 {
            guard stride == expected else { return false }
            expected *= count
        }
        return true
    }

    private func misfit(_ name: String, _ file: FileDescriptor, _ words: String) -> DPPAError {
        DPPAError(
            .data, "\(file.path): \(name.shown): \(words)", notes: ["the file is damaged; copy or download it again"])
    }
}

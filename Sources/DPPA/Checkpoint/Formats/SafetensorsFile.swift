import DPPASupport
import Foundation

/// An open safetensors file.
///
/// Its tensors read by position, so that several threads can share it.
package final class SafetensorsFile: Sendable {
    /// The path as it was given.
    package let path: String
    /// The tensors in the order of their places in the file.
    package let tensors: [StoredTensor]
    /// What its writer says of it.
    package let metadata: [String: String]

    /// Opens a file and reads its header.
    ///
    /// Throws `missingInput` when it is not there and `data` when it is damaged.
    package init(_ path: String) throws {
        self.path = path
        let descriptor = try FileDescriptor(path)
        if let kind = try FileKind(insteadOfSafetensors: descriptor) { throw kind.refusal(path) }
        let size = try descriptor.size()
        guard size >= 8 else {
            throw DPPAError(
                .data, "\(path) is no safetensors file: it has \(size) bytes; the length of the header alone takes 8")
        }
        let length = try descriptor.head(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard length <= UInt64(SafetensorsHeader.sizeLimit) else {
            throw DPPAError(
                .data,
                "\(path): the header is said to have \(length) bytes; at most \(SafetensorsHeader.sizeLimit) are allowed",
                notes: ["this is no safetensors file, or it is damaged"])
        }
        let headerSize = Int(length)
        guard headerSize <= size - 8 else {
            throw DPPAError(
                .data, "\(path): the header is said to have \(headerSize) bytes; the file has \(size)",
                notes: ["the file is cut short; copy or download it again"])
        }
        let buffer = Buffer<UInt8>(headerSize)
        try descriptor.read(headerSize, at: 8, into: UnsafeMutableRawPointer(buffer.pointer), nil)
        let header = try SafetensorsHeader(
            UnsafeRawBufferPointer(start: buffer.pointer, count: headerSize), dataSize: size - 8 - headerSize,
            file: path)
        metadata = header.metadata
        tensors = header.entries.map {
            StoredTensor(
                name: $0.name, shape: $0.shape, dtype: $0.dtype, offset: 8 + headerSize + $0.bytes.lowerBound,
                descriptor: descriptor)
        }
    }
}

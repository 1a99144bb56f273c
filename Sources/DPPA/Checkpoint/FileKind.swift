import DPPASupport
import Foundation

/// What a file is that is no safetensors file, by its first bytes: what a download has left, or another program writes.
enum FileKind: Equatable {
    case empty, zeros, lfsPointer(size: String?), page, json, gguf, ggml, zip, pickle, hdf5

    /// How many bytes tell.
    static let headSize = 512

    /// The kind of a file of `size` bytes that begins with `head`; nil when nothing is recognised.
    init?(head: [UInt8], size: Int) {
        if size == 0 {
            self = .empty
            return
        }
        let text = String(decoding: head, as: UTF8.self)
        let start = text.drop { $0.isWhitespace || $0 == "\u{FEFF}" }.prefix(64).lowercased()
        if head.starts(with: Array("GGUF".utf8)) {
            self = .gguf
        } else if ["lmgg", "fmgg", "tjgg"].contains(text.prefix(4)) {
            self = .ggml
        } else if head.starts(with: [0x50, 0x4B, 0x03, 0x04]) {
            self = .zip
        } else if head.count > 1, head[0] == 0x80, (2...5).contains(head[1]), head.count > 2, head[2] != 0 {
            self = .pickle
        } else if head.starts(with: [0x89, 0x48, 0x44, 0x46]) {
            self = .hdf5
        } else if text.hasPrefix("version https://git-lfs") {
            let line = text.split(whereSeparator: \.isNewline).first { $0.hasPrefix("size ") }
            self = .lfsPointer(size: line.map { String($0.dropFirst(5).prefix(20)).shown })
        } else if start.hasPrefix("<!doctype") || start.hasPrefix("<html") || start.hasPrefix("<?xml") {
            self = .page
        } else if start.hasPrefix("{") || start.hasPrefix("[") {
            self = .json
        } else if head.count > 64, head.allSatisfy({ $0 == 0 }) {
            self = .zeros
        } else {
            return nil
        }
    }

    /// The kind of a file where weights should be; nil for one that begins as a safetensors file does, with the length of its
    /// header and a brace, and where nothing is recognised.
    init?(insteadOfSafetensors file: FileDescriptor) throws {
        let size = try file.size()
        let head = try file.head(min(size, Self.headSize))
        guard head.count < 9 || head[8] != UInt8(ascii: "{") else { return nil }
        self.init(head: head, size: size)
    }

    /// The kind of the file at a path; nil when it cannot be read or nothing is recognised.
    init?(path: String) {
        guard let file = try? FileDescriptor(path), let size = try? file.size(),
            let head = try? file.head(min(size, Self.headSize))
        else { return nil }
        self.init(head: head, size: size)
    }

    /// The kind in words, with an article.
    var description: String {
        switch self {
        case .empty: "an empty file"
        case .zeros: "a file that begins with nothing but zeros"
        case .lfsPointer(let size):
            "a Git LFS pointer" + (size.map { ": the file itself, \($0) bytes, was never downloaded" } ?? "")
        case .page: "a web page"
        case .json: "a JSON text"
        case .gguf: "a GGUF file, as llama.cpp has them"
        case .ggml: "a GGML file, as llama.cpp had them before GGUF"
        case .zip: "a zip archive, as PyTorch's .bin, .pt and .ckpt files are"
        case .pickle: "a pickle, as older .bin, .pt and .ckpt files of PyTorch are"
        case .hdf5: "an HDF5 file, as Keras and TensorFlow write them"
        }
    }

    /// How to come to a file that can be read.
    var advice: String {
        switch self {
        case .empty, .zeros: "the download was not finished; download it again"
        case .lfsPointer: "run git lfs pull in its folder, or download it again"
        case .page, .json: "open it: it says why the download was refused; many models must be asked for first"
        case .gguf: "give it a name that ends in .gguf"
        case .ggml:
            "convert it with convert_llama_ggml_to_gguf.py of llama.cpp, or merge the model that it was made from"
        case .zip, .pickle:
            "give it a name that ends in .bin if PyTorch wrote it, or load it with transformers and call "
                + "save_pretrained(directory)"
        case .hdf5:
            "convert it first: load it with transformers and call save_pretrained(directory)"
        }
    }

    /// Whether it stands for a file that was not downloaded.
    var isLeftByDownload: Bool {
        switch self {
        case .lfsPointer, .page: true
        default: false
        }
    }

    /// The error for a file that should have been another one.
    func refusal(_ path: String, insteadOf expected: String = "safetensors file") -> DPPAError {
        DPPAError(.data, "\(path.shown) is no \(expected) but \(description)", notes: [advice])
    }
}

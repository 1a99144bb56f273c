import DPPACheckpoint
import DPPAKernels
import DPPASupport

/// Where the parts of a pack go; several threads write at once.
struct PackOutput: Sendable {
    let writer: CheckpointWriter
    /// The tensors of the file by name.
    let numbers: [String: Int]

    /// Writes what the coding of its tensor keeps of a piece.
    func write(_ piece: PackPieces.Loaded, _ entry: PackSurvey.Entry, _ place: PackSurvey.Place) throws {
        guard let dtype = entry.subject.own?.dtype else { return }
        let (size, count, start) = (dtype.byteSize, piece.range.count, piece.range.lowerBound)
        let bits = UnsafePointer(piece.bits.pointer)
        switch entry.coding {
        case .same, .lowrank: return
        case .dense: try write(piece.bytes, "dense", entry, at: start * size)
        case .bitmask:
            try writeWords(piece, entry, place, size)
            try write(
                UnsafeRawBufferPointer(start: bits, count: ChangedBits.byteCount(count)), "mask", entry, at: start / 8)
        case .gaps:
            let kept = try writeWords(piece, entry, place, size)
            // A gap of at most 2^40 elements takes at most 6 bytes, and only the first can be as long.
            let bytes = Buffer<UInt8>(3 * kept + 8)
            let length = GapCode.encode(bits, count: count, before: place.gap, into: bytes.pointer)
            try write(
                UnsafeRawBufferPointer(start: bytes.pointer, count: length), "gaps", entry, at: place.gapBytes)
            withExtendedLifetime(bytes) {}
        case .groups(let n, let m):
            let groups = count / m
            let places = Buffer<UInt8>(GroupCode.byteCount(groups: groups, n: n, m: m))
            let words = Buffer<UInt8>(groups * n * size)
            places.clear()
            GroupCode.encode(
                piece.own.pointer, size: size, bits, count: count, n: n, m: m, places: places.pointer,
                words: words.pointer)
            try write(
                UnsafeRawBufferPointer(start: words.pointer, count: words.count), "values", entry,
                at: start / m * n * size)
            try write(
                UnsafeRawBufferPointer(start: places.pointer, count: places.count), "places", entry,
                at: GroupCode.byteCount(groups: start / m, n: n, m: m))
            withExtendedLifetime((places, words)) {}
        case .sign: try writeSigns(piece, entry, dtype)
        }
    }

    /// Writes the words that have changed, and gives how many they are.
    @discardableResult
    private func writeWords(
        _ piece: PackPieces.Loaded, _ entry: PackSurvey.Entry, _ place: PackSurvey.Place, _ size: Int
    ) throws -> Int {
        let bits = UnsafePointer(piece.bits.pointer)
        let kept = ChangedBits.count(bits, first: 0, count: piece.range.count)
        let words = Buffer<UInt8>(kept * size)
        ChangedBits.gather(piece.own.pointer, size: size, bits, count: piece.range.count, into: words.pointer)
        try write(
            UnsafeRawBufferPointer(start: words.pointer, count: words.count), "values", entry, at: place.kept * size)
        withExtendedLifetime(words) {}
        return kept
    }

    /// Writes a bit for each difference that is not negative; that of 0 is set.
    private func writeSigns(_ piece: PackPieces.Loaded, _ entry: PackSurvey.Entry, _ dtype: DType) throws {
        let count = piece.range.count
        let (own, base) = (Buffer<Float>(count), Buffer<Float>(count))
        DTypeConversion.decode(piece.own.pointer, as: dtype, into: own.pointer, count: count)
        DTypeConversion.decode(piece.base.pointer, as: dtype, into: base.pointer, count: count)
        let signs = Buffer<UInt8>(ChangedBits.byteCount(count))
        signs.clear()
        for index in 0..<count where own.pointer[index] - base.pointer[index] >= 0 {
            signs.pointer[index >> 3] |= 1 << UInt8(index & 7)
        }
        try write(
            UnsafeRawBufferPointer(start: signs.pointer, count: signs.count), "signs", entry,
            at: piece.range.lowerBound / 8)
        withExtendedLifetime((own, base, signs)) {}
    }

    /// Writes one number.
    func write<Number: BitwiseCopyable>(number: Number, _ word: String, _ entry: PackSurvey.Entry) throws {
        try withUnsafeBytes(of: number) { try write($0, word, entry, at: 0) }
    }

    /// Writes a whole part.
    func write(all matrix: Matrix, _ word: String, _ entry: PackSurvey.Entry) throws {
        let bytes = UnsafeRawBufferPointer(start: matrix.values.pointer, count: matrix.count * 4)
        try write(bytes, word, entry, at: 0)
        withExtendedLifetime(matrix.values) {}
    }

    private func write(
        _ bytes: UnsafeRawBufferPointer, _ word: String, _ entry: PackSurvey.Entry, at offset: Int
    ) throws {
        guard let number = numbers[word + "/" + entry.subject.name] else {
            throw DPPAError(.internalFault, "\(entry.subject.name.shown) has no \(word) in the pack")
        }
        guard !bytes.isEmpty else { return }
        try writer.write(tensor: number, byteOffset: offset, bytes)
    }
}

/// The leading singular triplets of a tensor's difference to the base, as the two factors that a pack keeps.
struct PackFactors {
    /// U · S, rows × rank, and Vᵀ, rank × columns.
    let up, down: Matrix
    /// The share of Σd² that they leave, before rounding.
    let lost: Double

    /// Decomposes the difference, which is in memory meanwhile.
    ///
    /// Throws `data` where that does not converge.
    init(_ subject: PackSubject, rank: Int) throws {
        guard let own = subject.own, let base = subject.base else {
            throw DPPAError(.internalFault, "\(subject.name.shown) has nothing to be taken from")
        }
        let (values, below) = (try own.floats(0..<subject.count), try base.floats(0..<subject.count))
        var total = 0.0
        for index in 0..<subject.count {
            values.pointer[index] -= below.pointer[index]
            total += Double(values.pointer[index]) * Double(values.pointer[index])
        }
        withExtendedLifetime(below) {}
        let difference = Matrix(values, rows: own.shape[0], columns: own.shape[1])
        let svd: SingularValues
        do {
            svd = try SingularValues(difference, rank: rank, Self.options, name: subject.name)
        } catch is MatrixFailure {
            throw DPPAError(
                .data, "the decomposition of \(subject.name.shown) does not converge",
                notes: ["leave the tensor out of the globs of low rank"])
        }
        var kept = 0.0
        for column in 0..<rank {
            let size = svd.s.values.pointer[column]
            kept += Double(size) * Double(size)
            for row in 0..<svd.u.rows { svd.u.values.pointer[row * rank + column] *= size }
        }
        (up, down) = (svd.u, svd.vt)
        lost = total > 0 ? min(1, max(0, 1 - kept / total)) : 0
    }

    /// A range finder where few triplets are wanted of many.
    private static let options = SingularValues.Options(seed: 0)

    /// What the decomposition takes of memory.
    static func byteCount(_ subject: PackSubject, rank: Int) -> Int {
        guard let shape = subject.own?.shape, shape.count == 2 else { return 0 }
        return subject.count * 8 + (shape[0] + shape[1]) * rank * 4
            + SingularValues.bytes(rows: shape[0], columns: shape[1], rank: rank, options)
    }
}

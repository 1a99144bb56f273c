import DPPAKernels
import DPPASupport

/// One thread's memory, and the loop that runs a program over a chunk, tile by tile.
final class TileMachine: @unchecked Sendable {
    private let worker: Int
    private var registers = Buffer<Float>(0)
    private var registerStride = 0
    private var rows = Buffer<Double>(0)
    private var rowStride = 0
    var counts = Buffer<Int>(0)
    var rowScalars = Buffer<Double>(0)
    private var inputs = Buffer<UInt8>(0)
    private var outputs = Buffer<UInt8>(0)
    private(set) var raw: [UnsafeRawPointer] = []

    init(worker: Int) { self.worker = worker }

    /// What a task needs of a thread's private memory, in bytes.
    static func bytes(_ task: TensorTask, chunkElements: Int) -> Int {
        let inputs = zip(task.program.sources, task.residents).reduce(0) {
            $0 + ($1.1 == nil ? chunkElements * $1.0.dtype.byteSize + 64 : 0)
        }
        let outputs = task.sinks.reduce(0) {
            if case .write(_, let slot) = $1 { $0 + chunkElements * slot.dtype.byteSize + 64 } else { $0 }
        }
        let rows = task.program.needsRows ? task.rowsPerTile * (task.program.rowRegisterCount + 3) * 8 : 0
        return task.program.registerCount * (task.registerSize + 32) * 4 + rows + inputs + outputs
    }

    /// Runs a task on one of its chunks.
    ///
    /// Throws when reading or writing fails, and when an output is not finite.
    func run(_ task: TensorTask, chunk index: Int, counters: NonFiniteCounters) throws {
        let chunk = task.chunks[index]
        try copy(task, chunk)
        guard !task.sinks.isEmpty else { return }
        try prepare(task, chunk)
        var leaves: [LeafAccumulator?] = []
        var columns: [ColumnAccumulator?] = []
        var written = [Int](repeating: 0, count: task.sinks.count)
        var (outputOffset, isWriting) = (0, false)
        for (number, sink) in task.sinks.enumerated() {
            leaves.append(nil)
            columns.append(nil)
            switch sink {
            case .leaves(let op, _, _, let buffer):
                let first = chunk.leaves.lowerBound / LeafAccumulator.leafSize
                leaves[number] = LeafAccumulator(op, leaves: buffer.pointer + first)
            case .columns(let op, _, _, let buffer, let rowsPerLeaf):
                let length = task.facts.rowLength
                let first = chunk.owned.lowerBound / length / rowsPerLeaf * length
                columns[number] = ColumnAccumulator(
                    op, rowLength: length, rowsPerLeaf: rowsPerLeaf, leaves: buffer.pointer + first)
            case .countEqual(_, _, let buffer): buffer.pointer[index] = 0
            case .write(_, let slot):
                (written[number], isWriting) = (outputOffset, true)
                outputOffset += (chunk.owned.count * slot.dtype.byteSize + 63) / 64 * 64
            case .rows, .scan, .histogram, .collect, .agreement: break
            }
        }
        if outputs.count < outputOffset { outputs = Buffer<UInt8>(outputOffset) }

        var start = chunk.evaluated.lowerBound
        let step = task.program.needsRows ? task.rowsPerTile * task.facts.rowLength : task.tileElements
        while start < chunk.evaluated.upperBound {
            let tile = start..<min(chunk.evaluated.upperBound, start + step)
            for instruction in task.program.instructions { execute(instruction, task, chunk, tile) }
            if isWriting { count(task, chunk, tile, counters) }
            for (number, sink) in task.sinks.enumerated() {
                switch sink {
                case .leaves(_, let x, let y, _):
                    let part = tile.clamped(to: chunk.leaves)
                    if !part.isEmpty {
                        let shift = part.lowerBound - tile.lowerBound
                        leaves[number]?.add(at(x) + shift, y.map { UnsafePointer(at($0) + shift) }, count: part.count)
                    }
                case .columns(_, let x, let y, _, _):
                    let part = tile.clamped(to: chunk.owned)
                    if !part.isEmpty {
                        columns[number]?.add(
                            at(x), y.map { UnsafePointer(at($0)) }, rowCount: part.count / task.facts.rowLength)
                    }
                case .rows(let row, let buffer): store(row, into: buffer, task, chunk, tile)
                case .scan(let x, let search, let member):
                    let part = tile.clamped(to: chunk.owned)
                    if !part.isEmpty {
                        search.scan(
                            worker, member, at(x) + (part.lowerBound - tile.lowerBound), part.lowerBound, part.count)
                    }
                case .histogram(let x, let bank):
                    let part = tile.clamped(to: chunk.owned)
                    if !part.isEmpty {
                        bank.add(worker, at(x) + (part.lowerBound - tile.lowerBound), part.count)
                    }
                case .collect(let x, let buffer, let offsets):
                    let part = tile.clamped(to: chunk.owned)
                    if !part.isEmpty {
                        let place = offsets.map { $0[index] + part.lowerBound - chunk.owned.lowerBound }
                        (buffer.pointer + (place ?? part.lowerBound)).update(
                            from: at(x) + (part.lowerBound - tile.lowerBound), count: part.count)
                    }
                case .countEqual(let x, let value, let buffer):
                    let part = tile.clamped(to: chunk.owned)
                    if !part.isEmpty {
                        buffer.pointer[index] += ElementKernels.countEqual(
                            at(x) + (part.lowerBound - tile.lowerBound), count: part.count, value: value)
                    }
                case .agreement(let x, let y, let counts):
                    let part = tile.clamped(to: chunk.owned)
                    if !part.isEmpty {
                        let shift = part.lowerBound - tile.lowerBound
                        counts.add(worker, DeltaCounts.agreement(at(x) + shift, at(y) + shift, count: part.count))
                    }
                case .write(let x, let slot):
                    let part = tile.clamped(to: chunk.owned)
                    if !part.isEmpty { try encode(x, slot, written[number], task, chunk, tile, part) }
                }
            }
            start = tile.upperBound
        }
        for number in task.sinks.indices {
            leaves[number]?.finish()
            columns[number]?.finish()
            guard case .write(_, let slot) = task.sinks[number] else { continue }
            let size = slot.dtype.byteSize
            try slot.destination.write(
                tensor: slot.tensor, byteOffset: chunk.owned.lowerBound * size,
                UnsafeRawBufferPointer(start: outputs.pointer + written[number], count: chunk.owned.count * size))
        }
    }

    /// What goes from file to file as it is.
    private func copy(_ task: TensorTask, _ chunk: Chunk) throws {
        for copy in task.copies {
            let (source, output) = (copy.source, copy.output)
            let size = source.dtype.byteSize
            if inputs.count < chunk.owned.count * size { inputs = Buffer<UInt8>(chunk.owned.count * size) }
            try source.load(chunk.owned, into: inputs.pointer)
            try output.destination.write(
                tensor: output.tensor, byteOffset: chunk.owned.lowerBound * size,
                UnsafeRawBufferPointer(start: inputs.pointer, count: chunk.owned.count * size))
        }
    }

    func at(_ register: Int) -> UnsafeMutablePointer<Float> { registers.pointer + register * registerStride }
    func rowAt(_ register: Int) -> UnsafeMutablePointer<Double> { rows.pointer + register * rowStride }

    private func prepare(_ task: TensorTask, _ chunk: Chunk) throws {
        registerStride = (task.registerSize + 31) / 16 * 16
        let floats = task.program.registerCount * registerStride
        if registers.count < floats { registers = Buffer<Float>(floats) }
        if task.program.needsRows {
            rowStride = (task.rowsPerTile + 7) / 8 * 8
            if rows.count < rowStride * task.program.rowRegisterCount {
                rows = Buffer<Double>(rowStride * task.program.rowRegisterCount)
            }
            if counts.count < rowStride {
                counts = Buffer<Int>(rowStride)
                rowScalars = Buffer<Double>(rowStride)
            }
        }
        raw.removeAll(keepingCapacity: true)
        var needed = 0
        for (source, resident) in zip(task.program.sources, task.residents) where resident == nil {
            needed += (chunk.evaluated.count * source.dtype.byteSize + 127) / 64 * 64
        }
        if inputs.count < needed { inputs = Buffer<UInt8>(needed) }
        var offset = 0
        for (source, resident) in zip(task.program.sources, task.residents) {
            let size = source.dtype.byteSize
            let start: UnsafeMutableRawPointer
            if let resident {
                start = resident.bytes + chunk.evaluated.lowerBound * size
                if !resident.isFilled { try source.load(chunk.evaluated, into: start) }
            } else {
                start = UnsafeMutableRawPointer(inputs.pointer + offset)
                offset += (chunk.evaluated.count * size + 127) / 64 * 64
                try source.load(chunk.evaluated, into: start)
            }
            raw.append(UnsafeRawPointer(start))
        }
    }

    private func store(
        _ row: Program.Row, into buffer: Buffer<Double>, _ task: TensorTask, _ chunk: Chunk, _ tile: Range<Int>
    ) {
        let length = task.facts.rowLength
        let part = tile.clamped(to: chunk.owned)
        for index in 0..<part.count / max(1, length) {
            buffer.pointer[part.lowerBound / length + index] = value(row, index)
        }
    }

    /// Counts what is not finite among the inputs of the elements that are written.
    private func count(_ task: TensorTask, _ chunk: Chunk, _ tile: Range<Int>, _ counters: NonFiniteCounters) {
        let part = tile.clamped(to: chunk.owned)
        guard !part.isEmpty else { return }
        for (index, source) in task.program.sources.enumerated() {
            let bytes = raw[index] + (part.lowerBound - chunk.evaluated.lowerBound) * source.dtype.byteSize
            counters.count(
                bytes, source.dtype, part.count,
                Engine.ResidentKey(model: task.program.models[index], tensor: task.tensor))
        }
    }

    /// Encodes in the output's type, checks, and puts the bytes where the chunk's write will find them.
    private func encode(
        _ register: Int, _ slot: OutputSlot, _ offset: Int, _ task: TensorTask, _ chunk: Chunk, _ tile: Range<Int>,
        _ part: Range<Int>
    ) throws {
        let values = UnsafePointer(at(register) + (part.lowerBound - tile.lowerBound))
        let size = slot.dtype.byteSize
        let target =
            UnsafeMutableRawPointer(outputs.pointer + offset) + (part.lowerBound - chunk.owned.lowerBound) * size
        DTypeConversion.encode(values, as: slot.dtype, into: target, count: part.count)
        if let rounding = slot.rounding, !rounding.isSampled || tile.lowerBound == chunk.owned.lowerBound {
            let stored = task.program.sources[rounding.source].dtype
            let reference = raw[rounding.source] + (part.lowerBound - chunk.evaluated.lowerBound) * stored.byteSize
            rounding.counts.add(
                worker,
                DeltaCounts.rounding(
                    values, encoded: target, as: slot.dtype, reference: reference, storedAs: stored, count: part.count))
        }
        guard NonFinite.count(target, slot.dtype, part.count) > 0 else { return }
        var searched = 0
        while let found = NonFinite.first(target, slot.dtype, from: searched, count: part.count) {
            if let failure = try blame(part.lowerBound + found, values[found], slot, task, chunk, tile) {
                throw failure
            }
            searched = found + 1
        }
    }

    /// Runs a tile again step by step and names the operation that made an element non-finite; nil if an input is.
    private func blame(
        _ index: Int, _ value: Float, _ slot: OutputSlot, _ task: TensorTask, _ chunk: Chunk, _ tile: Range<Int>
    ) throws -> NonFiniteOutput? {
        let copy = TileMachine(worker: worker)
        try copy.prepare(task, chunk)
        var output = NonFiniteOutput(tensor: task.tensor, index: index, value: value, dtype: slot.dtype)
        for (number, instruction) in task.program.instructions.enumerated() {
            var divisor: Float?
            if case .binary(.divide, _, let y, _) = instruction {
                divisor =
                    switch y {
                    case .register(let r): copy.at(r)[index - tile.lowerBound]
                    case .scalar(let number): Float(number)
                    }
            }
            copy.execute(instruction, task, chunk, tile)
            guard let register = instruction.writes else { continue }
            guard !copy.at(register)[index - tile.lowerBound].isFinite else { continue }
            if case .load = instruction { return nil }
            (output.node, output.divisor) = (task.program.nodes[number], divisor)
            break
        }
        return output
    }
}

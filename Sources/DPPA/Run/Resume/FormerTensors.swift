import DPPACheckpoint
import DPPAExecution
import DPPAExpression
import DPPAKernels
import DPPASupport

/// What an earlier run has read, as far as it is known, so that keys of its tensors can be made without reading anything.
struct FormerInputs {
    private struct Input: Hashable {
        var model: String
        var name: String
        /// Type and shape.
        var kind: String
    }

    private var digests: [Input: Digest] = [:]
    /// The stamps that models of a label had.
    private var stamps: [String: Set<UInt128>] = [:]

    /// What a journal tells.
    init(_ entries: [DraftJournal.Entry]) {
        for entry in entries {
            switch entry {
            case .stamp(let model, let stamp): stamps[model, default: []].insert(stamp)
            case .input(let model, let tensor): add(model, tensor)
            case .program, .tensor: break
            }
        }
    }

    /// What a lock tells.
    init(_ lock: RecipeLock) {
        for model in lock.models { for tensor in model.tensors { add(model.label, tensor) } }
    }

    private mutating func add(_ model: String, _ tensor: TensorDigest) {
        guard let digest = tensor.digest else { return }
        digests[Input(model: model, name: tensor.name, kind: String(tensor.words.dropLast(33)))] = digest
    }

    /// What a tensor of a model of this label held.
    func digest(_ model: OpenModel, _ facts: TensorFacts) -> Digest? {
        guard let dtype = model.source(facts.name)?.dtype else { return nil }
        return digests[Input(model: model.label, name: facts.name, kind: TensorDigest.kind(facts, dtype))]
    }

    /// Whether a model's files are those that were read, as far as path, sizes and times tell.
    func isSame(_ model: OpenModel) -> Bool { stamps[model.label, default: []].contains(model.stamp) }
}

/// The finished tensors that an earlier run has left of one result.
struct FormerTensors {
    /// By name.
    let tensors: [String: FinishedTensor]
    let inputs: FormerInputs
    /// Where they are copied from, by name; nil where they lie where they belong.
    let places: [String: FileRange]?

    /// Those in a draft that is continued.
    init(draft entries: [DraftJournal.Entry], of output: String?) {
        var tensors: [String: FinishedTensor] = [:]
        for case .tensor(output, let tensor) in entries { tensors[tensor.name] = tensor }
        (self.tensors, inputs, places) = (tensors, FormerInputs(entries), nil)
    }

    /// Those of a model that stands at the target; nil where it is none of this version's.
    init?(at folder: String) {
        guard let lock = try? RecipeLock(reading: folder + "/" + RecipeLock.fileName), lock.program == version,
            !lock.tensors.isEmpty
        else { return nil }
        var places: [String: FileRange] = [:]
        for file in lock.files where file.name.hasSuffix(".safetensors") {
            guard let opened = try? SafetensorsFile(folder + "/" + file.name) else { continue }
            for tensor in opened.tensors { places[tensor.name] = tensor.place }
        }
        tensors = Dictionary(lock.tensors.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        (inputs, self.places) = (FormerInputs(lock), places)
    }
}

import DPPACheckpoint
import DPPAExpression
import DPPAKernels
import DPPASupport

extension DeltaSize: BitwiseCopyable {}
extension MergedDelta: BitwiseCopyable {}
extension ExpertDelta: BitwiseCopyable {}
extension LostChange: BitwiseCopyable {}

extension DeltaStatistics.Tensor {
    /// Tells another rank.
    func put(into message: inout Message) {
        message.put(facts.name)
        message.put(facts.shape)
        message.put(dtype.rawValue)
        message.put(merged)
        message.putOptional(lost)
        message.put(experts.count)
        for expert in experts { message.putOptional(expert) }
    }

    /// What another rank tells of a tensor of the same graph.
    init(_ message: inout Message, _ graph: Graph) throws {
        let (name, shape): (String, [Int]) = (try message.takeText(), try message.takeList())
        guard let facts = graph.facts(named: name, shape: shape), let dtype = DType(rawValue: try message.takeText())
        else { throw DPPAError(.internalFault, "another rank tells of an unknown tensor") }
        let (merged, lost) = (try message.take(MergedDelta.self), try message.takeOptional(LostChange.self))
        var experts: [ExpertDelta?] = []
        for _ in 0..<(try message.take(Int.self)) { experts.append(try message.takeOptional()) }
        self.init(facts: facts, merged: merged, experts: experts, dtype: dtype, lost: lost)
    }
}

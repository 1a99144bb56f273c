/// A call of `dppa.stack` as Lua.
struct StackText {
    private let slices: [(model: String, layers: Range<Int>)]
    /// Its options.
    var options: [String] = []

    init(_ slices: [(model: String, layers: Range<Int>)]) { self.slices = slices }

    /// Whether it is of more than one slice.
    var isJoined: Bool { slices.count > 1 }

    /// The lines that make it the value of a local variable.
    func lines(as name: String) -> [String] {
        let list = "slices_of_\(name)"
        if let loop = loop(list) { return loop + ["local \(name) = dppa.stack" + call(list)] }
        let entries = merged.map { "{ \($0.model), layers = \"\($0.layers)\" }" }
        return ["local \(name) = dppa.stack" + call(LuaText.table(entries, width: 90))]
    }

    private func call(_ list: String) -> String {
        let isTable = list.hasPrefix("{")
        if options.isEmpty { return isTable ? " \(list)" : "(\(list))" }
        return "(\(list), \(LuaText.table(options)))"
    }

    /// Slices with those of one model that stand behind each other joined.
    private var merged: [(model: String, layers: String)] {
        var result: [(model: String, layers: String)] = []
        for (model, layers) in slices {
            let text = layers.count == 1 ? "\(layers.lowerBound)" : "\(layers.lowerBound)-\(layers.upperBound - 1)"
            if let last = result.last, last.model == model, last.layers.count + text.count < 90 {
                result[result.count - 1].layers += ", " + text
            } else {
                result.append((model, text))
            }
        }
        return result
    }

    /// The lines of a loop that fills a list, where a few models take turns and every turn goes on by the same number of layers.
    private func loop(_ list: String) -> [String]? {
        for period in 1...3 where slices.count >= 6 && slices.count % period == 0 && slices.count / period >= 3 {
            let (first, step) = (
                slices[0].layers.lowerBound, slices[period].layers.lowerBound - slices[0].layers.lowerBound
            )
            let isRegular = slices.indices.dropFirst(period).allSatisfy { index in
                let (before, now) = (slices[index - period], slices[index])
                return now.model == before.model && now.layers.lowerBound - before.layers.lowerBound == step
                    && now.layers.count == before.layers.count
            }
            guard isRegular, step > 0 else { continue }
            func at(_ offset: Int) -> String { offset == 0 ? "at" : offset > 0 ? "at + \(offset)" : "at - \(-offset)" }
            let body = slices.prefix(period).map { model, layers in
                let from = at(layers.lowerBound - first)
                let text = layers.count == 1 ? from : "\(from) .. \"-\" .. \(at(layers.upperBound - 1 - first))"
                return "  table.insert(\(list), { \(model), layers = \(text) })"
            }
            let last = first + step * (slices.count / period - 1)
            return ["local \(list) = {}", "for at = \(first), \(last), \(step) do"] + body + ["end"]
        }
        return nil
    }
}

import DPPACheckpoint

/// The values that a recipe named: those that differ in the model's label alone are one figure with one scale.
struct NamedSection {
    let named: [RunRecord.NamedValue]
    /// The labels of the models.
    let labels: Set<String>

    /// Above this many values without a layer the others are in a table alone.
    private static let mostBars = 60

    func add(to page: inout HTMLPage) {
        page.heading("Named values")
        let single = named.filter { $0.values.count == 1 }
        if !single.isEmpty {
            page.table(
                HTMLTable(
                    columns: ["name", "value"],
                    rows: single.map { [.text($0.name), .value($0.shown[0].value, $0.unit)] }))
        }
        for group in groups { add(group, to: &page) }
    }

    private struct Group {
        var name: String
        var entries: [RunRecord.NamedValue]
    }

    private var groups: [Group] {
        var groups: [Group] = []
        for entry in named where entry.values.count > 1 {
            let name = family(entry.name)
            let known = groups.firstIndex {
                $0.name == name && $0.entries[0].unit == entry.unit
                    && $0.entries[0].values.map(\.name) == entry.values.map(\.name)
            }
            if let known {
                groups[known].entries.append(entry)
            } else {
                groups.append(Group(name: name, entries: [entry]))
            }
        }
        return groups.map { $0.entries.count > 1 ? $0 : Group(name: $0.entries[0].name, entries: $0.entries) }
    }

    /// A name without the labels in it: "density at 0.9" of "law density at 0.9".
    private func family(_ name: String) -> String {
        let words = name.split(separator: " ").compactMap { word -> String? in
            if labels.contains(String(word)) { return "…" }
            return word.hasPrefix("(") && word.hasSuffix(")") && labels.contains(String(word.dropFirst().dropLast()))
                ? nil : String(word)
        }
        let inner = words.first == "…" ? words.dropFirst() : words[...]
        return inner.isEmpty ? name : inner.joined(separator: " ")
    }

    private func add(_ group: Group, to page: inout HTMLPage) {
        let first = group.entries[0]
        let facts = TensorNaming.facts(first.values.map { ($0.name, [1, 1]) })
        let layers = first.values.map { $0.name.split(separator: ".").last.flatMap { Int($0) } }
        if facts.allSatisfy({ $0.layer == nil }), layers.allSatisfy({ $0 != nil }), Set(layers).count == layers.count {
            let panels = group.entries.map { entry in
                LayerBars.Panel(
                    title: entry.name,
                    values: Dictionary(
                        zip(layers, entry.shown).map { ($0 ?? 0, $1.value) }, uniquingKeysWith: { first, _ in first }))
            }
            page.figure(
                group.name, LayerBars(panels: panels, unit: first.unit).html, caption: caption(first, "layer"))
            return
        }
        // Names tell the module; what is a matrix they do not, so all have a place.
        let grid = BlockGrid(facts)
        if !grid.rows.isEmpty {
            let panels = group.entries.map { entry in
                let sums = grid.cells(
                    entry.shown.map { ($0.name, (sum: $0.value, count: 1.0)) },
                    join: {
                        $0.sum += $1.sum
                        $0.count += $1.count
                    })
                return HeatMap.Panel(title: entry.name, cells: sums.mapValues { $0.sum / $0.count })
            }
            page.figure(
                group.name, HeatMap(panels, rows: grid.rows, unit: first.unit).html,
                caption: caption(first, "layer and module"))
        }
        for entry in group.entries {
            let others = entry.shown.filter { grid.places[$0.name] == nil }
                .sorted { NaturalOrder.precedes($0.name, $1.name) }
            guard !others.isEmpty else { continue }
            let bars = others.map { NamedBars.Entry(name: $0.name, value: $0.value) }
            if grid.rows.isEmpty {
                page.figure(
                    entry.name, NamedBars(entries: Array(bars.prefix(Self.mostBars)), unit: entry.unit).html,
                    caption: caption(entry, "name"))
                guard bars.count > Self.mostBars else { continue }
            }
            page.table(
                HTMLTable(
                    columns: ["name", "value"], rows: others.map { [.code($0.name), .value($0.value, entry.unit)] }),
                folded: grid.rows.isEmpty
                    ? "All \(ShownNumber.count(others.count)) values of \(entry.name)"
                    : "\(entry.name) of \(ShownNumber.count(others.count)) tensors that are no matrix of a layer")
        }
    }

    private func caption(_ entry: RunRecord.NamedValue, _ by: String) -> String {
        let count = "\(ShownNumber.count(entry.values.count)) values by \(by)"
        return entry.totals == nil ? count + "." : count + ": shares of the elements; counts are in the JSON."
    }
}

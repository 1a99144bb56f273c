import DPPASupport

/// Elements, calls, arithmetic and comparisons of templates.
extension TemplateRun {
    func element(_ value: TemplateValue, _ index: TemplateValue) throws -> TemplateValue {
        if let name = index.string { return try member(value, name) }
        guard let wanted = index.int else { throw refusal("an index that is \(index.kind)") }
        switch value {
        case .list, .text:
            let all = try elements(value, "[]")
            let place = wanted < 0 ? wanted + all.count : wanted
            return all.indices.contains(place) ? all[place] : .undefined("[\(wanted)]")
        case .undefined(let name): throw missing(name)
        default: throw refusal("\(value.kind) has no element \(wanted)")
        }
    }

    mutating func slice(
        _ value: TemplateValue, _ from: TemplateValue?, _ to: TemplateValue?, _ step: TemplateValue?
    ) throws -> TemplateValue {
        let all = try elements(value, "[:]")
        try count(all.count)
        func number(_ value: TemplateValue?) throws -> Int? {
            guard let value else { return nil }
            if case .none = value { return nil }
            guard let number = value.int else { throw refusal("a slice by \(value.kind)") }
            return number
        }
        let step = try number(step) ?? 1
        guard step != 0, step.magnitude < 1 << 31 else { throw refusal("a slice with the step \(step)") }
        func place(_ wanted: Int, _ low: Int, _ high: Int) -> Int {
            min(max(wanted < 0 ? wanted + all.count : wanted, low), high)
        }
        let (low, high) = step > 0 ? (0, all.count) : (-1, all.count - 1)
        let start = try number(from).map { place($0, low, high) } ?? (step > 0 ? 0 : all.count - 1)
        let end = try number(to).map { place($0, low, high) } ?? (step > 0 ? all.count : -1)
        let taken = stride(from: start, to: end, by: step).map { all[$0] }
        guard case .text = value else { return .list(taken) }
        var text = TemplateText("", isGiven: false)
        for case .text(let part) in taken { text.append(part) }
        return .text(text)
    }

    mutating func call(_ name: String, _ arguments: Values) throws -> TemplateValue {
        switch name {
        case "raise_exception":
            let reason = arguments.values.first?.string ?? ""
            throw refusal("the template refuses: \(reason.shown)")
        case "namespace":
            return addNamespace(arguments.named)
        case "dict": return .dictionary(arguments.named.map { ($0.name, $0.value) })
        case "range":
            let numbers = arguments.values.compactMap(\.int)
            guard numbers.count == arguments.values.count, (1...3).contains(numbers.count),
                numbers.count < 3 || numbers[2] != 0
            else { throw refusal("'range' takes one to three whole numbers") }
            let (from, to) = numbers.count == 1 ? (0, numbers[0]) : (numbers[0], numbers[1])
            guard from.magnitude < 1 << 20, to.magnitude < 1 << 20 else {
                throw refusal("'range' of more than 1048576")
            }
            let all = Array(stride(from: from, to: to, by: numbers.count == 3 ? numbers[2] : 1))
            try count(16 * all.count)
            return .list(all.map { .integer($0) })
        default:
            throw refusal(
                "'\(name.shown)()' is not read",
                notes: ["functions that are read: raise_exception, namespace, dict, range"])
        }
    }

    mutating func apply(
        _ operation: TemplateExpression.Operation, _ a: TemplateValue, _ b: TemplateValue
    ) throws -> TemplateValue {
        if operation == .join {
            var text = try written(a)
            text.append(try written(b))
            try count(text.byteCount)
            return .text(text)
        }
        for case .undefined(let name) in [a, b] { throw missing(name) }
        switch (operation, a, b) {
        case (.add, .text(var text), .text(let other)):
            text.append(other)
            try count(text.byteCount)
            return .text(text)
        case (.add, .list(let all), .list(let others)):
            try count(all.count + others.count)
            return .list(all + others)
        default: break
        }
        let refusal = refusal("'\(operation.rawValue)' between \(a.kind) and \(b.kind)")
        if let x = a.int, let y = b.int {
            let found: (partialValue: Int, overflow: Bool)? =
                switch operation {
                case .add: x.addingReportingOverflow(y)
                case .subtract: x.subtractingReportingOverflow(y)
                case .multiply: x.multipliedReportingOverflow(by: y)
                case .divideWhole where y > 0: (x >= 0 ? x / y : -((-(x + 1)) / y) - 1, false)
                case .remainder where y > 0: (((x % y) + y) % y, false)
                case .divide where y != 0: nil
                default: (0, true)
                }
            if let found {
                guard !found.overflow else { throw refusal }
                return .integer(found.partialValue)
            }
        }
        guard let x = a.double, let y = b.double else { throw refusal }
        switch operation {
        case .add: return .number(x + y)
        case .subtract: return .number(x - y)
        case .multiply: return .number(x * y)
        case .divide where y != 0: return .number(x / y)
        default: throw refusal
        }
    }

    func compare(
        _ a: TemplateValue, _ comparison: TemplateExpression.Comparison, _ b: TemplateValue
    ) throws -> Bool {
        switch comparison {
        case .equal: return a.equals(b)
        case .unequal: return !a.equals(b)
        case .isIn: return try holds(b, a)
        case .isNotIn: return try !holds(b, a)
        case .less: return try isLess(a, b)
        case .greater: return try isLess(b, a)
        case .lessOrEqual: return try isLess(a, b) || a.equals(b)
        case .greaterOrEqual: return try isLess(b, a) || a.equals(b)
        }
    }

    private func isLess(_ a: TemplateValue, _ b: TemplateValue) throws -> Bool {
        if let x = a.double, let y = b.double { return x < y }
        guard let x = a.string, let y = b.string else { throw refusal("'<' between \(a.kind) and \(b.kind)") }
        return x.unicodeScalars.lexicographicallyPrecedes(y.unicodeScalars) { $0.value < $1.value }
    }

    /// Whether a list, a mapping or a text holds a value.
    func holds(_ whole: TemplateValue, _ part: TemplateValue) throws -> Bool {
        switch whole {
        case .list(let values): return values.contains { $0.equals(part) }
        case .dictionary(let members): return members.contains { TemplateValue.own($0.key).equals(part) }
        case .text(let text):
            guard let wanted = part.string else { throw refusal("'in' looks for \(part.kind) in a text") }
            return text.string.scalarRanges(of: wanted, limit: 1).isEmpty == false || wanted.isEmpty
        case .undefined where !template.style.isStrict: return false
        case .undefined(let name): throw missing(name)
        default: throw refusal("'in' looks into \(whole.kind)")
        }
    }
}

extension String {
    /// Where a text stands in this one, from the left without overlap, by its scalars and not by what looks alike.
    func scalarRanges(of wanted: String, limit: Int = .max) -> [Range<String.Index>] {
        let (all, sought) = (unicodeScalars, Array(wanted.unicodeScalars))
        guard let first = sought.first else { return [] }
        var ranges: [Range<String.Index>] = []
        var place = all.startIndex
        while place < all.endIndex, ranges.count < limit {
            if all[place] == first, all[place...].starts(with: sought) {
                let end = all.index(place, offsetBy: sought.count)
                ranges.append(place..<end)
                place = end
            } else {
                place = all.index(after: place)
            }
        }
        return ranges
    }
}

import DPPASupport

/// What a file says of one parameter in one place: a value, a gradient, or these by filter.
struct MergeParameter {
    /// A value where a filter holds.
    struct Case {
        /// A part of a tensor's name; nil for all.
        var filter: String?
        var value: Value
        var place: DPPAError.Location
    }

    enum Value: Equatable {
        case number(Double)
        case flag(Bool)
        case gradient([Double])

        var isGradient: Bool { if case .gradient = self { true } else { false } }
    }

    var name: String
    /// In order; the first that holds counts.
    var cases: [Case]
    var place: DPPAError.Location

    /// Reads the parameter; nil where it says nothing.
    ///
    /// Throws when it is of no kind that mergekit reads, or not of the parameter's own kind.
    init?(_ member: YAMLValue.Member, kind: MergekitMethod.Kind) throws {
        (name, place) = (member.key, member.place)
        let value = member.value
        if value.isNull { return nil }
        let conditions = value.members != nil ? [value] : value.list?.first?.members != nil ? value.list ?? [] : nil
        if let conditions {
            cases = []
            for condition in conditions {
                guard let members = condition.members else {
                    throw condition.error(
                        "'\(name)' mixes values and filters; here is \(condition.described)",
                        notes: ["a gradient is a list of numbers; filters are a list of mappings with value and filter"]
                    )
                }
                try KnownKeys(["value", "filter"], of: "a condition of '\(name)'").check(members)
                guard let value = condition.given("value") else {
                    throw condition.error("a condition of '\(name)' has no value")
                }
                let filter = condition.given("filter")
                if let filter, filter.text == nil {
                    throw filter.error("a filter is a text; this is \(filter.described)")
                }
                guard let read = try Self.value(value, name, kind) else { continue }
                cases.append(
                    Case(filter: filter?.text == "*" ? nil : filter?.text, value: read, place: condition.place))
            }
            return
        }
        guard let read = try Self.value(value, name, kind) else { return nil }
        cases = [Case(filter: nil, value: read, place: value.place)]
    }

    private static func value(_ value: YAMLValue, _ name: String, _ kind: MergekitMethod.Kind) throws -> Value? {
        if let list = value.list {
            guard kind != .flag else {
                throw value.error("'\(name)' is true or false for a tensor; a gradient of it is not carried over")
            }
            let numbers = try list.map { try number($0, name) }
            if numbers.isEmpty { return nil }
            return numbers.count == 1 ? .number(numbers[0]) : .gradient(numbers)
        }
        switch kind {
        case .flag:
            guard let flag = value.flag ?? value.int.flatMap({ $0 == 0 ? false : $0 == 1 ? true : nil }) else {
                throw value.error("'\(name)' is true or false; this is \(value.described)")
            }
            return .flag(flag)
        case .number, .whole:
            let number = try number(value, name)
            guard kind == .number || number == number.rounded() else {
                throw value.error("'\(name)' is a whole number; this is \(value.described)")
            }
            return .number(number)
        }
    }

    private static func number(_ value: YAMLValue, _ name: String) throws -> Double {
        if let number = value.number { return number }
        if let flag = value.flag { return flag ? 1 : 0 }
        throw value.error("'\(name)' is a number; this is \(value.described)")
    }
}

/// The keys that a mapping may have.
struct KnownKeys {
    let keys: [String]
    let subject: String

    init(_ keys: [String], of subject: String) { (self.keys, self.subject) = (keys, subject) }

    /// Throws at the first key that is not one of them, with what it may be meant to be.
    func check(_ members: [YAMLValue.Member]) throws {
        guard let unknown = members.first(where: { !keys.contains($0.key) }) else { return }
        throw DPPAError(
            .data, "\(subject) has no key '\(unknown.key.shown)'" + Suggestions.hint(for: unknown.key, among: keys),
            notes: ["keys are \(keys.joined(separator: ", "))"], location: unknown.place)
    }
}

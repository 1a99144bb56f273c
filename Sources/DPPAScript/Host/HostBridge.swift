internal import CLua
import DPPA

/// The one place where C enters Swift.
final class HostBridge {
    let objects = ObjectTable()
    private(set) var failure: (any Error)?
    private let context: AnyObject
    private let texts: SourceTexts
    private let types: [(name: String, isInstance: (any ScriptObject) -> Bool)]
    private var functions: [(group: String, name: String, function: Function)] = []
    private let writer: ValueWriter

    var reader: ValueReader { ValueReader(objects: objects) }

    init(context: AnyObject, texts: SourceTexts, names: ScriptHost.Names) {
        self.context = context
        self.texts = texts
        let types = names.types
        self.types = types
        writer = ValueWriter(objects: objects) { object in
            UInt32(types.firstIndex { $0.isInstance(object) } ?? 0)
        }
        for group in names.groups { add(group.group, group.functions) }
    }

    func add(_ group: String, _ new: [String: Function]) {
        for (name, function) in new.sorted(by: { $0.key < $1.key }) { functions.append((group, name, function)) }
    }

    /// Tells a session of all functions and types.
    ///
    /// False when memory is short.
    func register(_ session: OpaquePointer) -> Bool {
        for (number, type) in types.enumerated() where !clua_add_type(session, type.name, UInt32(number)) {
            return false
        }
        for (number, entry) in functions.enumerated()
        where !clua_add_function(session, entry.group, entry.name, UInt32(number)) {
            return false
        }
        return true
    }

    /// The callbacks of this bridge, which must outlive the session.
    var raw: clua_host {
        clua_host(
            context: Unmanaged.passUnretained(self).toOpaque(),
            call: { context, call in
                guard let context, let call else { return false }
                return Unmanaged<HostBridge>.fromOpaque(context).takeUnretainedValue().answer(call)
            },
            release: { context, _, handle in
                guard let context else { return }
                Unmanaged<HostBridge>.fromOpaque(context).takeUnretainedValue().objects.release(handle)
            })
    }

    /// Answers one call.
    ///
    /// False when an error waits in `failure`.
    private func answer(_ raw: UnsafeMutablePointer<clua_call>) -> Bool {
        writer.clear()
        let number = Int(raw.pointee.function)
        guard number < functions.count else { return false }
        let arguments = (0..<raw.pointee.argument_count).map { reader.value(raw.pointee.arguments[$0]) }
        let location = raw.pointee.file.map {
            DPPAError.Location(file: String(cString: $0), line: Int(raw.pointee.line))
        }
        let call = Call(
            function: functions[number].function, arguments: arguments, location: location,
            isShipped: raw.pointee.is_shipped, context: context, sources: texts)
        do {
            try call.check()
            let results = try call.function.body?(call) ?? []
            raw.pointee.results = writer.values(results)
            raw.pointee.result_count = results.count
            return true
        } catch {
            failure = error
            return false
        }
    }
}

/// The host's objects behind Lua's handles: a slot map, so that an old handle finds nothing instead of something else.
final class ObjectTable {
    private struct Slot {
        var object: (any ScriptObject)?
        var generation: UInt32 = 0
    }

    private var slots: [Slot] = []
    private var free: [Int] = []

    /// How many objects Lua holds.
    var count: Int { slots.count - free.count }

    /// A handle for one more reference from Lua.
    func insert(_ object: any ScriptObject) -> UInt64 {
        let index: Int
        if let recycled = free.popLast() {
            index = recycled
        } else {
            index = slots.count
            slots.append(Slot())
        }
        slots[index].object = object
        return UInt64(slots[index].generation) << 32 | UInt64(index)
    }

    /// The object behind a handle; nil when it has been released.
    func object(_ handle: UInt64) -> (any ScriptObject)? {
        let index = Int(handle & 0xFFFF_FFFF)
        guard index < slots.count, slots[index].generation == UInt32(handle >> 32) else { return nil }
        return slots[index].object
    }

    /// Lets go of an object; a handle that is old already does nothing.
    func release(_ handle: UInt64) {
        let index = Int(handle & 0xFFFF_FFFF)
        guard index < slots.count, slots[index].generation == UInt32(handle >> 32), slots[index].object != nil else {
            return
        }
        slots[index].object = nil
        slots[index].generation &+= 1
        free.append(index)
    }
}

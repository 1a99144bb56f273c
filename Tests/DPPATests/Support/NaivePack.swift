import DPPA
import Foundation

/// A pack read element by element by the page that describes it, with no code of the program's.
struct NaivePack {
    private typealias Stored = (dtype: String, shape: [Int], bytes: [UInt8])
    let tensors: [String: (dtype: String, shape: [Int], bytes: [UInt8])]
    /// How each tensor is kept.
    let codings: [String: String]

    struct Failure: Error {}

    /// The model of a pack and a base, both single files.
    init(_ pack: String, base: String) throws {
        let (parts, metadata) = try Self.file(pack)
        let (below, _) = try Self.file(base)
        guard let text = metadata["dppa_pack"],
            let all = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any],
            let model = all["model"] as? [String: Any], let entries = model["tensors"] as? [String: [String: Any]]
        else { throw Failure() }
        var (tensors, codings): ([String: Stored], [String: String]) = ([:], [:])
        for (name, entry) in entries {
            guard let coding = entry["coding"] as? String, let dtype = entry["dtype"] as? String,
                let shape = entry["shape"] as? [Int]
            else { throw Failure() }
            func part(_ word: String) throws -> [UInt8] {
                guard let part = parts[word + "/" + name] else { throw Failure() }
                return part.bytes
            }
            let count = shape.reduce(1, *)
            let size = dtype.hasSuffix("64") ? 8 : dtype.hasSuffix("32") ? 4 : dtype.hasSuffix("16") ? 2 : 1
            var bytes = Array((below[name]?.bytes ?? []).prefix(count * size))
            bytes += [UInt8](repeating: 0, count: count * size - bytes.count)
            func put(_ places: [Int]) throws {
                let values = try part("values")
                guard values.count == places.count * size else { throw Failure() }
                for (index, place) in places.enumerated() {
                    for byte in 0..<size { bytes[place * size + byte] = values[index * size + byte] }
                }
            }
            func bit(_ bytes: [UInt8], _ index: Int) -> Int { Int(bytes[index / 8] >> UInt8(index % 8)) & 1 }
            switch coding {
            case "same": break
            case "dense": bytes = try part("dense")
            case "bitmask":
                let mask = try part("mask")
                try put((0..<count).filter { bit(mask, $0) == 1 })
            case "gaps":
                var (places, place, gap, shift): ([Int], Int, Int, Int) = ([], -1, 0, 0)
                for byte in try part("gaps") {
                    gap += Int(byte % 128) << shift
                    shift += 7
                    guard byte < 128 else { continue }
                    place += gap + 1
                    places.append(place)
                    (gap, shift) = (0, 0)
                }
                try put(places)
            case "nm":
                guard let n = entry["n"] as? Int, let m = entry["m"] as? Int else { throw Failure() }
                let width = m == 4 ? 2 : m == 8 ? 3 : 4
                let places = try part("places")
                try put(
                    (0..<count / m * n).map { index in
                        index / n * m + (0..<width).reduce(0) { $0 + bit(places, index * width + $1) << $1 }
                    })
            default: throw Failure()
            }
            tensors[name] = (dtype, shape, bytes)
            codings[name] = coding
        }
        (self.tensors, self.codings) = (tensors, codings)
    }

    private static func file(_ path: String) throws -> ([String: Stored], [String: String]) {
        let data = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        let length = data[..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
        guard
            let header = try JSONSerialization.jsonObject(with: Data(data[8..<8 + length])) as? [String: [String: Any]]
        else { throw Failure() }
        var tensors: [String: Stored] = [:]
        for (name, entry) in header where name != "__metadata__" {
            guard let dtype = entry["dtype"] as? String, let shape = entry["shape"] as? [Int],
                let places = entry["data_offsets"] as? [Int]
            else { throw Failure() }
            tensors[name] = (dtype, shape, Array(data[8 + length + places[0]..<8 + length + places[1]]))
        }
        return (tensors, header["__metadata__"] as? [String: String] ?? [:])
    }
}

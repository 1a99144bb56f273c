import DPPACheckpoint
import DPPASupport
import Foundation
import SystemPackage

/// Reads tasks from JSON lines: one question a line, as texts or as token ids.
///
///     {"prompt": "6 * 7 =", "target": "42"}                             exact_match
///     {"prompt": "The sky is", "choices": ["blue", "loud"], "answer": 0}  acc
///     {"text": "Once upon a time …"}                                    perplexity
///     {"prompt": "What is 6 * 7?", "answer_text": "42"}                 generate
///     {"prompt": [256, 81], "target": [32, 257]}                        the same with token ids
///     {"tokens": [256, 81, 58, 32]}                                     perplexity
///
/// A first line with a `metric` says what the lines do not (`TaskDeclaration`). A file that ends in `.json` is such a declaration
/// alone, whose `data` is the file of questions beside it; its templates (`TaskMapping`) make questions of lines with other keys.
extension EvaluationTask {
    /// Reads a task.
    ///
    /// Throws `missingInput` when a file cannot be read, and `data` with the line when one is not as described, or when there is
    /// no question at all.
    public init(path: String, name: String? = nil) throws {
        guard access(path, F_OK) == 0 else { throw DPPAError(.missingInput, "there is no task file \(path)") }
        var (declaration, files, dataPath) = (TaskDeclaration(), [path], path)
        let isDeclared = FilePath(path).extension?.lowercased() == "json"
        var bytes = try FileDescriptor.contents(
            path, limit: isDeclared ? TaskReader.declarationLimit : TaskReader.limit)
        var hashes = [Fingerprint.of(bytes)]
        if isDeclared {
            declaration = try TaskDeclaration(
                JSONObject(bytes, file: path, kind: .page), place: path, isFile: true)
            dataPath = try TaskReader.beside(path, declaration.data ?? "", "data", place: path)
            files.append(dataPath)
            bytes = try FileDescriptor.contents(dataPath, limit: TaskReader.limit)
            hashes.append(Fingerprint.of(bytes))
        }
        var reader = TaskReader(path: dataPath, declaration: declaration, mayDeclare: !isDeclared)
        try reader.read(bytes)
        declaration = reader.declaration
        guard let metric = reader.metric, let first = reader.questions.first else {
            throw DPPAError(
                .data, "the task \(path) has no questions",
                notes: [isDeclared ? "its data is \(dataPath)" : "a line is one question, as JSON"])
        }
        let place = isDeclared ? path : "\(path):\(reader.declarationLine ?? 1)"
        try declaration.requireUse(metric, isText: first.isText, place: place)
        var examples: [Question] = []
        if let file = declaration.examples, declaration.exampleCount != 0 {
            let examplePath = try TaskReader.beside(path, file, "examples", place: place)
            files.append(examplePath)
            let bytes = try FileDescriptor.contents(examplePath, limit: TaskReader.limit)
            hashes.append(Fingerprint.of(bytes))
            var own = TaskReader(path: examplePath, declaration: declaration, mayDeclare: false)
            own.most = declaration.exampleCount
            (own.metric, own.isText, own.firstLine) = (metric, true, nil)
            try own.read(bytes)
            examples = own.questions
            guard examples.count >= declaration.exampleCount ?? 1 else {
                throw DPPAError(
                    .data,
                    "\(place): 'num_fewshot' is \(declaration.exampleCount ?? 1), and \(examplePath) has "
                        + Phrase.counted(examples.count, "example"))
            }
        }
        self.init(
            name: name ?? FilePath(path).stem ?? path, metric: metric, path: dataPath, questions: reader.questions,
            examples: examples, declaration: declaration,
            fingerprint: hashes.dropFirst().reduce(hashes[0]) { sum, next in
                var hash = Fingerprint(value: sum)
                hash.add(next)
                return hash.value
            }, files: files)
    }
}

/// Reads the lines of a file of questions.
private struct TaskReader {
    static let limit = 1 << 28
    static let declarationLimit = 1 << 20

    private let path: String
    private let mayDeclare: Bool
    private(set) var declaration: TaskDeclaration
    /// The line of the declaration, where the file has one.
    private(set) var declarationLine: Int?
    private(set) var questions: [Question] = []
    var metric: EvaluationTask.Metric?
    /// Whether questions are texts, as the first one says, and its line.
    var isText: Bool?
    var firstLine: Int?
    /// How many questions are read; nil for all.
    var most: Int?

    init(path: String, declaration: TaskDeclaration, mayDeclare: Bool) {
        (self.path, self.declaration, self.mayDeclare) = (path, declaration, mayDeclare)
        metric = declaration.metric
    }

    /// A file beside a task: what a task names must lie in the folder of the task, because a recipe may name the task.
    static func beside(_ task: String, _ name: String, _ key: String, place: String) throws -> String {
        let folder = FilePath(task).folder.string
        let path = folder == "." && !task.hasPrefix("./") ? name : folder + "/" + name
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        guard !name.utf8.contains(0), !name.hasPrefix("/"), !name.hasPrefix("~"), !parts.contains("..") else {
            throw DPPAError(
                .data, "\(place): '\(key)' is \(name.shown), which is not beside the task",
                notes: ["put the file into the folder of the task and name it by its path from there"])
        }
        guard access(path, F_OK) == 0 else {
            let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).filter {
                !$0.hasPrefix(".") && $0 != FilePath(task).name
            }
            throw DPPAError(
                .missingInput, "\(place): '\(key)' is \(name.shown), and there is no \(path.shown)",
                notes: [Suggestions.sentence(for: name, among: names)].filter { !$0.isEmpty })
        }
        guard FolderBounds(folder).hold(path) else {
            throw DPPAError(.data, "\(place): '\(key)' is \(name.shown), which leads out of the folder of the task")
        }
        return path
    }

    mutating func read(_ bytes: [UInt8]) throws {
        var (start, number) = (bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0, 0)
        while start < bytes.count, questions.count < most ?? .max {
            let line = bytes[start..<(bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count)]
            start = line.endIndex + 1
            number += 1
            guard !line.allSatisfy({ $0 == 32 || $0 == 13 || $0 == 9 }) else { continue }
            let place = "\(path):\(number)"
            guard line.count <= TaskLine.sizeLimit else {
                throw DPPAError(
                    .data, "\(place): the line has \(line.count) bytes; at most \(TaskLine.sizeLimit) are read")
            }
            let fields = try JSONObject(line, file: "\(place): not a JSON object")
            if mayDeclare, questions.isEmpty, declarationLine == nil, fields["metric"] != nil {
                declaration = try TaskDeclaration(fields, place: place, isFile: false)
                (metric, declarationLine) = (declaration.metric, number)
                continue
            }
            try add(fields, place, number)
        }
    }

    private mutating func add(_ fields: JSONObject, _ place: String, _ number: Int) throws {
        var line = TaskLine(try declaration.mapping?.question(fields, place: place) ?? fields, place: place)
        let metric = metric ?? line.metric
        line.made = declaration.mapping?.made
        line.firstLine = firstLine
        let isText = isText ?? line.isText(metric)
        questions.append(try line.question(metric, isText: isText, rule: declaration.rule, number: number))
        (self.metric, self.isText, firstLine) = (metric, isText, firstLine ?? number)
    }
}

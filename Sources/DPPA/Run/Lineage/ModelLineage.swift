import DPPACheckpoint
import DPPASupport
import Foundation

/// The tree of a model's parents, as far as their files are on this machine.
package struct ModelLineage: Sendable {
    /// A model of the tree.
    package struct Member: Sendable {
        package var name: String
        /// How its child was made of it, and the child's files that say so; empty for the model itself.
        package var relation = ""
        package var sources: [String] = []
        /// The commit that the child's lock has.
        package var revision: String?
        /// Where it is; nil when it is not on this machine.
        package var path: String?
        /// The licence that its card states.
        package var licence: String?
        /// What is to be said of it, a line each.
        package var notes: [String] = []
        package var parents: [Member] = []
    }

    /// The model itself.
    package let root: Member

    /// So many models are looked at; longer trees are cut, with a word.
    private static let most = 1000

    /// Follows what cards, adapter_config.json and locks name; `find` gives the folder or file of a parent that a folder names.
    ///
    /// Throws `data` when a file of the model itself is damaged.
    package init(of path: String, name: String, find: (_ name: String, _ child: String) -> String?) throws {
        let stated = try StatedParents(folder: path)
        var count = 1
        var root = Member(name: name, path: path, licence: stated.licence)
        Self.follow(stated, into: &root, above: [Self.identity(path)], &count, find)
        self.root = root
    }

    private static func follow(
        _ stated: StatedParents, into member: inout Member, above: Set<String>, _ count: inout Int,
        _ find: (String, String) -> String?
    ) {
        for parent in stated.parents {
            guard count < most else {
                member.notes.append("its other parents are left out: the tree has more than \(most) models")
                break
            }
            count += 1
            member.parents.append(ancestor(parent, of: member.path ?? "", above: above, &count, find))
        }
        member.notes += licenceNotes(member)
    }

    private static func ancestor(
        _ parent: StatedParent, of child: String, above: Set<String>, _ count: inout Int,
        _ find: (String, String) -> String?
    ) -> Member {
        var member = Member(
            name: parent.name, relation: parent.relation, sources: parent.sources, revision: parent.revision)
        guard let path = find(parent.name, child) else {
            member.notes.append("not on this machine")
            return member
        }
        member.path = path
        let identity = identity(path)
        guard !above.contains(identity) else {
            member.notes.append("is already among its own children: the files name each other in a circle")
            return member
        }
        if let digest = parent.digest { member.notes += digestNotes(path, digest) }
        do {
            let stated = try StatedParents(folder: path)
            member.licence = stated.licence
            follow(stated, into: &member, above: above.union([identity]), &count, find)
        } catch {
            member.notes.append("its parents are not known: \(error)")
        }
        return member
    }

    /// Two paths of one place are one model.
    private static func identity(_ path: String) -> String {
        URL(fileURLWithPath: path).resolvingSymlinksInPath().standardizedFileURL.path
    }

    private static func digestNotes(_ path: String, _ digest: String) -> [String] {
        do {
            let found = RunRecord.Model(try OpenModel(at: path, label: "parent"), written: []).digest
            guard let found, found != digest else { return [] }
            return ["is another model now than the lock was made of: its sampled digest is \(found), it was \(digest)"]
        } catch {
            return ["its weights cannot be compared with the lock: \(error)"]
        }
    }

    /// Facts about licences; what follows from them is not for a program to say.
    private static func licenceNotes(_ member: Member) -> [String] {
        let stated = member.parents.compactMap { parent in parent.licence.map { (parent.name, $0) } }
        var notes: [String] = []
        if Set(stated.map(\.1)).count > 1 {
            let list = stated.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
            notes.append("its parents state different licences: \(list)")
        }
        if let own = member.licence {
            for (name, licence) in stated where licence != own {
                notes.append("it states the licence \(own), its parent \(name) states \(licence)")
            }
        }
        return notes
    }
}

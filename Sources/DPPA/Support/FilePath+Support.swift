import Foundation
import SystemPackage

/// What the project asks of a path besides what swift-system knows.
///
/// Paths travel as the text that somebody wrote, because messages show it; whatever takes one apart does so as a `FilePath`.
extension FilePath {
    /// The folder that holds it: `.` for a bare name, and the root for the root.
    package var folder: FilePath {
        let parent = removingLastComponent()
        return parent.isEmpty ? "." : parent
    }

    /// The last component, or nothing for the root and the empty path.
    package var name: String { lastComponent?.string ?? "" }

    /// Where it leads when all links are resolved; nil when nothing is there.
    package var real: FilePath? {
        withPlatformString { path in
            guard let resolved = realpath(path, nil) else { return nil }
            defer { free(resolved) }
            return FilePath(platformString: resolved)
        }
    }

    /// The same with the home folder in place of `~` or `~user`, as a shell reads it.
    package var expandingTilde: FilePath {
        guard let first = components.first?.string, first.hasPrefix("~"), root == nil else { return self }
        let user = String(first.dropFirst())
        let home = user.isEmpty ? NSHomeDirectory() : FileManager.default.homeDirectory(forUser: user)?.path
        return home.map { FilePath($0).appending(components.dropFirst()) } ?? self
    }

    /// Whether another path is this one or lies in it; both must be real.
    package func holds(_ other: FilePath) -> Bool { other.starts(with: self) }
}

extension Errno {
    /// What the system said beneath an error of Foundation's, whose own words are numbers; nil when it said nothing.
    package init?(beneath error: any Error) {
        guard let cause = (error as NSError).userInfo[NSUnderlyingErrorKey] as? POSIXError else { return nil }
        self.init(rawValue: cause.code.rawValue)
    }
}

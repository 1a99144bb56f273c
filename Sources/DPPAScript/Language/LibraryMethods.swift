import DPPA

/// What the modules that ship declare, found by running them.
package enum LibraryMethods {
    /// The methods of each module, in the order of their declaration.
    package static func all() throws -> [String: [MethodDeclaration]] {
        let session = RecipeSession(
            paths: PathRules(recipeFolder: ".", granted: [], roots: [], hub: HubCache([:])),
            options: RecipeOptions([:]), engineOptions: EngineOptions(threads: 1), isDry: true)
        let host = Catalog.host(session, limits: ScriptLimits(), isInterrupted: { false }, print: { _ in })
        let modules = Reference.modules
        _ = try host.run(text: modules.map { "require \"dppa.\($0)\"" }.joined(separator: "\n"), named: "library")
        var found: [String: [MethodDeclaration]] = [:]
        for method in session.methods {
            let module = method.name.split(separator: ".").first.map(String.init) ?? ""
            // The prelude may have a method of a module's name; the module's own comes later.
            found[module, default: []].removeAll { $0.name == method.name }
            found[module, default: []].append(method)
        }
        return found.filter { modules.contains($0.key) }
    }

    /// The module whose method other programs call so; nil if there is none.
    package static func module(alias: String) throws -> String? {
        try all().first { $0.value.contains { $0.aliases.contains(alias) } }?.key
    }
}

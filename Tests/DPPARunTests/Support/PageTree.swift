import Foundation

#if canImport(FoundationXML)
    import FoundationXML
#endif

/// A page as a strict reader of XML sees it.
final class PageTree: NSObject, XMLParserDelegate {
    /// An element with what is in it.
    final class Element {
        let name: String
        let attributes: [String: String]
        fileprivate(set) var children: [Element] = []
        fileprivate(set) var text = ""

        init(_ name: String, _ attributes: [String: String]) {
            self.name = name
            self.attributes = attributes
        }

        /// Itself and everything below it, in the order of the page.
        var all: [Element] { [self] + children.flatMap(\.all) }

        func all(_ name: String, _ style: String? = nil) -> [Element] {
            all.filter { element in
                element.name == name
                    && (style.map { (element.attributes["class"] ?? "").split(separator: " ").contains(Substring($0)) }
                        ?? true)
            }
        }

        /// All text in it.
        var words: String { text + children.map(\.words).joined(separator: " ") }
    }

    let root = Element("", [:])
    private var open: [Element] = []
    private(set) var fault: String?

    /// Reads a page; `fault` says where it is not well-formed.
    init(_ html: String) {
        super.init()
        open = [root]
        let parser = XMLParser(data: Data(html.utf8))
        parser.delegate = self
        if !parser.parse() {
            fault = "line \(parser.lineNumber): \(parser.parserError.map { "\($0)" } ?? "not well-formed")"
        }
    }

    func parser(
        _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
        attributes: [String: String]
    ) {
        let element = Element(name, attributes)
        open[open.count - 1].children.append(element)
        open.append(element)
    }

    func parser(_ parser: XMLParser, didEndElement: String, namespaceURI: String?, qualifiedName: String?) {
        open.removeLast()
    }

    func parser(_ parser: XMLParser, foundCharacters text: String) { open[open.count - 1].text += text }
}

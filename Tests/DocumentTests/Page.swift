import Foundation
import Testing

/// A page of the documents. What stands below one of its headings may be made from the code.
struct Page {
  static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  static let catalog = root.appending(path: "Sources/mp3spool/Documentation.docc")
  private static let updates = ProcessInfo.processInfo.environment["MP3SPOOL_TEST_UPDATE_DOCUMENTS"] != nil

  let url: URL
  let text: String

  /// Of the catalog, by its name.
  init(_ name: String) throws { try self.init(Self.catalog.appending(path: "\(name).md")) }

  init(_ url: URL) throws {
    self.url = url
    text = try String(contentsOf: url, encoding: .utf8)
  }

  static func all() throws -> [Page] {
    let names = try FileManager.default.contentsOfDirectory(atPath: catalog.path)
    return try names.filter { $0.hasSuffix(".md") }.sorted().map { try Page(catalog.appending(path: $0)) }
  }

  var name: String { url.deletingPathExtension().lastPathComponent }

  /// Compares what stands below the heading with what the code says; with MP3SPOOL_TEST_UPDATE_DOCUMENTS it is written.
  func expect(_ lines: [String], below heading: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
    let title = "## \(heading)\n"
    let parts = text.components(separatedBy: title)
    try #require(parts.count == 2, "\(name) needs one heading '\(heading)'", sourceLocation: sourceLocation)
    let made = "\n" + lines.joined(separator: "\n") + "\n"
    if Self.updates {
      try Data((parts[0] + title + made).utf8).write(to: url)
    } else {
      let written = parts[1].components(separatedBy: "\n")
      let differences = made.components(separatedBy: "\n").difference(from: written)
      #expect(
        differences.isEmpty,
        """
        \(name) says something else than the code: \(differences.prefix(4)) … If the code is right, run \
        MP3SPOOL_TEST_UPDATE_DOCUMENTS=1 swift test --filter DocumentTests
        """, sourceLocation: sourceLocation)
    }
  }

  /// A table in Markdown.
  static func table(_ head: [String], _ rows: [[String]]) -> [String] {
    func line(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |" }
    let shown = rows.map { $0.map { $0.replacing("|", with: "\\|").replacing("\n", with: " ") } }
    return [line(head), line(head.map { _ in "---" })] + shown.map(line)
  }
}

import Foundation
import RegexBuilder
import Testing

@testable import EndToEndTests

/// Whoever follows a link of the documents finds something, and finds every page in two steps.
@Suite struct LinkTests {
  private let readme: Page

  init() throws { readme = try Page(Page.root.appending(path: "README.md")) }

  @Test func everyLinkToAFileLeadsToOne() throws {
    let pages = try Page.all() + [readme]
    var count = 0
    for page in pages {
      for link in page.text.matches(of: /\]\(([^)\s]+)\)/).map(\.1) where !link.contains("://") && !link.hasPrefix("#")
      {
        count += 1
        let target = page.url.deletingLastPathComponent().appending(path: String(link.prefix { $0 != "#" }))
        #expect(FileManager.default.fileExists(atPath: target.path), "\(page.name) has a link to \(link)")
      }
    }
    #expect(count > 10)
  }

  @Test func everyPageIsOneStepFromTheReadmeAndFromTheFirstPage() throws {
    let names = Set(try Page.all().map(\.name)).subtracting(["mp3spool"])
    let first = try Page("mp3spool")
    for name in names.sorted() {
      #expect(first.text.contains("<doc:\(name)>"), "the first page does not lead to \(name)")
      #expect(readme.text.contains("Documentation.docc/\(name).md)"), "the README does not lead to \(name)")
    }
    #expect(names.count > 10)
  }

  @Test func everyReferenceToAPageLeadsToOne() throws {
    let pages = try Page.all()
    let names = Set(pages.map(\.name))
    for page in pages {
      for reference in page.text.matches(of: /<doc:([^>]+)>/).map(\.1) {
        #expect(names.contains(String(reference)), "\(page.name) refers to \(reference)")
      }
    }
  }

  /// DocC, of the toolchain, finds nothing to complain of.
  @Test(.enabled(if: Tool.isThere("docc")))
  func docCMakesASiteOfThem() async throws {
    try await withScratch { scratch in
      let outcome = try await scratch.tool(
        "docc",
        [
          "convert", Page.catalog.path, "--output-path", scratch.path("site"), "--fallback-bundle-identifier",
          "mp3spool",
          "--fallback-display-name", "mp3spool", "--warnings-as-errors",
        ])
      #expect(outcome.status == 0, "\(outcome)")
    }
  }
}

import Testing

@testable import Gateway

/// The page's files against one another; `etc/test web` looks at them in a browser.
@Suite struct PageFileTests {
  private let files = EmbeddedAssets.texts.filter { $0.key.hasPrefix("page/") }

  @Test func whatAFileNamesIsThere() {
    #expect(files.count > 10)
    for (path, text) in files {
      let named =
        text.matches(of: /(?:src|href)="\/(page\/[^"]+)"/).map { String($0.1) }
        + text.matches(of: /from '\.\/([^']+)'/).map { "page/\($0.1)" }
      for name in named { #expect(files[name] != nil, "\(path) names \(name)") }
    }
  }

  @Test func eachScriptIsUsed() {
    let start = files["page/index.html"] ?? ""
    for path in files.keys where path.hasSuffix(".js") {
      let name = path.dropFirst("page/".count)
      let isUsed = start.contains("/\(path)") || files.values.contains { $0.contains("from './\(name)'") }
      #expect(isUsed, "nobody asks for \(path)")
    }
  }

  /// What the page's Content-Security-Policy would refuse, and what would need another server.
  @Test func nothingIsInlineOrFromElsewhere() {
    for (path, text) in files {
      #expect(!text.contains("<style") && !text.contains("eval("), "\(path)")
      #expect(text.firstMatch(of: /<script(?![^>]*\bsrc=)|\sstyle="|\son[a-z]+="/) == nil, "\(path)")
      #expect(text.firstMatch(of: /(?:src|href)="https?:|url\(|@import|from 'https?:/) == nil, "\(path)")
    }
  }
}

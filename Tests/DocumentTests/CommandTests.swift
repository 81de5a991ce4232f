import Foundation
import Testing

@testable import EndToEndTests

/// Commands.md against what the program tells of its commands.
@Suite struct CommandTests {
  @Test func eachCommandIsDescribedAsItIs() async throws {
    try await withScratch { scratch in
      let page = try await scratch.mp3spool("manual", "--markdown").output
      let lines = page.trimmingCharacters(in: .newlines).components(separatedBy: "\n")
      #expect(lines.count > 200)
      for line in ["### mp3spool backup FILE", "### mp3spool user add EMAIL", "### Exit codes"] {
        #expect(lines.contains(line), "\(line)")
      }
      try Page("Commands").expect(lines, below: "All commands")
    }
  }
}

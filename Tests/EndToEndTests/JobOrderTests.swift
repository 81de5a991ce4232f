import Foundation
import Testing

struct JobOrderTests {
  /// Their ids are turns, which somebody's later job may have before another's earlier one.
  @Test func jobsOfOneSecondAreListedAsTheyCame() async throws {
    try await withService { service in
      var names: [String] = []
      for number in 0..<12 {
        names.append("note-\(number).txt")
        _ = try await service.upload(try service.scratch.write(names[number], "text \(number)".utf8))
      }
      #expect(try await service.jobs().map(\.name) == names.reversed())
    }
  }
}

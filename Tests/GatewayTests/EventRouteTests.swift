import Foundation
import Spool
import Testing

@testable import Gateway

@Suite struct EventRouteTests {
  private func bulletins(_ count: Int) -> AsyncStream<JobBulletin> {
    AsyncStream { continuation in
      for number in 0..<count {
        continuation.yield(.removed(Int64(number), JobID(at: .now), owner: "ann@example.org"))
      }
    }
  }

  /// What nobody reads was kept, for as long as a connection lived.
  @Test(.timeLimit(.minutes(5))) func aReaderThatIsFarBehindIsLetGo() async {
    let tidings = EventRoute.merge(bulletins(10), beat: .seconds(3600), limit: 3)
    var numbers: [Int64?] = []
    try? await Task.sleep(for: .milliseconds(200))
    // The stream of bulletins does not end; that this one does says that its reader was let go.
    for await case .news(let bulletin) in tidings { numbers.append(bulletin.number) }
    // One more where the reader was there before the first.
    #expect(numbers == [0, 1, 2] || numbers == [0, 1, 2, 3])
  }
}

import Foundation
import Spool
import Testing

@testable import Gateway

@Suite struct EventRouteTests {
  /// What nobody reads was kept, for as long as a connection lived.
  @Test(.timeLimit(.minutes(5))) func aReaderThatIsFarBehindIsLetGo() async {
    let (end, teller) = AsyncStream.makeStream(of: Void.self)
    let bulletins = AsyncStream<JobBulletin> { continuation in
      for number in 0..<10 {
        continuation.yield(.removed(Int64(number), JobID(at: .now), owner: "ann@example.org"))
      }
      continuation.onTermination = { _ in teller.finish() }
    }
    let tidings = EventRoute.merge(consume bulletins, beat: .seconds(3600), limit: 3)
    // The bulletins do not end by themselves: that nobody reads them any more says that the reader was let go.
    for await _ in end {}
    var numbers: [Int64?] = []
    for await case .news(let bulletin) in tidings { numbers.append(bulletin.number) }
    #expect(numbers == [0, 1, 2])
  }
}

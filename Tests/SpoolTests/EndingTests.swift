import DurableFiles
import Foundation
import SystemPackage
import Testing

@testable import Spool

@Suite struct EndingTests {
  let directory: TemporarySpool
  var spool: Spool { directory.spool }

  init() throws { directory = try TemporarySpool() }

  // MARK: - Cancel and retry

  @Test func aWaitingJobThatIsCancelledHasFailedForThatReason() throws {
    let name = try directory.enqueue()
    #expect(try spool.cancel(name.id, because: .cancelled))
    let place = try #require(try spool.find(name.id))
    guard case .ended(_, 0, let number) = place.name else { throw SpoolError(.unreadable, "\(place.name)") }
    #expect(place.state == .failed)
    #expect(try spool.failure(of: number, in: directory.layout.job(place.name, in: .failed)) == .cancelled)
  }

  @Test func aCancelledConversionCannotPublish() throws {
    let claim = try directory.claimed()
    try directory.convert(claim)
    #expect(try spool.cancel(claim.id, because: .cancelled))
    #expect(try spool.publish(claim, result: .ofTests(claim)) == .lost)
    #expect(Set(try directory.jobs().keys) == [.failed])
  }

  @Test func theReasonSaysWhichAttemptWasCancelled() throws {
    let claim = try directory.claimed()
    _ = try spool.giveBack(claim)
    #expect(try spool.cancel(claim.id, because: .cancelled))
    let name = try #require(try spool.list(.failed).first)
    guard case .ended(_, _, let number) = name else { throw SpoolError(.unreadable, "\(name)") }
    #expect(try spool.failure(of: number, in: directory.layout.job(name, in: .failed))?.attempt == 1)
  }

  @Test func whatHasEndedCannotBeCancelled() throws {
    let done = try directory.published()
    let failed = try directory.failed()
    let before = try directory.jobs()
    for id in [done.id, failed.id, JobID(at: Date())] { #expect(try !spool.cancel(id, because: .cancelled)) }
    #expect(try directory.jobs() == before)
  }

  /// Claimed, given back and claimed again while somebody looks for it: it has not ended, and the cancelling is no less wanted.
  @Test func aJobThatMovesOnMeanwhileIsCancelledToo() async throws {
    for _ in 0..<60 {
      let name = try directory.enqueue()
      let busy = BlockingThreads(count: 1)
      async let moves: Void = busy.run { [spool] () throws(SpoolError) in
        guard let claim = try spool.claim(name, for: .here()) else { return }
        guard case .moved(.waiting, let name) = try spool.giveBack(claim) else { return }
        _ = try spool.claim(name, for: .here())
      }
      async let cancelled = BlockingThreads.run { [spool] () throws(SpoolError) in
        try spool.cancel(name.id, because: .cancelled)
      }
      #expect(try await cancelled)
      try await moves
      #expect(try spool.find(name.id)?.state == .failed)
    }
  }

  @Test func aRetriedJobWaitsForOneMoreAttempt() throws {
    let name = try directory.failed()
    #expect(try spool.retry(name.id))
    #expect(try directory.jobs() == [.waiting: [.waiting(name.id, attempt: 1)]])
    #expect(try !spool.retry(name.id))
  }

  @Test func onlyAFailedJobIsRetried() throws {
    let names = [try directory.enqueue(), try directory.claimed().name, try directory.published()]
    let before = try directory.jobs()
    for name in names { #expect(try !spool.retry(name.id)) }
    #expect(try directory.jobs() == before)
  }

  @Test func ofRetryAndCleanOneHappens() async throws {
    for _ in 0..<60 {
      let name = try directory.failed()
      async let retried = BlockingThreads.run { [spool] () throws(SpoolError) in try spool.retry(name.id) }
      async let cleaned = BlockingThreads.run { [spool] () throws(SpoolError) in
        try spool.clean(name, in: .failed, exported: nil)
      }
      let isRetried = try await retried
      #expect(try await cleaned == !isRetried)
      #expect(try spool.find(name.id)?.state == (isRetried ? .waiting : nil))
    }
  }

  // MARK: - Clean

  @Test func aCleanedJobIsGoneWithItsExport() throws {
    let name = try directory.published()
    let exported = try spool.export(name, as: ["video.mp3"])
    try spool.clean(name, in: .done, exported: exported)
    #expect(try directory.names(in: directory.layout.done) == [])
    #expect(try directory.names(in: directory.layout.trash) == [])
  }

  @Test func aFileThatSomebodyPutInTheExportsPlaceIsKept() throws {
    let name = try directory.published()
    _ = try spool.export(name, as: ["video.mp3"])
    let link = directory.layout.done.appending("video.mp3")
    try Files.unlink(link)
    try directory.write("mine", to: link)
    try spool.clean(name, in: .done, exported: "video.mp3")
    #expect(try directory.names(in: directory.layout.done) == ["video.mp3"])
    #expect(try Files.read(link, limit: 10) == Array("mine".utf8))
  }

  @Test func anExportWithTheLongestNameIsCleaned() throws {
    let name = try directory.published()
    let longest = String(repeating: "v", count: 251) + ".mp3"
    #expect(try spool.export(name, as: [longest]) == longest)
    try spool.clean(name, in: .done, exported: longest)
    #expect(try directory.names(in: directory.layout.done) == [])
  }

  @Test func whatHasNotEndedIsNeverCleaned() throws {
    let waiting = try directory.enqueue()
    let active = try directory.claimed().name
    let before = try directory.everything()
    #expect(try !spool.clean(waiting, in: .waiting, exported: nil))
    #expect(try !spool.clean(active, in: .active, exported: nil))
    #expect(try directory.everything() == before)
  }

  // MARK: - Export

  @Test func anExportIsTheMP3UnderASecondName() throws {
    let name = try directory.published()
    #expect(try spool.earlierExport(of: name) == nil)
    #expect(try spool.export(name, as: ["video.mp3", "video (2).mp3"]) == "video.mp3")
    #expect(try Files.read(directory.layout.done.appending("video.mp3"), limit: 100) == TemporarySpool.audio)
    #expect(try spool.earlierExport(of: name) == "video.mp3")
  }

  @Test func anExportIsMadeOnce() throws {
    let name = try directory.published()
    for _ in 0..<3 { #expect(try spool.export(name, as: ["video.mp3", "video (2).mp3"]) == "video.mp3") }
    #expect(try directory.names(in: directory.layout.done) == ["video.mp3", name.description])
  }

  @Test func aNameThatIsTakenIsLeftToItsFile() throws {
    let (one, other) = (try directory.published(), try directory.published())
    let names = (1...).lazy.map { $0 == 1 ? "video.mp3" : "video (\($0)).mp3" }
    try directory.write("mine", to: directory.layout.done.appending("video.mp3"))
    #expect(try spool.export(one, as: names) == "video (2).mp3")
    #expect(try spool.export(other, as: names) == "video (3).mp3")
    #expect(try spool.export(one, as: names) == "video (2).mp3")
    #expect(try Files.read(directory.layout.done.appending("video.mp3"), limit: 10) == Array("mine".utf8))
  }

  @Test func whatIsNotDoneIsNotExported() throws {
    #expect(try spool.export(directory.failed(), as: ["video.mp3"]) == nil)
    #expect(try spool.export(directory.enqueue(), as: ["video.mp3"]) == nil)
    #expect(try directory.names(in: directory.layout.done) == [])
  }
}

import Foundation
import Synchronization
import Testing

@testable import Spool

@Suite struct UploadWritersTests {
  private let id = JobID(at: Date())
  private let start = ContinuousClock.now

  /// The ticket, or nil where the upload is locked.
  private func enter(
    _ writers: inout UploadWriters, after time: Duration = .zero, interrupts: inout Bool
  ) -> UploadWriters.Ticket? {
    switch writers.enter(id, at: start + time) {
    case .entered(let ticket): return ticket
    case .locked(let interrupt):
      interrupts = interrupt != nil
      interrupt?()
      return nil
    }
  }

  @Test func uploadHasOneWriterAtATime() throws {
    var (writers, interrupts) = (UploadWriters(), false)
    let first = try #require(enter(&writers, interrupts: &interrupts))
    #expect(enter(&writers, interrupts: &interrupts) == nil)
    #expect(!interrupts)
    if case .locked = writers.enter(JobID(at: Date()), at: start) { Issue.record("another upload is locked, too") }
    writers.leave(first)
    let second = try #require(enter(&writers, interrupts: &interrupts))
    // Whoever left already must not open the door for a third.
    writers.leave(first)
    #expect(enter(&writers, interrupts: &interrupts) == nil)
    writers.leave(second)
    #expect(enter(&writers, interrupts: &interrupts) != nil)
  }

  @Test func silentWriterIsInterruptedAndOneThatIsHeardIsNot() throws {
    var (writers, interrupts) = (UploadWriters(), false)
    let wasInterrupted = Mutex(false)
    let ticket = try #require(enter(&writers, interrupts: &interrupts))
    writers.set(interrupt: { wasInterrupted.withLock { $0 = true } }, for: ticket)
    writers.hear(ticket, at: start + .seconds(10))
    #expect(enter(&writers, after: .seconds(14), interrupts: &interrupts) == nil)
    #expect(!interrupts && !wasInterrupted.withLock { $0 })
    #expect(enter(&writers, after: .seconds(15), interrupts: &interrupts) == nil)
    #expect(interrupts && wasInterrupted.withLock { $0 })
    writers.leave(ticket)
    #expect(enter(&writers, after: .seconds(15), interrupts: &interrupts) != nil)
  }
}

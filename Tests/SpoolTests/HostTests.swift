import DurableFiles
import Foundation
import SystemPackage
import Testing

@testable import Spool

@Suite struct HostTests {
  let directory: TemporarySpool
  let own = Incarnation.here()
  var spool: Spool { directory.spool }

  init() throws { directory = try TemporarySpool() }

  /// A process that lives until `end`.
  private final class Neighbour {
    private let process = Process()
    private let input = Pipe()

    init() throws {
      process.executableURL = URL(filePath: "/bin/cat")
      process.standardInput = input
      try process.run()
    }

    func record() throws -> HostRecord {
      let id = process.processIdentifier
      return HostRecord(
        hostName: "here", version: nil, processID: id, startTicks: try #require(ProcessTable.startTicks(of: "\(id)")),
        processNamespace: ProcessTable.ownNamespace)
    }

    func end() throws {
      try input.fileHandleForWriting.close()
      process.waitUntilExit()
    }
  }

  @Test func eachBeatGivesTheLeaseItsNextNumber() throws {
    var lease = try spool.register(own)
    #expect(try directory.names(in: directory.layout.hosts) == ["\(own).0"])
    for count in 1...3 {
      lease = try #require(try spool.beat(lease))
      #expect(lease.count == count)
      #expect(try directory.names(in: directory.layout.hosts) == ["\(own).\(count)"])
    }
    #expect(try spool.leases() == [lease])
    #expect(spool.record(of: lease) == .current())
  }

  @Test func anIncarnationThatWasDeclaredDeadCannotBeat() throws {
    let lease = try spool.register(own)
    #expect(try spool.declareDead(lease))
    #expect(try spool.beat(lease) == nil)
    #expect(try spool.leases() == [lease.dead])
    try spool.retire(own)
    #expect(try directory.names(in: directory.layout.hosts) == ["\(own).0.dead"])
  }

  @Test func whoBeatsMeanwhileIsNotDeclaredDead() throws {
    let seen = try spool.register(own)
    let lease = try #require(try spool.beat(seen))
    #expect(try !spool.declareDead(seen))
    #expect(try spool.leases() == [lease])
  }

  @Test func theAgeOfALeaseIsToldByTheSpoolsOwnClock() throws {
    let lease = try spool.register(own)
    let age = try #require(try spool.age(of: lease, at: spool.now()))
    #expect(.zero <= age && age < .seconds(60))
    #expect(try spool.age(of: lease.next, at: .zero) == nil)
    #expect(try directory.names(in: directory.layout.staging) == [])
  }

  @Test func onlyLeasesAreReadAsLeases() {
    #expect(Lease("\(own).7") == Lease(own, count: 7))
    #expect(Lease("\(own).7.dead") == Lease(own, count: 7).dead)
    for name in ["\(own)", "\(own).", "\(own).-1", "\(own).x", "\(own).1.", "\(own).1.dead.2", "other.1"] {
      #expect(Lease(name) == nil)
    }
  }

  @Test func anIncarnationThatOwnsNothingRetires() throws {
    _ = try spool.register(own)
    try spool.retire(own)
    #expect(try directory.names(in: directory.layout.hosts) == [])
  }

  @Test func anIncarnationThatStillOwnsAJobStaysKnown() throws {
    _ = try spool.register(own)
    _ = try directory.claimed(by: own)
    try spool.retire(own)
    #expect(try spool.leases().map(\.incarnation) == [own])
  }

  @Test func aProcessThatHasEndedIsSeenToHaveEnded() throws {
    let neighbour = try Neighbour()
    let lease = try spool.register(.here(), try neighbour.record())
    #expect(!spool.hasEnded(lease, seenFrom: own, isLocal: true))
    try neighbour.end()
    #expect(spool.hasEnded(lease, seenFrom: own, isLocal: true))
    #expect(spool.hasEnded(lease, seenFrom: own, isLocal: false))
  }

  @Test func anotherBootIsOverOnALocalDiskOnly() throws {
    let lease = try spool.register(Incarnation(hostName: "here", bootName: "an earlier one"))
    #expect(!spool.hasEnded(lease, seenFrom: own, isLocal: false))
    #expect(spool.hasEnded(lease, seenFrom: own, isLocal: true))
  }

  @Test func whoseProcessCannotBeSeenIsNotTakenForDead() throws {
    // Another namespace of process ids: the number says nothing.
    let foreign = HostRecord(
      hostName: "here", version: nil, processID: 1, startTicks: "1", processNamespace: "pid:[1]")
    #expect(!spool.hasEnded(try spool.register(.here(), foreign), seenFrom: own, isLocal: true))
    // No record: nothing is known.
    #expect(!spool.hasEnded(Lease(.here(), count: 0), seenFrom: own, isLocal: true))
  }

  @Test func anotherProcessUnderTheSameNumberIsNotTheFormerOne() {
    let record = HostRecord(
      hostName: "here", version: nil, processID: ProcessInfo.processInfo.processIdentifier, startTicks: "1",
      processNamespace: ProcessTable.ownNamespace)
    #expect(record.hasEnded)
    #expect(!HostRecord.current().hasEnded)
  }

  @Test func whatADeadIncarnationOwnedIsTakenBack() throws {
    let former = Incarnation(hostName: "other", bootName: "other")
    let (claim, mine) = (try directory.claimed(by: former), try directory.claimed(by: own))
    #expect(try spool.reclaim(from: former).count == 1)
    #expect(try directory.jobs() == [.waiting: [.waiting(claim.id, attempt: 1)], .active: [mine.name]])
  }

  /// The output was once cleared before the rename: whoever was taken for dead, and published at that moment, would have
  /// published a job without its MP3.
  @Test func takingAClaimBackTouchesNothingOfItsOutput() throws {
    let claim = try directory.claimed(by: own)
    try directory.convert(claim)
    let output = JobFiles.output(of: claim.number, in: spool.directory(of: claim))
    let before = try Files.list(output).map(\.name)
    #expect(before == ["audio.mp3"])
    let waiting = JobName.waiting(claim.id, attempt: 1)
    #expect(try spool.takeBack(claim) == .moved(to: .waiting, waiting))
    let after = JobFiles.output(of: claim.number, in: directory.layout.job(waiting, in: .waiting))
    #expect(try Files.list(after).map(\.name) == before)
  }

  @Test func poisonEndsInFailedWithItsReason() throws {
    let name = try directory.enqueue()
    for attempt in 0..<3 {
      let former = Incarnation(hostName: "here", bootName: "boot \(attempt)")
      let claim = try #require(try spool.claim(.waiting(name.id, attempt: attempt), for: former))
      #expect(try spool.reclaim(from: former).count == 1)
      #expect(try spool.claims(of: former) == [], "\(claim)")
    }
    let failed = try #require(try directory.jobs()[.failed]?.first)
    guard case .ended(name.id, 2, let number) = failed else { Issue.record("\(failed)"); return }
    let job = directory.layout.job(failed, in: .failed)
    #expect(try spool.failure(of: number, in: job)?.code == "converter-died")
    #expect(try spool.failures(in: job).map(\.attempt) == [0, 1, 2])
  }
}

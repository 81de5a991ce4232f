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
        hostName: "here", processID: id, startTicks: try #require(ProcessTable.startTicks(of: "\(id)")),
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
    let state = try #require(try spool.hostStates().first)
    #expect((state.incarnation, state.count, state.isDeclaredDead) == (own, 3, false))
    #expect(state.record == .current())
  }

  @Test func anIncarnationThatWasDeclaredDeadCannotBeat() throws {
    let lease = try spool.register(own)
    let hosts = directory.layout.hosts
    try Files.rename(hosts.appending("\(own).0"), to: hosts.appending("\(own).0.dead"))
    #expect(try spool.beat(lease) == nil)
    #expect(try spool.hostStates().map(\.isDeclaredDead) == [true])
    try spool.retire(own)
    #expect(try directory.names(in: hosts) == ["\(own).0.dead"])
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
    #expect(try spool.hostStates().map(\.incarnation) == [own])
  }

  @Test func whatADeadProcessOwnedIsTakenBack() throws {
    let (neighbour, former) = (try Neighbour(), Incarnation.here())
    _ = try spool.register(former, try neighbour.record())
    let claim = try directory.claimed(by: former)
    #expect(try spool.reclaimFormerSelves(of: own, isLocal: true) == 0)
    #expect(try directory.jobs() == [.active: [claim.name]])
    try neighbour.end()
    #expect(try spool.reclaimFormerSelves(of: own, isLocal: false) == 1)
    #expect(try directory.jobs() == [.waiting: [.waiting(claim.id, attempt: 1)]])
    #expect(try spool.hostStates().isEmpty)
  }

  @Test func ownClaimsAreNotTakenBack() throws {
    _ = try spool.register(own)
    let claim = try directory.claimed(by: own)
    #expect(try spool.reclaimFormerSelves(of: own, isLocal: true) == 0)
    #expect(try spool.claims(of: own) == [claim])
  }

  @Test func whatAnotherBootLeftIsDeadOnALocalDiskOnly() throws {
    let former = Incarnation(hostName: "here", bootName: "an earlier one")
    _ = try spool.register(former)
    _ = try directory.claimed(by: former)
    #expect(try spool.reclaimFormerSelves(of: own, isLocal: false) == 0)
    #expect(try spool.reclaimFormerSelves(of: own, isLocal: true) == 1)
  }

  @Test func whatWasDeclaredDeadIsDead() throws {
    let other = Incarnation(hostName: "other", bootName: "other")
    let hosts = directory.layout.hosts
    _ = try spool.register(other)
    try Files.rename(hosts.appending("\(other).0"), to: hosts.appending("\(other).0.dead"))
    let claim = try directory.claimed(by: other)
    #expect(try spool.reclaimFormerSelves(of: own, isLocal: false) == 1)
    #expect(try spool.find(claim.id)?.state == .waiting)
  }

  @Test(arguments: [
    // Another namespace of process ids: the number says nothing. No record: nothing is known.
    HostRecord(hostName: "here", processID: 1, startTicks: "1", processNamespace: "pid:[1]"), nil,
  ])
  func whoseProcessCannotBeSeenIsNotTakenForDead(_ record: HostRecord?) {
    let state = HostState(incarnation: .here(), count: 0, isDeclaredDead: false, record: record)
    #expect(!state.isGone(seenFrom: own, isLocal: true))
  }

  @Test func anotherProcessUnderTheSameNumberIsNotTheFormerOne() {
    let record = HostRecord(
      hostName: "here", processID: ProcessInfo.processInfo.processIdentifier, startTicks: "1",
      processNamespace: ProcessTable.ownNamespace)
    #expect(record.hasEnded)
    #expect(!HostRecord.current().hasEnded)
  }

  @Test func poisonEndsInFailedWithItsReason() throws {
    let name = try directory.enqueue()
    for attempt in 0..<3 {
      let former = Incarnation(hostName: "here", bootName: "boot \(attempt)")
      let claim = try #require(try spool.claim(.waiting(name.id, attempt: attempt), for: former))
      #expect(try spool.reclaim(from: former) == 1)
      guard attempt == 2 else { continue }
      let job = directory.layout.job(claim.endedName, in: .failed)
      #expect(try spool.failure(of: claim.number, in: job)?.code == "converter-died")
    }
    #expect(Set(try directory.jobs().keys) == [.failed])
  }
}

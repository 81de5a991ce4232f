import Catalog
import DurableFiles
import Foundation
import Keeper
import SystemPackage
import Testing
import Tokens
import WireFormats

@testable import Spool

@Suite struct IndexerTests {
  let house: TemporaryHouse

  init() throws { house = try TemporaryHouse() }

  @Test func aScanBringsEveryJobIntoTheIndex() async throws {
    // The file system's clock ticks more coarsely than the one that Date reads.
    let begun = Date(timeIntervalSinceNow: -1)
    try await house.fill()
    #expect(try await house.indexer.scan() == 6)
    let rows = Dictionary(grouping: try await house.rows(), by: \.state)
    #expect(rows[.waiting]?.map(\.name) == ["waits.mp4"])
    #expect(rows[.active]?.map(\.host) == [house.owner.host])
    #expect(rows[.failed]?.map(\.failure?.sentence) == ["the file has no sound"])
    #expect(rows[.done]?.count == 3)
    for row in rows[.done] ?? [] {
      #expect(row.result?.warnings == ["a warning"])
      #expect(row.options.track == .number(2))
      let finished = try #require(row.finishedAt)
      #expect(begun <= finished && finished <= Date())
    }
  }

  @Test func aScanWithoutAChangeChangesNothing() async throws {
    try await house.fill()
    try await house.indexer.scan()
    let rows = try await house.rows()
    #expect(try await house.indexer.scan() == 0)
    #expect(try await house.rows() == rows)
  }

  @Test func aScanOfSomePlacesBringsWhatIsThereAndForgetsNothing() async throws {
    let (waiting, done) = (try await house.enqueue(), try house.publish(try await house.enqueue()))
    #expect(try await house.indexer.scan([.done, .failed]) == 1)
    #expect(try await house.rows().map(\.id) == [done.id])
    try house.spool.clean(done, in: .done, exported: nil)
    #expect(try await house.indexer.scan([.waiting, .done]) == 1)
    #expect(Set(try await house.rows().map(\.id)) == [done.id, waiting.id])
    #expect(try await house.indexer.scan() == 1)
    #expect(try await house.rows().map(\.id) == [waiting.id])
  }

  @Test func theHostThatConvertsIsCalledByItsName() async throws {
    let record = HostRecord.current()
    _ = try house.spool.register(house.owner, record)
    _ = try house.claim(try await house.enqueue())
    try await house.indexer.scan()
    #expect(try await house.rows().map(\.host) == [record.hostName])
  }

  /// A converter that was taken for dead may have written much before it found out.
  @Test func whatLosersLeftOfMP3sGoesWhenTheJobIsDone() async throws {
    let sidecar = try await house.enqueue()
    let lost = try house.claim(sidecar)
    let rest = try house.spool.makeOutput(of: lost)
    try Files.save([1, 2, 3], to: JobFiles.audio(inOutput: rest))
    _ = try house.spool.takeBack(lost)
    let name = try house.publish(sidecar, attempt: 1)
    try await house.indexer.scan()
    let job = house.layout.job(name, in: .done)
    #expect(try Files.status(JobFiles.audio(inOutput: JobFiles.output(of: lost.number, in: job))) == nil)
    #expect(try house.spool.failures(in: job) == [.converterDied])
    #expect(try house.spool.complaints(about: name, in: .done) == [])
  }

  @Test func onlyDroppedJobsAreExported() async throws {
    try await house.fill()
    try await house.indexer.scan()
    let files = try Files.list(house.layout.done).filter { $0.kind == .file }.map(\.name)
    #expect(Set(files) == ["dropped.mp3", "dropped (2).mp3"])
    let exported = try await house.rows().filter { $0.origin == .drop }.compactMap(\.exportedName)
    #expect(Set(exported) == Set(files))
  }

  @Test func anIndexThatWasLostComesBackTheSame() async throws {
    try await house.fill()
    try await house.indexer.scan()
    let rows = try await house.rows()
    try house.dropTables()
    #expect(try await house.indexer.rebuild() == 6)
    #expect(try await house.rows() == rows)
    #expect(try Files.list(house.layout.done).filter { $0.kind == .file }.count == 2)
  }

  /// Who asked for a job while the index was built anew was told that there is none.
  @Test func anIndexIsNeverWithoutItsJobsWhileItIsBuiltAnew() async throws {
    try await house.fill()
    try await house.indexer.scan()
    let (rows, event) = (try await house.rows(), try await house.catalog.newestEvent())
    #expect(try await house.indexer.rebuild() == 6)
    #expect(try await house.rows() == rows)
    // An event would tell of a moment in which a job was gone, or another.
    #expect(try await house.catalog.events(after: event) == [])
  }

  @Test func aRebuildMendsWhatIsWrongAndForgetsWhatIsGone() async throws {
    try await house.fill()
    try await house.indexer.scan()
    let rows = try await house.rows()
    let gone = try await house.enqueue()
    try await house.indexer.scan()
    try Files.rename(house.layout.job(.waiting(gone.id, attempt: 0), in: .waiting), to: house.root.appending("away"))
    try house.change("UPDATE jobs SET owner = 'x', attempt = 9, directory = 'nowhere'")
    try house.change("UPDATE jobs SET options = '{' WHERE state = 'failed'")
    #expect(try await house.indexer.rebuild() == 6)
    #expect(try await house.rows() == rows)
    #expect(try await house.catalog.isExpired(gone.id))
  }

  @Test func exportedNamesSurviveARebuildInAnyOrder() async throws {
    // The first of two jobs of one name is cleaned, so that its name is free when the index is built anew.
    let (first, second) = (try await house.enqueue(origin: .drop), try await house.enqueue(origin: .drop))
    for sidecar in [first, second] {
      try house.publish(sidecar)
      try await house.indexer.scan()
    }
    let cleaning = Cleaning(spool: house.spool, catalog: house.catalog)
    try await cleaning.remove(try #require(try await house.catalog.job(first.id)))
    #expect(try await house.indexer.rebuild() == 1)
    #expect(try await house.catalog.job(second.id)?.exportedName == "video (2).mp3")
    #expect(try Files.list(house.layout.done).filter { $0.kind == .file }.map(\.name) == ["video (2).mp3"])
  }

  @Test func aJobThatMovesOnIsFollowed() async throws {
    let sidecar = try await house.enqueue()
    try await house.indexer.scan()
    let claim = try house.claim(sidecar)
    try await house.indexer.refresh(claim.name, in: .active)
    #expect(try await house.catalog.job(sidecar.id)?.state == .active)
    _ = try house.spool.giveBack(claim)
    #expect(try await house.indexer.scan() == 1)
    let row = try #require(try await house.catalog.job(sidecar.id))
    #expect((row.state, row.attempt, row.host) == (.waiting, 1, nil))
  }

  /// inotify tells of every job, also of those that are in the index already: these cost no look at the spool.
  @Test func whatTheIndexKnowsIsNotReadAgain() async throws {
    let sidecar = try await house.enqueue()
    try await house.indexer.scan()
    let (name, event) = (JobName.waiting(sidecar.id, attempt: 0), try await house.catalog.newestEvent())
    try Files.unlink(JobFiles.sidecar(in: house.layout.job(name, in: .waiting)))
    try await house.indexer.refresh(name, in: .waiting)
    #expect(try await house.catalog.place(of: sidecar.id)?.state == .waiting)
    #expect(try await house.catalog.newestEvent() == event)
  }

  @Test func aJobThatWentOnBeforeItWasReadIsNoError() async throws {
    let sidecar = try await house.enqueue()
    let claim = try house.claim(sidecar)
    try await house.indexer.refresh(.waiting(sidecar.id, attempt: 0), in: .waiting)
    #expect(try await house.catalog.job(sidecar.id) == nil)
    try await house.indexer.refresh(claim.name, in: .active)
    #expect(try await house.catalog.job(sidecar.id)?.state == .active)
  }

  /// Jobs wander between `incoming/` and `active/` while the spool is listed again and again: a listing may miss one,
  /// and the index must not.
  @Test func aJobThatGoesBackDuringAScanIsNotLost() async throws {
    let sidecar = try await house.enqueue()
    try await house.indexer.scan()
    let wandering = Task { [house] in
      var name = JobName.waiting(sidecar.id, attempt: 0)
      for _ in 0..<60 {
        let claimed = try await BlockingThreads.run { [name] () throws(SpoolError) in
          try house.spool.claim(name, for: house.owner)
        }
        let claim = try #require(claimed)
        name = .waiting(sidecar.id, attempt: claim.attempt + 1)
        _ = try await BlockingThreads.run { () throws(SpoolError) in try house.spool.giveBack(claim) }
      }
    }
    for _ in 0..<60 {
      try await house.indexer.scan()
      #expect(try await house.catalog.job(sidecar.id) != nil)
    }
    try await wandering.value
    try await house.indexer.scan()
    #expect(try await house.catalog.job(sidecar.id)?.directory == "\(sidecar.id).60")
  }

  @Test func aJobThatIsGoneIsRememberedAsExpired() async throws {
    let sidecar = try await house.enqueue()
    let name = try house.publish(sidecar)
    try await house.indexer.scan()
    try house.spool.clean(name, in: .done, exported: nil)
    #expect(try await house.indexer.scan() == 1)
    #expect(try await house.catalog.job(sidecar.id) == nil)
    #expect(try await house.catalog.isExpired(sidecar.id))
  }

  @Test(arguments: ["result.json", "job.jwt"])
  func aDamagedJobKeepsNoOtherOutOfTheIndex(_ file: String) async throws {
    let (damaged, sound) = (try await house.enqueue("damaged.mp4"), try await house.enqueue("sound.mp4"))
    let name = try house.publish(damaged)
    guard case .ended(_, _, let number) = name else { throw SpoolError(.unreadable, "\(name)") }
    let job = house.layout.job(name, in: .done)
    let path =
      file == "job.jwt" ? JobFiles.sidecar(in: job) : JobFiles.result(inOutput: JobFiles.output(of: number, in: job))
    // More than any sidecar has, and no JSON.
    try Files.save([UInt8](repeating: 1, count: 100_000), to: path)
    try await house.indexer.scan()
    #expect(try await house.rows().map(\.id) == [sound.id])
  }

  // MARK: - Cleaning

  @Test func onlyWhatHasEndedIsCleaned() async throws {
    try await house.fill()
    try await house.indexer.scan()
    let cleaning = Cleaning(spool: house.spool, catalog: house.catalog)
    var rule = RetentionRule()
    rule.age = 3600
    #expect(try await cleaning.victims(of: [rule]).isEmpty)
    rule.age = -3600
    // Whatever the rules have in common goes once.
    let candidates = try await cleaning.victims(of: [rule, rule])
    #expect(candidates.map(\.state).filter { $0 == .done }.count == 3)
    #expect(candidates.count == 4)
    for job in candidates { try await cleaning.remove(job) }
    #expect(try await house.rows().map(\.state).sorted { $0.rawValue < $1.rawValue } == [.active, .waiting])
    #expect(try house.names(in: house.layout.done) == [])
    for record in candidates { #expect(try await house.catalog.isExpired(record.id)) }
  }
}

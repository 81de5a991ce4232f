import DurableFiles
import Foundation
import Glibc
import SystemPackage
import Testing

@testable import Spool

@Suite struct EnqueueTests {
  let directory: TemporarySpool
  var spool: Spool { directory.spool }

  init() throws { directory = try TemporarySpool() }

  @Test func aCommittedJobHoldsItsSourceAndItsSidecar() throws {
    let name = try directory.enqueue()
    let job = directory.layout.job(name, in: .waiting)
    #expect(try directory.jobs() == [.waiting: [name]])
    #expect(try directory.names(in: job) == ["source", "job.jwt"])
    #expect(try Files.read(JobFiles.source(in: job), limit: 100) == TemporarySpool.source)
    #expect(try spool.sidecar(in: job) == TemporarySpool.sidecar)
    #expect(try spool.sourceSize(in: job) == Int64(TemporarySpool.source.count))
    #expect(try directory.names(in: directory.layout.staging) == [])
  }

  /// A job of root's would be claimed by nobody: to give a directory another parent takes the right to write to it.
  @Test(.enabled(if: geteuid() == 0, "root gives what it makes to somebody else"))
  func whatRootMakesBelongsToWhomTheSpoolIs() throws {
    for path in directory.layout.directories {
      try FileManager.default.setAttributes([.ownerAccountID: 65534], ofItemAtPath: path.string)
    }
    let job = directory.layout.job(try directory.enqueue(), in: .waiting)
    for path in [job, JobFiles.source(in: job), JobFiles.sidecar(in: job)] {
      #expect(try Files.status(path)?.owner == 65534, "\(path)")
    }
    let reason = JobFailure(code: "cancelled", sentence: "cancelled", isCertain: true)
    #expect(try spool.leave(reason, for: ClaimNumber(), in: job))
    let reasons = try Files.list(job).filter { $0.kind == .directory }
    #expect(try reasons.map { try Files.status(job.appending($0.component))?.owner } == [65534])
  }

  @Test func aSpoolMayBeNamedByALink() throws {
    let link = FilePath("\(directory.root)-link")
    try FileManager.default.createSymbolicLink(atPath: link.string, withDestinationPath: directory.root.string)
    defer { try? Files.unlink(link) }
    try Spool(opening: link).probe()
    // Within it a link could lead the jobs to elsewhere.
    try FileManager.default.removeItem(atPath: directory.layout.failed.string)
    try FileManager.default.createSymbolicLink(atPath: directory.layout.failed.string, withDestinationPath: "/tmp")
    #expect(throws: SpoolError.self) { try Spool(opening: link) }
  }

  @Test func nothingIsInIncomingBeforeTheCommit() throws {
    var staged = try spool.stage(JobID(at: Date()))
    try staged.append(TemporarySpool.source)
    #expect(staged.byteCount == Int64(TemporarySpool.source.count))
    #expect(try directory.names(in: directory.layout.incoming) == [])
    staged.discard()
  }

  @Test func aDiscardedJobLeavesNothing() throws {
    let before = try directory.names(in: directory.layout.state)
    var staged = try spool.stage(JobID(at: Date()))
    try staged.append(TemporarySpool.source)
    staged.discard()
    for place in [directory.layout.incoming, directory.layout.staging, directory.layout.trash] {
      #expect(try directory.names(in: place) == [])
    }
    #expect(try directory.names(in: directory.layout.state) == before)
  }

  @Test(arguments: [0, 19, 21, Int64.max])
  func anotherLengthThanAnnouncedIsRefusedAndLeavesNothing(_ announced: Int64) throws {
    var staged = try spool.stage(JobID(at: Date()))
    try staged.append(TemporarySpool.source)
    do {
      try staged.commit(sidecar: TemporarySpool.sidecar, announced: announced)
      Issue.record("the length was wrong")
    } catch {
      #expect(error.kind == .incomplete)
      #expect(error.description == "20 bytes came where \(announced) were announced")
    }
    #expect(try directory.jobs() == [:])
    #expect(try directory.names(in: directory.layout.staging) == [])
  }

  @Test func theAnnouncedLengthIsAccepted() throws {
    var staged = try spool.stage(JobID(at: Date()))
    try staged.append(TemporarySpool.source)
    try staged.commit(sidecar: TemporarySpool.sidecar, announced: 20)
    #expect(try spool.list(.waiting).count == 1)
  }

  @Test func anEmptySourceIsAJobToo() throws {
    let staged = try spool.stage(JobID(at: Date()))
    try staged.commit(sidecar: TemporarySpool.sidecar, announced: 0)
    #expect(try spool.list(.waiting).count == 1)
  }

  @Test func waitingJobsComeOldestFirst() throws {
    let now = Date()
    let names = try [3.0, 1, 2].map { try directory.enqueue(at: now + $0) }
    #expect(try spool.waitingJobs() == [names[1], names[2], names[0]])
  }
}

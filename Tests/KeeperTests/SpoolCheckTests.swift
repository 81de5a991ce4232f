import DurableFiles
import Foundation
import Keeper
import Logging
import SystemPackage
import Testing
import Tokens
import WireFormats

@testable import Spool

@Suite struct SpoolCheckTests {
  let house: TemporaryHouse

  init() throws { house = try TemporaryHouse() }

  private var check: SpoolCheck { SpoolCheck(spool: house.spool, catalog: house.catalog, logger: .silent) }

  private func findings() async throws -> [String] { try await check.findings().map(\.description) }

  /// What is found after all is mended that can be.
  private func findingsAfterMending() async throws -> [String] {
    try await check.mend(check.findings())
    return try await findings()
  }

  /// A done job that the index has, and where it is.
  private func done() async throws -> (name: JobName, directory: FilePath, output: FilePath) {
    let name = try house.publish(try await house.enqueue())
    try await house.indexer.scan()
    guard case .ended(_, _, let number) = name else { throw SpoolError(.unreadable, "\(name)") }
    let job = house.layout.job(name, in: .done)
    return (name, job, JobFiles.output(of: number, in: job))
  }

  @Test func aSoundSpoolHasNoFindings() async throws {
    _ = try house.spool.register(house.owner)
    try await house.fill()
    try await house.indexer.scan()
    #expect(try await findings() == [])
  }

  @Test func aCheckChangesNothing() async throws {
    let job = try await done()
    try Files.unlink(JobFiles.audio(inOutput: job.output))
    let rows = try await house.rows()
    #expect(try await findings() == (try await findings()))
    #expect(try await house.rows() == rows)
  }

  @Test func aStrangeNameIsFound() async throws {
    let stranger = house.layout.active.appending("stranger")
    try Files.makeDirectory(stranger)
    #expect(try await findings() == ["\(stranger) has no name that the protocol knows"])
  }

  @Test func aJobInTwoPlacesIsFound() async throws {
    let job = try await done()
    let twin = house.layout.job(.waiting(job.name.id, attempt: 3), in: .waiting)
    try FileManager.default.copyItem(atPath: job.directory.string, toPath: twin.string)
    let found = try await findings()
    #expect(found.contains { $0.hasPrefix("\(job.name.id) is in several places: waiting \(job.name.id).3, done ") })
  }

  @Test func whatAJobLacksIsFound() async throws {
    let job = try await done()
    let files = [
      (JobFiles.source(in: job.directory), "it has no source"),
      (JobFiles.sidecar(in: job.directory), "it has no sidecar"),
      (JobFiles.audio(inOutput: job.output), "it has no MP3"),
    ]
    for (path, _) in files { try Files.unlink(path) }
    #expect(Set(try await findings()) == Set(files.map { "\(job.directory): \($0.1)" }))
    // Which MP3s there should be, only the result tells.
    try Files.unlink(JobFiles.result(inOutput: job.output))
    #expect(try await findings().contains("\(job.directory): it has no result"))
  }

  @Test func anMP3ThatIsNotWhatItsResultSaysIsFound() async throws {
    let job = try await done()
    try Files.save([1], to: JobFiles.audio(inOutput: job.output))
    #expect(try await findings() == ["\(job.directory): its MP3 has 1 bytes, but its result says 33"])
  }

  @Test func aDamagedResultIsFound() async throws {
    let job = try await done()
    try Files.save([1], to: JobFiles.result(inOutput: job.output))
    #expect(try await findings() == ["\(job.directory): its result cannot be read"])
  }

  @Test func aSidecarOfAnotherKeyIsFound() async throws {
    let job = try await done()
    let sidecar = Sidecar(id: job.name.id, owner: "me", name: "video.mp4", size: 20, options: .init(), origin: .upload)
    let foreign = try await SidecarSigner(key: SigningKey()).sign(sidecar)
    try Files.save(foreign, to: JobFiles.sidecar(in: job.directory))
    #expect(try await findings() == ["\(job.directory): its sidecar is not signed by a key of this spool"])
  }

  @Test func anotherJobsSidecarIsFound() async throws {
    let (one, other) = (try await done(), try await done())
    let bytes = try house.spool.sidecar(in: other.directory)
    try Files.save(bytes, to: JobFiles.sidecar(in: one.directory))
    #expect(try await findings() == ["\(one.directory): its sidecar is not signed by a key of this spool"])
  }

  @Test func aSidecarThatCannotBeReadIsFound() async throws {
    let job = try await done()
    try Files.save([UInt8](repeating: 1, count: 100_000), to: JobFiles.sidecar(in: job.directory))
    #expect(try await findings() == ["\(job.directory): its sidecar cannot be read"])
  }

  @Test func eachDifferenceOfTheIndexIsFound() async throws {
    let gone = try await done()
    let moved = try await house.enqueue()
    try await house.indexer.scan()
    let missing = try await house.enqueue()
    try house.fail(moved)
    try house.spool.clean(gone.name, in: .done, exported: nil)
    let expected = [
      "\(missing.id) is in the spool and not in the index", "\(gone.name.id) is in the index and not in the spool",
      "\(moved.id) is failed in the spool and waiting in the index",
    ]
    #expect(try await findings() == expected.sorted())
    #expect(try await findingsAfterMending() == [])
  }

  @Test func aStrangeNameIsMendedByQuarantine() async throws {
    try Files.makeDirectory(house.layout.done.appending("stranger"))
    #expect(try await findingsAfterMending() == [])
    #expect(try house.names(in: house.layout.corrupt).count == 1)
  }

  @Test func aFolderThatSomebodyDroppedStaysTheirs() async throws {
    let folder = house.layout.incoming.appending("holiday")
    try Files.makeDirectory(folder)
    #expect(try await findingsAfterMending() == ["\(folder) has no name that the protocol knows"])
  }

  @Test(arguments: [true, false])
  func claimsOfAConverterThatIsGoneAreTakenBack(_ wasDeclaredDead: Bool) async throws {
    let lease = try house.spool.register(house.owner)
    let claim = try house.claim(try await house.enqueue())
    try await house.indexer.scan()
    #expect(try await findings() == [])
    try wasDeclaredDead ? _ = house.spool.declareDead(lease) : house.spool.forget(lease)
    #expect(try await findings() == ["\(claim.id) belongs to the converter \(house.owner), which is gone"])
    #expect(try await findingsAfterMending() == [])
    #expect(try house.spool.find(claim.id)?.name == .waiting(claim.id, attempt: 1))
  }

  @Test func whatWasLeftOverLongAgoIsThrownAway() async throws {
    let (old, young) = (house.layout.done.appending(".probe-1"), house.layout.done.appending(".probe-2"))
    for path in [old, young] { try NewFile(creating: path).close() }
    let date = Date(timeIntervalSinceNow: -7200)
    try FileManager.default.setAttributes([.modificationDate: date], ofItemAtPath: old.string)
    #expect(try await findings() == ["\(old) was left over long ago"])
    #expect(try await findingsAfterMending() == [])
    #expect(try house.names(in: house.layout.done) == [".probe-2"])
  }

  @Test func aJobInTwoPlacesIsLeftToAPerson() async throws {
    let job = try await done()
    let twin = house.layout.job(.waiting(job.name.id, attempt: 3), in: .waiting)
    try FileManager.default.copyItem(atPath: job.directory.string, toPath: twin.string)
    #expect(try await findingsAfterMending().contains { $0.contains("is in several places") })
    #expect(try Files.status(twin) != nil && Files.status(job.directory) != nil)
  }
}

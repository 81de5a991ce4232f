import Catalog
import DurableFiles
import Foundation
import Glibc
import Logging
import SystemPackage
import Testing
import Tokens
import WireFormats

@testable import Keeper
@testable import Spool

@Suite struct DropFolderTests {
  let house: TemporaryHouse

  init() throws { house = try TemporaryHouse() }

  private func makeFolder(settleTime: Duration = .zero) -> DropFolder {
    DropFolder(
      spool: house.spool, catalog: house.catalog, fairShare: FairShare(catalog: house.catalog), rules: house.drops,
      settleTime: settleTime, logger: .silent)
  }

  private func jobs() async throws -> [JobRecord] {
    try await house.indexer.scan()
    return try await house.rows()
  }

  @Test func aFileThatWasClosedIsAdoptedAtOnce() async throws {
    var folder = makeFolder(settleTime: .seconds(1000))
    try house.drop("video.mp4")
    try house.drop("other.mp4")
    await folder.take("video.mp4")
    let job = try #require(try await jobs().first)
    #expect((job.name, job.owner, job.origin, job.size, job.state) == ("video.mp4", "drop", .drop, 7, .waiting))
    #expect(try house.names(in: house.layout.incoming) == ["other.mp4", job.directory])
  }

  @Test func aFileThatWasOnlySeenIsAdoptedAtTheThirdLook() async throws {
    var folder = makeFolder()
    try house.drop("video.mp4")
    for count in [0, 0, 1] {
      try await folder.look()
      #expect(try await jobs().count == count)
    }
    try await folder.look()
    #expect(!folder.isWaiting)
  }

  @Test func aFileThatIsStillWrittenToIsLeftAlone() async throws {
    var folder = makeFolder()
    try house.drop("video.mp4")
    let writer = try #require(FileHandle(forWritingAtPath: house.layout.incoming.appending("video.mp4").string))
    for _ in 0..<4 {
      await folder.take("video.mp4")
      try await folder.look()
    }
    #expect(try await jobs() == [])
    try writer.close()
    await folder.take("video.mp4")
    #expect(try await jobs().count == 1)
  }

  @Test func aPartialNameIsLeftAlone() async throws {
    var folder = makeFolder()
    for name in ["video.mp4.part", ".video.mp4"] {
      let name = try #require(FilePath.Component(name))
      try house.drop(name)
      for _ in 0..<4 {
        await folder.take(name)
        try await folder.look()
      }
    }
    #expect(try await jobs() == [])
  }

  @Test func twoFilesWhoseNamesReadAlikeAreBothAdopted() async throws {
    var folder = makeFolder()
    try house.drop("\u{E9}.mp4", "one")
    try house.drop("e\u{301}.mp4", "three")
    for _ in 0..<3 { try await folder.look() }
    #expect(try await jobs().count == 2)
  }

  @Test func anInterruptedAdoptionIsFinished() async throws {
    try house.drop("video.mp4")
    let adoption = try #require(try house.spool.adopt("video.mp4", as: JobID(at: Date())))
    try await makeFolder().recover()
    #expect(try await jobs().map(\.id) == [adoption.id])
  }

  @Test(.enabled(if: geteuid() == 0, "root gives a file to somebody else"))
  func aFileThatMayNotBeReadKeepsNoOtherWaiting() async throws {
    // Permissions do not bind root, so this is another user's process.
    await #expect(processExitsWith: .success) {
      let root = FilePath(NSTemporaryDirectory()).appending("KeeperTests-\(UUID().uuidString)")
      defer { try? FileManager.default.removeItem(atPath: root.string) }
      let spool = try Spool(opening: root)
      for path in [root] + spool.layout.directories {
        try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: path.string)
      }
      for name: FilePath.Component in ["1.mp4", "secret.mp4", "2.mp4"] {
        let path = spool.layout.incoming.appending(name)
        try NewFile(creating: path, permissions: name == "secret.mp4" ? .ownerReadWrite : .ordinary).close()
      }
      // Opened by whoever owns it.
      let catalog = try Catalog(path: root.appending("mp3spool.sqlite"))
      try #require(seteuid(65534) == 0)
      let rules = DropRules(owner: "drop", options: ConversionOptions(), signer: SidecarSigner(key: SigningKey()))
      var folder = DropFolder(
        spool: spool, catalog: catalog, fairShare: FairShare(catalog: catalog), rules: { rules },
        settleTime: .zero, logger: .silent)
      for _ in 0..<4 { try await folder.look() }
      #expect(try spool.list(.waiting).count == 2)
      #expect(try Files.list(spool.layout.incoming).map(\.name).contains("secret.mp4"))
      #expect(seteuid(0) == 0)
    }
  }
}

@Suite struct KeeperServiceTests {
  let house: TemporaryHouse

  init() throws { house = try TemporaryHouse() }

  private func service(
    isLocal: Bool, _ fairShare: FairShare? = nil, sweepInterval: Duration = .seconds(3600)
  ) -> KeeperService {
    KeeperService(
      spool: house.spool, catalog: house.catalog, fairShare: fairShare ?? FairShare(catalog: house.catalog),
      drops: house.drops, isLocal: isLocal, logger: .silent, sweepInterval: sweepInterval)
  }

  /// Who was killed while the service runs leaves it, and so does the service that was killed and started again at once.
  @Test(.timeLimit(.minutes(5)), arguments: [true, false])
  func whatIsLeftOverWhileTheServiceRunsIsClearedAway(_ isLocal: Bool) async throws {
    let service = service(isLocal: isLocal, sweepInterval: .milliseconds(50))
    let running = Task { try await service.run() }
    // After this the start's own clearing is over.
    try house.drop("first.mp4")
    while try house.spool.list(.waiting).isEmpty { try await Task.sleep(for: .milliseconds(20)) }
    let deleted = house.layout.trash.appending("half")
    let staged = house.layout.staging.appending("\(JobID(at: Date())).1")
    for path in [deleted, staged] { try Files.makeDirectory(path) }
    try FileManager.default.setAttributes(
      [.modificationDate: Date.now.addingTimeInterval(-37 * 3600)], ofItemAtPath: staged.string)
    while try Files.status(deleted) != nil || Files.status(staged) != nil {
      try await Task.sleep(for: .milliseconds(20))
    }
    running.cancel()
    try await running.value
  }

  /// Runs the service until `isEnough` holds, asked at each change in `incoming/`, which is named by inotify.
  private func run(isLocal: Bool, until isEnough: @escaping @Sendable () throws -> Bool) async throws {
    let service = service(isLocal: isLocal)
    let watch = try DirectoryWatch([house.layout.incoming])
    try await withThrowingTaskGroup { group in
      group.addTask { try await service.run() }
      group.addTask { for await _ in watch.events where try isEnough() { return } }
      try await group.next()
      group.cancelAll()
    }
  }

  @Test(.timeLimit(.minutes(5)), arguments: [true, false])
  func aDroppedFileBecomesAJob(_ isLocal: Bool) async throws {
    let house = house
    let dropping = Task {
      // One before the service looks first, and one after.
      try house.drop("early.mp4")
      try house.drop("late.mp4")
    }
    try await run(isLocal: isLocal) { try house.spool.list(.waiting).count == 2 }
    try await dropping.value
    #expect(try house.names(in: house.layout.adopting) == [])
  }

  /// A converter may claim a job before its uploader has heard that it is made.
  @Test(.timeLimit(.minutes(5)))
  func aClaimIsSeenWhileTheJobIsStillBeingMade() async throws {
    let house = house
    let fairShare = FairShare(catalog: house.catalog)
    let service = service(isLocal: true, fairShare)
    let running = Task { try await service.run() }
    defer { running.cancel() }
    try house.drop("first.mp4")
    while try await house.catalog.jobs().isEmpty { await Task.yield() }
    // The scan of everything, which would find it too, comes after 30 s.
    let deadline = ContinuousClock.now + .seconds(20)
    let state = try await fairShare.withNewID(for: "somebody@example.org") { id in
      _ = try house.claim(try await house.enqueue(id: id))
      while ContinuousClock.now < deadline, try await house.catalog.job(id) == nil { await Task.yield() }
      return try await house.catalog.job(id)?.state
    }
    #expect(state == .active)
  }

  @Test(.timeLimit(.minutes(5)))
  func anAdoptionThatFailedIsTriedAgainWhileTheServiceRuns() async throws {
    let house = house
    // It appears at once and whole, as if the disk had been full when the service wrote the sidecar.
    let (id, staged) = (JobID(at: Date()), house.root.appending("staged"))
    try Files.makeDirectory(staged)
    for (file, contents) in [("name", "video.mp4"), ("source", "dropped")] {
      try Files.save(Array(contents.utf8), to: staged.appending(file))
    }
    let watch = try DirectoryWatch([house.layout.incoming])
    let planting = Task {
      // The service has begun when it adopted this one.
      try house.drop("first.mp4")
      for await _ in watch.events where try house.spool.list(.waiting).count == 1 { break }
      try Files.rename(staged, to: house.layout.adopting.appending("\(id).\(ClaimNumber())"))
    }
    try await run(isLocal: false) { try house.spool.list(.waiting).contains { $0.id == id } }
    try await planting.value
  }
}

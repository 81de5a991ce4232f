import DurableFiles
import Foundation
import Glibc
import SystemPackage
import Testing

@testable import Spool

@Suite struct RecoveryTests {
  let directory: TemporarySpool
  var spool: Spool { directory.spool }
  var layout: SpoolLayout { directory.layout }

  init() throws { directory = try TemporarySpool() }

  @Test func whatHasNoKnownShapeIsKeptInCorrupt() throws {
    let misplaced = JobName.ended(JobID(at: Date()), attempt: 0, ClaimNumber()).description
    let strangers = [
      layout.incoming.appending(misplaced), layout.active.appending("stranger"), layout.done.appending("old"),
      layout.failed.appending(String(repeating: "s", count: 255)),
    ]
    for stranger in strangers { try Files.makeDirectory(stranger) }
    #expect(Set(try spool.unknownNames().map(\.path)) == Set(strangers))
    #expect(Set(try spool.quarantineUnknown()) == Set(strangers.compactMap { $0.lastComponent?.string }))
    #expect(try spool.unknownNames().isEmpty)
    #expect(try directory.names(in: layout.corrupt).count == strangers.count)
  }

  @Test func dropsExportsAndHiddenNamesAreNobodysBusiness() throws {
    try directory.drop("video.mp4")
    try Files.makeDirectory(layout.incoming.appending("somebody's folder"))
    try directory.write("an export", to: layout.done.appending("video.mp3"))
    try Files.makeDirectory(layout.failed.appending(".snapshot"))
    let name = try directory.published()
    let before = try directory.everything()
    #expect(try spool.quarantineUnknown() == [])
    #expect(try directory.everything() == before)
    #expect(try directory.jobs() == [.done: [name]])
  }

  @Test func theTrashIsEmptiedButForWhatIsStillOpenElsewhere() throws {
    let (one, other) = (layout.trash.appending("one"), layout.trash.appending("other"))
    for path in [one, one.appending("deep"), other] { try Files.makeDirectory(path) }
    try directory.write("", to: one.appending("deep").appending("file"))
    try directory.write("", to: layout.trash.appending("plain"))
    for name in ["file", ".nfs0001"] { try directory.write("", to: other.appending(name)) }
    try spool.emptyTrash()
    #expect(try directory.names(in: layout.trash) == ["other"])
    #expect(try directory.names(in: other) == [".nfs0001"])
    try Files.unlink(other.appending(".nfs0001"))
    try spool.emptyTrash()
    #expect(try directory.names(in: layout.trash) == [])
  }

  @Test func whatIsInTheTrashIsNotFollowed() throws {
    let outside = directory.root.appending("outside")
    try Files.makeDirectory(outside)
    try directory.write("", to: outside.appending("file"))
    try FileManager.default.createSymbolicLink(
      atPath: layout.trash.appending("link").string, withDestinationPath: outside.string)
    try spool.emptyTrash()
    #expect(try directory.names(in: outside) == ["file"])
    #expect(try directory.names(in: layout.trash) == [])
  }

  @Test func oldStagedJobsAreDiscardedAndYoungOnesNot() throws {
    let staged = try spool.stage(JobID(at: Date()))
    try spool.discardLeftovers()
    let path = layout.staging.appending(try #require(try Files.list(layout.staging).first).component)
    let date = try Date(timeIntervalSince1970: spool.now() / .seconds(1) - 37 * 3600)
    for path in [path, JobFiles.source(in: path)] {
      try FileManager.default.setAttributes([.modificationDate: date], ofItemAtPath: path.string)
    }
    try spool.discardLeftovers()
    #expect(try directory.names(in: layout.staging) == [])
    staged.discard()
  }

  /// An upload may take longer than that, and its directory tells of no byte that comes.
  @Test func aStagedJobThatIsStillWrittenToIsNoLeftover() throws {
    var staged = try spool.stage(JobID(at: Date()))
    let path = layout.staging.appending(try #require(try Files.list(layout.staging).first).component)
    let date = try Date(timeIntervalSince1970: spool.now() / .seconds(1) - 37 * 3600)
    try FileManager.default.setAttributes([.modificationDate: date], ofItemAtPath: path.string)
    try staged.append(TemporarySpool.source)
    #expect(try spool.leftovers() == [])
    staged.discard()
  }

  @Test func whatCameToTheTrashJustNowIsLeftToWhoBroughtIt() throws {
    try directory.write("", to: layout.trash.appending("young"))
    try spool.emptyTrash(after: .seconds(60))
    #expect(try directory.names(in: layout.trash) == ["young"])
    try spool.emptyTrash()
    #expect(try directory.names(in: layout.trash) == [])
  }

  /// A folder of root's in `done/` kept the gateway from starting.
  @Test(.enabled(if: geteuid() == 0, "only root may become another user"))
  func whatIsAnothersStaysAndKeepsNobodyFromTheRest() async throws {
    for path in layout.directories {
      try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: path.string)
    }
    let (theirs, root) = (layout.done.appending("a folder of root's"), directory.root.string)
    let left = layout.staging.appending("\(JobID(at: Date())).\(ClaimNumber())")
    for path in [theirs, left] {
      try Files.makeDirectory(path)
      try FileManager.default.setAttributes(
        [.posixPermissions: path == left ? 0o700 : 0o755, .modificationDate: Date.now.addingTimeInterval(-37 * 3600)],
        ofItemAtPath: path.string)
    }
    await #expect(processExitsWith: .success) { [root = root as String] in
      try #require(seteuid(65534) == 0)
      let spool = try Spool(opening: FilePath(root))
      try Files.makeDirectory(spool.layout.done.appending("ours"))
      var refused: [SpoolError] = []
      #expect(try spool.quarantineUnknown { refused.append($0) } == ["ours"])
      try spool.discardLeftovers { refused.append($0) }
      #expect(refused.map(\.cause?.errno) == [.permissionDenied, .permissionDenied])
    }
    #expect(try Files.status(theirs) != nil && Files.status(left) != nil)
  }

  @Test func aJobIsFoundInEachState() throws {
    let names: [(JobState, JobName)] = [
      (.waiting, try directory.enqueue()), (.active, try directory.claimed().name),
      (.done, try directory.published()), (.failed, try directory.failed()),
    ]
    for (state, name) in names {
      let place = try #require(try spool.find(name.id))
      #expect(place == (state, name))
    }
    #expect(try spool.find(JobID(at: Date())) == nil)
  }

  // MARK: - The spool's own directories

  @Test func aSpoolIsMadeWhereItIsMissingAndOpenedWhereItIsThere() throws {
    let name = try directory.enqueue()
    let again = try Spool(opening: directory.root)
    #expect(try again.list(.waiting) == [name])
  }

  @Test func aSpoolThatCannotBeMadeIsUnusable() {
    #expect { try Spool(opening: "/proc/spool") } throws: { error in
      let error = error as? SpoolError
      return error?.kind == .unusable && error?.description.hasPrefix("the spool /proc/spool cannot be used: ") == true
    }
  }

  @Test func aWorkingSpoolPassesTheProbeAndIsLeftAsItWas() throws {
    let names = try layout.directories.map(directory.names)
    try spool.probe()
    #expect(try layout.directories.map(directory.names) == names)
  }

  /// `clean` tries the spool out while a gateway starts beside it.
  @Test func aStartLeavesWhatAnotherTriesTheSpoolOutWith() throws {
    for place in layout.directories where place != layout.state {
      try directory.write("", to: place.appending(".probe-file"))
      try Files.makeDirectory(place.appending(".probe-folder"))
    }
    #expect(try spool.interruptedAdoptions().isEmpty)
    #expect(try spool.quarantineUnknown().isEmpty)
    try spool.discardLeftovers()
    try spool.emptyTrash()
    for place in layout.directories where place != layout.state {
      #expect(try Set(directory.names(in: place)).isSuperset(of: [".probe-file", ".probe-folder"]), "\(place)")
    }
  }

  @Test(arguments: [
    "incoming", "active", "done", "failed", "corrupt", ".state/tmp", ".state/adopt", ".state/trash", ".state/hosts",
  ])
  func aDirectoryWithoutWritePermissionFailsTheProbeByName(_ name: String) async throws {
    let root = directory.root.string
    for directory in layout.directories {
      try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: directory.string)
    }
    let closed = directory.root.pushing(FilePath(name)).string
    try FileManager.default.setAttributes([.posixPermissions: 0o555], ofItemAtPath: closed)
    await #expect(processExitsWith: .success) { [root = root as String, closed = closed as String] in
      // Permissions do not bind root.
      if geteuid() == 0 { try #require(seteuid(65534) == 0) }
      let spool = try Spool(opening: FilePath(root))
      let error = #expect(throws: SpoolError.self) { try spool.probe() }
      #expect(error?.kind == .unusable)
      #expect(error?.description.hasPrefix("the spool's directory \(closed) cannot be used: ") == true)
    }
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: closed)
  }

  @Test func keysArePublishedAndReadBack() throws {
    #expect(try spool.publishedKeys() == nil)
    try spool.publish(keys: Array("{}".utf8))
    #expect(try spool.publishedKeys() == Array("{}".utf8))
  }

  // MARK: - What a check asks

  @Test func aSoundJobGivesNoComplaint() throws {
    for (state, name) in [(JobState.done, try directory.published()), (.failed, try directory.failed())] {
      #expect(try spool.complaints(about: name, in: state) == [])
    }
  }

  @Test(arguments: [
    ("source", "it has no source"), ("job.jwt", "it has no sidecar"), ("audio.mp3", "it has no MP3"),
    ("result.json", "it has no result"),
  ])
  func whatIsMissingIsNamed(_ file: String, _ complaint: String) throws {
    let name = try directory.published()
    for path in try directory.everything().keys where path.lastComponent?.string == file { try Files.unlink(path) }
    #expect(try spool.complaints(about: name, in: .done) == [complaint])
  }

  @Test(arguments: [
    ("audio.mp3", "its MP3 has 1 bytes, but its result says 19"), ("result.json", "its result cannot be read"),
  ])
  func whatIsDamagedIsNamed(_ file: String, _ complaint: String) throws {
    let name = try directory.published()
    for path in try directory.everything().keys where path.lastComponent?.string == file {
      try Files.save([1], to: path)
    }
    #expect(try spool.complaints(about: name, in: .done) == [complaint])
  }
}

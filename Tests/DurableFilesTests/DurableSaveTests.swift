import DurableFiles
import Foundation
import SystemPackage
import Testing

@Suite struct DurableSaveTests {
  let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  @Test(arguments: [0, 1, 100_000])
  func whatWasSavedIsRead(count: Int) throws {
    let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
    try Files.save(bytes, to: directory("file"))
    #expect(try Files.read(directory("file"), limit: count) == bytes)
    #expect(try directory.names == ["file"])
  }

  @Test func aSaveReplacesTheFile() throws {
    try Files.save(Array("a longer text".utf8), to: directory("file"))
    try Files.save(Array("short".utf8), to: directory("file"))
    #expect(try Files.read(directory("file"), limit: 100) == Array("short".utf8))
  }

  @Test func aSaveReplacesALinkAndNotWhatItPointsTo() throws {
    try directory.file("target", "kept")
    try directory.link("link", to: directory("target"))
    try Files.save(Array("new".utf8), to: directory("link"))
    #expect(try Files.read(directory("target"), limit: 100) == Array("kept".utf8))
    #expect(try Files.status(directory("link"))?.kind == .file)
  }

  @Test func aSaveThatFailsLeavesNothingBehind() throws {
    try Files.makeDirectory(directory("d"))
    #expect(throws: FileError.self) { try Files.save([1], to: directory("d")) }
    #expect(try directory.names == ["d"])
    #expect(throws: FileError.self) { try Files.save([1], to: directory("absent/file")) }
  }

  @Test func aSecretIsForItsOwnerOnly() throws {
    try Files.save([1], to: directory("key"), permissions: .ownerReadWrite)
    let attributes = try FileManager.default.attributesOfItem(atPath: directory("key").string)
    #expect(attributes[.posixPermissions] as? Int == 0o600)
  }

  @Test func aReaderNeverSeesHalfAFile() async throws {
    let path = directory("file")
    let versions = [UInt8(1), 2].map { [UInt8](repeating: $0, count: 10_000 * Int($0)) }
    try Files.save(versions[0], to: path)
    let writer = Task.detached {
      for round in 0..<200 { try Files.save(versions[round % 2], to: path) }
    }
    for _ in 0..<2000 { #expect(versions.contains(try Files.read(path, limit: 20_000))) }
    try await writer.value
    #expect(try directory.names == ["file"])
  }

  @Test(.enabled(if: SmallDisk.isPossible, "mounting a tmpfs needs root"))
  func aFullDiskKeepsTheOldFileAndNoRest() throws {
    let disk = try SmallDisk(bytes: 1 << 20, files: 100)
    let path = disk.path.appending("file")
    try Files.save([1, 2, 3], to: path)
    let error = #expect(throws: FileError.self) { try Files.save([UInt8](repeating: 9, count: 2 << 20), to: path) }
    #expect(error?.isOutOfSpace == true && error?.isTemporary == true)
    #expect(error?.description.hasSuffix("No space left on device") == true)
    #expect(try Files.read(path, limit: 10) == [1, 2, 3])
    #expect(try Files.list(disk.path).count == 1)
  }

  @Test(.enabled(if: SmallDisk.isPossible, "mounting a tmpfs needs root"))
  func aDiskWithoutInodesIsFullToo() throws {
    let disk = try SmallDisk(bytes: 1 << 20, files: 10)
    let error = #expect(throws: FileError.self) {
      for number in 0..<20 { try Files.save([1], to: disk.path.appending("\(number)")) }
    }
    #expect(error?.isOutOfSpace == true)
    #expect(error?.operation == "create")
  }

  @Test func aReadStopsAtItsLimit() throws {
    try directory.file("file", "12345")
    #expect(try Files.read(directory("file"), limit: 5) == Array("12345".utf8))
    let error = #expect(throws: FileError.self) { try Files.read(directory("file"), limit: 4) }
    #expect(error?.errno == .fileTooLarge)
  }

  @Test func aFileWhoseLengthIsNotToldIsReadToItsEnd() throws {
    // Files in /proc have the length 0.
    #expect(try !Files.read("/proc/self/status", limit: 1 << 16).isEmpty)
    #expect(throws: FileError.self) { try Files.read("/proc/self/status", limit: 10) }
  }

  @Test func aReadRefusesWhatIsNoRegularFile() throws {
    try directory.link("link", to: directory.file("file"))
    try directory.pipe("pipe")
    let refusals = [("link", Errno.tooManySymbolicLinkLevels), ("pipe", .notSupported), (".", .isDirectory)]
    for (name, errno) in refusals {
      let error = #expect(throws: FileError.self) { try Files.read(directory(name), limit: 10) }
      #expect(error?.errno == errno, "\(name)")
    }
  }
}

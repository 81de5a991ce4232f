import Foundation
import Glibc
import SystemPackage
import Testing

@testable import DurableFiles

@Suite struct FilesTests {
  let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  @Test func anErrorIsASentenceWithBothNames() {
    let error = #expect(throws: FileError.self) { try Files.rename(directory("a"), to: directory("b")) }
    #expect(error?.description == "cannot rename \(directory("a")) to \(directory("b")): No such file or directory")
    #expect(error?.isAbsent == true && error?.isTemporary == false)
  }

  @Test func aFullDiskIsTemporaryAndAWrongNameIsNot() {
    func error(_ errno: Errno) -> FileError { FileError(operation: "write to", path: "/a", errno: errno) }
    #expect(error(.noSpace).isOutOfSpace && error(.diskQuotaExceeded).isOutOfSpace && !error(.ioError).isOutOfSpace)
    for errno in [
      Errno.noSpace, .ioError, .staleNFSFileHandle, .wouldBlock, .tooManyOpenFiles, .interrupted, .timedOut,
    ] {
      #expect(error(errno).isTemporary, "\(errno)")
    }
    for errno in [Errno.noSuchFileOrDirectory, .permissionDenied, .notDirectory, .fileNameTooLong, .readOnlyFileSystem]
    {
      #expect(!error(errno).isTemporary, "\(errno)")
    }
  }

  @Test func aDirectoryIsMadeOnce() throws {
    try Files.makeDirectory(directory("new"))
    let error = #expect(throws: FileError.self) { try Files.makeDirectory(directory("new")) }
    #expect(error?.errno == .fileExists)
    try Files.makeDirectoryIfAbsent(directory("new"))
    try Files.makeDirectoryIfAbsent(directory("newer"))
    #expect(try directory.names == ["new", "newer"])
  }

  @Test func onlyADirectoryCountsAsADirectoryThatIsThere() throws {
    try directory.file("file")
    try directory.link("link", to: directory.path)
    for name in ["file", "link"] {
      #expect(throws: FileError.self) { try Files.makeDirectoryIfAbsent(directory(name)) }
    }
  }

  @Test func aRenameReplacesAFileAndNoFullDirectory() throws {
    try directory.file("a", "new")
    try directory.file("b", "old")
    try Files.rename(directory("a"), to: directory("b"))
    #expect(try Files.read(directory("b"), limit: 10) == Array("new".utf8))
    for name in ["c", "d"] { try Files.makeDirectory(directory(name)) }
    try directory.file("d/full")
    let error = #expect(throws: FileError.self) { try Files.rename(directory("c"), to: directory("d")) }
    #expect(error?.errno == .directoryNotEmpty)
  }

  @Test func aLinkIsASecondNameAndNeverReplaces() throws {
    try directory.file("a")
    try Files.link(directory("a"), to: directory("b"))
    #expect(throws: FileError.self) { try Files.link(directory("a"), to: directory("b")) }
    let first = try #require(try Files.status(directory("a")))
    let second = try #require(try Files.status(directory("b")))
    #expect(first.inode == second.inode && first.device == second.device && first.linkCount == 2)
    try Files.unlink(directory("a"))
    #expect(try Files.status(directory("b"))?.linkCount == 1)
  }

  @Test func removingTakesAnEmptyDirectoryOnly() throws {
    try Files.makeDirectory(directory("d"))
    try directory.file("d/f")
    #expect(throws: FileError.self) { try Files.removeDirectory(directory("d")) }
    #expect(throws: FileError.self) { try Files.unlink(directory("d")) }
    try Files.unlink(directory("d/f"))
    try Files.removeDirectory(directory("d"))
    #expect(try directory.names.isEmpty)
  }

  @Test func aStatusIsOfTheNameItselfAndNoneWhereItIsAbsent() throws {
    try directory.file("file", "12345")
    try directory.link("link", to: "/")
    try directory.pipe("pipe")
    #expect(try Files.status(directory("absent")) == nil)
    #expect(try Files.status(directory("file"))?.kind == .file)
    #expect(try Files.status(directory("file"))?.size == 5)
    #expect(try Files.status(directory("link"))?.kind == .symbolicLink)
    #expect(try Files.status(directory("pipe"))?.kind == .other)
    #expect(try Files.status(directory.path)?.kind == .directory)
    let error = #expect(throws: FileError.self) { try Files.status(directory("file/below")) }
    #expect(error?.errno == .notDirectory)
  }

  @Test func theTimeOfChangeHasItsFraction() throws {
    try directory.file("file")
    let date = Date(timeIntervalSince1970: 1_000_000_000.25)
    try FileManager.default.setAttributes([.modificationDate: date], ofItemAtPath: directory("file").string)
    #expect(try Files.status(directory("file"))?.modified == .milliseconds(1_000_000_000_250))
  }

  @Test func aWitnessTellsWhetherANameIsThere() throws {
    try directory.file("here")
    try directory.link("dangling", to: "/nowhere/at/all")
    #expect(try Files.witness(directory("here")))
    #expect(try Files.witness(directory("dangling")))
    #expect(try !Files.witness(directory("absent")))
  }

  @Test func aWitnessWithoutAParentIsNoAnswer() {
    let error = #expect(throws: FileError.self) { try Files.witness(directory("absent/name")) }
    #expect(error?.isAbsent == true)
    #expect(throws: FileError.self) { try Files.witness("/") }
  }

  @Test func aListTellsAllNamesAndWhatTheyAre() throws {
    try directory.file("file")
    try directory.file(".hidden")
    try directory.link("link", to: directory.path)
    try directory.pipe("pipe")
    try Files.makeDirectory(directory("directory"))
    let entries = try Files.list(directory.path).map { ($0.name, $0.kind) }
    let kinds = Dictionary(uniqueKeysWithValues: entries)
    #expect(kinds == ["file": .file, ".hidden": .file, "link": .symbolicLink, "pipe": .other, "directory": .directory])
  }

  @Test func aNameThatIsNotUTF8IsShownAndStillOpens() throws {
    let component = try #require(FilePath.Component(platformString: [0x61, CChar(bitPattern: 0xFF), 0]))
    try Files.save([1], to: directory.path.appending(component))
    let entry = try #require(try Files.list(directory.path).first)
    #expect(entry.name == "a\u{FFFD}")
    #expect(entry.component == component)
    #expect(try Files.read(directory.path.appending(entry.component), limit: 1) == [1])
  }

  @Test func aLongListIsComplete() throws {
    // More than the C library asks of the kernel at once, 32 KiB.
    let names = Set((0..<300).map { "\($0)-" + String(repeating: "x", count: 240) })
    for name in names { try NewFile(creating: directory(name)).close() }
    #expect(try directory.names == names)
  }

  @Test func whatIsNoDirectoryCannotBeListed() throws {
    try directory.file("file")
    #expect(throws: FileError.self) { try Files.list(directory("file")) }
    #expect(throws: FileError.self) { try Files.list(directory("absent")) }
    #expect(throws: FileError.self) { try Files.synchronize(directory: directory("file")) }
    try Files.synchronize(directory: directory.path)
  }

  @Test func aKindIsFoundWithoutTheListingsHelp() throws {
    try directory.file("file")
    let open = try Descriptor(opening: directory.path, O_RDONLY | O_DIRECTORY)
    #expect(FileKind(entryType: UInt8(DT_UNKNOWN)) == nil)
    #expect(try Files.kind(of: "file", in: open.number, at: directory("file")) == .file)
    #expect(try Files.kind(of: "gone", in: open.number, at: directory("gone")) == nil)
  }
}

@Suite struct FileSystemTests {
  @Test func aDiskHasRoomAndAPathThatIsAbsentHasNone() throws {
    let free = try Files.freeSpace(at: "/")
    #expect(free.bytes > 0 && free.inodes > 0)
    #expect(throws: FileError.self) { try Files.freeSpace(at: "/nowhere/at/all") }
    #expect(throws: FileError.self) { try Files.fileSystem(at: "/nowhere/at/all") }
  }

  @Test(.enabled(if: SmallDisk.isPossible, "mounting a tmpfs needs root"))
  func theFreeSpaceIsTheDisksOwn() throws {
    let disk = try SmallDisk(bytes: 1 << 20, files: 100)
    let before = try Files.freeSpace(at: disk.path)
    try Files.save([UInt8](repeating: 1, count: 1 << 19), to: disk.path.appending("half"))
    let after = try Files.freeSpace(at: disk.path)
    #expect(before.bytes == 1 << 20 && after.bytes == 1 << 19)
    #expect(after.inodes == before.inodes - 1)
    #expect(try Files.fileSystem(at: disk.path) == .local)
  }

  @Test(
    arguments: [
      (0x6969, FileSystem.remote("NFS")), (0xFE53_4D42, .remote("SMB")), (0xFF53_4D42, .remote("SMB")),
      (0x517B, .remote("SMB")), (0x6573_5546, .remote("FUSE")), (0x0102_1997, .remote("9P")),
      (0x00C3_6400, .remote("Ceph")), (0x5346_414F, .remote("AFS")), (0xEF53, .local), (0x5846_5342, .local),
      (0x0102_1994, .local), (0x794C_7630, .local),
    ] as [(UInt32, FileSystem)])
  func aFileSystemIsKnownByItsNumber(magic: UInt32, system: FileSystem) {
    #expect(FileSystem(magic: magic) == system)
  }
}

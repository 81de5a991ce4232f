import DurableFiles
import Foundation
import Glibc
import SystemPackage
import Testing

@Suite struct OpenFileTests {
  let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  @Test func aNewFileHoldsWhatWasWritten() throws {
    var file = try NewFile(creating: directory("new"))
    try file.write([1, 2, 3].span)
    try file.write([UInt8]().span)
    try file.write([4].span)
    #expect(file.byteCount == 4)
    try file.synchronize()
    try file.close()
    #expect(try Files.read(directory("new"), limit: 10) == [1, 2, 3, 4])
  }

  @Test func writingOverTheBeginningDoesNotMoveTheEnd() throws {
    var file = try NewFile(creating: directory("new"))
    try file.write([0, 0, 3].span)
    try file.write([1, 2].span, at: 0)
    try file.write([4].span)
    #expect(file.byteCount == 4)
    try file.close()
    #expect(try Files.read(directory("new"), limit: 10) == [1, 2, 3, 4])
  }

  @Test func readingAtAPlaceDoesNotMoveTheOther() throws {
    try directory.file("file", "0123456789")
    var file = try SourceFile(reading: directory("file"))
    #expect(try file.read(upTo: 2) == Array("01".utf8))
    #expect(try file.read(upTo: 3, at: 6) == Array("678".utf8))
    #expect(try file.read(upTo: 9, at: 8) == Array("89".utf8))
    #expect(try file.read(upTo: 9, at: 10).isEmpty)
    #expect(try file.read(upTo: 2) == Array("23".utf8))
  }

  @Test func aNewFileNeverReplacesNorFollows() throws {
    try directory.file("file")
    try directory.link("link", to: directory("elsewhere"))
    for name in ["file", "link"] {
      let error = #expect(throws: FileError.self) { try NewFile(creating: directory(name)).close() }
      #expect(error?.errno == .fileExists)
    }
    #expect(try directory.names == ["file", "link"])
  }

  @Test func anUnfinishedFileStays() throws {
    do {
      var file = try NewFile(creating: directory("new"))
      try file.write([1].span)
    }
    #expect(try Files.read(directory("new"), limit: 10) == [1])
  }

  @Test(.enabled(if: SmallDisk.isPossible, "mounting a tmpfs needs root"))
  func aFullDiskStopsTheWriteThatNoLongerFits() throws {
    let disk = try SmallDisk(bytes: 1 << 16, files: 10)
    var file = try NewFile(creating: disk.path.appending("file"))
    let block = [UInt8](repeating: 1, count: 1 << 15)
    try file.write(block.span)
    try file.write(block.span)
    do {
      try file.write(block.span)
      Issue.record("a third block fits nowhere")
    } catch {
      #expect(error.isOutOfSpace)
    }
    #expect(file.byteCount == 1 << 16)
  }

  @Test func aSourceIsReadInPieces() throws {
    var file = try SourceFile(reading: directory.file("source", "12345"))
    #expect(try file.status().size == 5)
    try file.synchronize()
    #expect(file.fileDescriptor >= 0)
    #expect(try file.read(upTo: 3) == Array("123".utf8))
    #expect(try file.read(upTo: 3) == Array("45".utf8))
    #expect(try file.read(upTo: 3).isEmpty)
  }

  @Test func aSourceStaysTheFileThatWasOpened() throws {
    var file = try SourceFile(reading: directory.file("source", "old"))
    let inode = try file.status().inode
    try Files.save(Array("new".utf8), to: directory("source"))
    #expect(try file.read(upTo: 10) == Array("old".utf8))
    #expect(try file.status().inode == inode)
    #expect(try Files.status(directory("source"))?.inode != inode)
  }

  @Test func aFileIsOpenForWritingUntilItIsClosed() throws {
    let path = directory("file")
    let file = try NewFile(creating: path)
    #expect(try Files.isOpenForWriting(path) == true)
    try file.close()
    #expect(try Files.isOpenForWriting(path) == false)
  }

  @Test func askingForAWriterNeitherFollowsNorKeepsOneAway() throws {
    try directory.link("link", to: directory.file("file"))
    #expect(throws: FileError.self) { try Files.isOpenForWriting(directory("link")) }
    #expect(try Files.isOpenForWriting(directory("file")) == false)
    try directory.file("file", "written since")
    #expect(try Files.isOpenForWriting(directory("file")) == false)
  }

  @Test func aLockIsHeldByOne() throws {
    let lock = try ProcessLock(path: directory("lock"))
    let error = #expect(throws: FileError.self) { _ = try ProcessLock(path: directory("lock")) }
    #expect(error?.errno == .wouldBlock)
    #expect(lock.path == directory("lock"))
  }

  @Test func aLockGoesWithItsValue() throws {
    do { _ = try ProcessLock(path: directory("lock")) }
    let second = try ProcessLock(path: directory("lock"))
    #expect(try directory.names == [second.path.lastComponent?.string])
  }

  /// The service could not take a lock of root's, nor use a directory of root's.
  @Test(.enabled(if: geteuid() == 0, "root gives what it makes to somebody else"))
  func whatRootMakesIsTheDirectorysOwners() throws {
    try FileManager.default.setAttributes(
      [.ownerAccountID: 65534, .groupOwnerAccountID: 65534], ofItemAtPath: directory.path.string)
    _ = try ProcessLock(path: directory("lock"))
    try Files.makeOwnersDirectoryIfAbsent(directory("made"))
    #expect(try Files.status(directory("lock"))?.owner == 65534)
    #expect(try Files.status(directory("made"))?.owner == 65534)
    // What was there stays whose it was: it may be a second name of a file of root's.
    try directory.file("other")
    try Files.makeDirectory(directory("there"))
    _ = try ProcessLock(path: directory("other"))
    try Files.makeOwnersDirectoryIfAbsent(directory("there"))
    #expect(try Files.status(directory("other"))?.owner == 0)
    #expect(try Files.status(directory("there"))?.owner == 0)
  }
}

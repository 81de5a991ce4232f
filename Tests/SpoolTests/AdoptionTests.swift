import DurableFiles
import Foundation
import SystemPackage
import Testing
import WireFormats

@testable import Spool

@Suite struct AdoptionTests {
  let directory: TemporarySpool
  var spool: Spool { directory.spool }

  init() throws { directory = try TemporarySpool() }

  private func offered() throws -> [String] {
    try spool.droppedFiles(except: FileName.isPartial).map(\.name.string).sorted()
  }

  private func adopt(_ name: FilePath.Component) throws -> Adoption? { try spool.adopt(name, as: JobID(at: Date())) }

  @Test func anAdoptedFileBecomesAJobWithItsBytes() throws {
    try directory.drop("video.mp4", "moving pictures")
    let adoption = try #require(try adopt("video.mp4"))
    #expect(adoption.droppedName == Array("video.mp4".utf8))
    #expect(adoption.size == 15)
    #expect(try directory.names(in: directory.layout.incoming) == [])
    try spool.commit(adoption, sidecar: TemporarySpool.sidecar)
    let job = directory.layout.job(.waiting(adoption.id, attempt: 0), in: .waiting)
    #expect(try Files.read(JobFiles.source(in: job), limit: 100) == Array("moving pictures".utf8))
    #expect(try spool.sidecar(in: job) == TemporarySpool.sidecar)
    #expect(try directory.names(in: directory.layout.adopting) == [])
  }

  @Test func hiddenAndPartialNamesAreNotOffered() throws {
    for name in [".hidden.mp4", "a.part", "b.mp4.crdownload", "c.TMP", "d.filepart", "e.partial", "f.mp4~", "g.mp4"] {
      try directory.drop(try #require(FilePath.Component(name)))
    }
    #expect(try offered() == ["g.mp4"])
  }

  @Test func onlyPlainFilesAreOfferedAndTaken() throws {
    let elsewhere = directory.root.appending("elsewhere")
    try directory.write("secret", to: elsewhere)
    try FileManager.default.createSymbolicLink(
      atPath: directory.layout.incoming.appending("link.mp4").string, withDestinationPath: elsewhere.string)
    try Files.makeDirectory(directory.layout.incoming.appending("folder.mp4"))
    #expect(try offered() == [])
    #expect(try adopt("link.mp4") == nil)
    #expect(try adopt("folder.mp4") == nil)
    #expect(try adopt("absent.mp4") == nil)
    #expect(try directory.names(in: directory.layout.incoming) == ["link.mp4", "folder.mp4"])
    #expect(try directory.names(in: directory.layout.adopting) == [])
  }

  @Test func aFileWithASecondNameIsRefused() throws {
    let file = try directory.drop("video.mp4")
    try Files.link(file, to: directory.root.appending("second"))
    #expect(try offered() == [])
    #expect(try adopt("video.mp4") == nil)
    #expect(try directory.names(in: directory.layout.incoming) == ["video.mp4"])
  }

  @Test func aFileThatIsOpenForWritingIsKnownToBe() throws {
    let path = try directory.drop("video.mp4")
    let writer = try #require(FileHandle(forWritingAtPath: path.string))
    #expect(try spool.isBeingWritten("video.mp4"))
    try writer.close()
    #expect(try !spool.isBeingWritten("video.mp4"))
  }

  @Test func oneOfManyAdoptersTakesTheFile() async throws {
    for round in 0..<20 {
      let name = try #require(FilePath.Component("video\(round).mp4"))
      try directory.drop(name)
      let adoptions = try await onThreads(4) { [spool] in try spool.adopt(name, as: JobID(at: Date())) }
      #expect(adoptions.compactMap(\.self).count == 1)
    }
    #expect(try spool.interruptedAdoptions().count == 20)
    #expect(try directory.names(in: directory.layout.trash) == [])
  }

  static let oddNames: [[UInt8]] = [
    Array(repeating: UInt8(ascii: "v"), count: 255), Array("two\nlines.mp4".utf8), Array("-rf".utf8),
    [0xFF, 0xFE, 0x2E],
    Array("a b\t\"c'.mp4".utf8), Array("\u{202E}4pm.exe".utf8), Array(repeating: 0xFF, count: 255), [0x5C],
  ]

  @Test(arguments: oddNames)
  func oddNamesAreAdoptedAndKept(_ bytes: [UInt8]) throws {
    let name = try #require(FilePath.Component(platformString: bytes.map { CChar(bitPattern: $0) } + [0]))
    try directory.drop(name)
    #expect(try spool.droppedFiles(except: FileName.isPartial).map(\.name) == [name])
    let adoption = try #require(try adopt(name))
    #expect(adoption.droppedName == Array(String(decoding: bytes, as: UTF8.self).utf8))
    try spool.commit(adoption, sidecar: TemporarySpool.sidecar)
    #expect(try spool.list(.waiting).count == 1)
  }

  // MARK: - What a crash leaves

  private func plant(_ files: [String]) throws -> JobID {
    let id = JobID(at: Date())
    let left = directory.layout.adopting.appending("\(id).\(ClaimNumber())")
    try Files.makeDirectory(left)
    for file in files { try directory.write(file == "name" ? "video.mp4" : file, to: left.appending(file)) }
    return id
  }

  @Test(arguments: [[], ["name"]])
  func anAdoptionWithoutASourceIsUndone(_ files: [String]) throws {
    try directory.drop("video.mp4")
    _ = try plant(files)
    #expect(try spool.interruptedAdoptions().isEmpty)
    #expect(try directory.names(in: directory.layout.adopting) == [])
    #expect(try offered() == ["video.mp4"])
  }

  @Test(arguments: [["name", "source"], ["name", "source", "job.jwt"]])
  func anAdoptionWithASourceGoesForward(_ files: [String]) throws {
    let id = try plant(files)
    let adoption = try #require(try spool.interruptedAdoptions().first)
    #expect(adoption.id == id)
    #expect(adoption.droppedName == Array("video.mp4".utf8))
    try spool.commit(adoption, sidecar: TemporarySpool.sidecar)
    #expect(try directory.jobs() == [.waiting: [.waiting(id, attempt: 0)]])
    // The sidecar that was there may have been half written.
    #expect(
      try spool.sidecar(in: directory.layout.job(.waiting(id, attempt: 0), in: .waiting)) == TemporarySpool.sidecar)
    #expect(try spool.interruptedAdoptions().isEmpty)
  }

  @Test func aStrangerInTheAdoptionFolderIsKeptInCorrupt() throws {
    let stranger = directory.layout.adopting.appending("stranger")
    try Files.makeDirectory(stranger)
    try directory.write("valuable", to: stranger.appending("source"))
    #expect(try spool.interruptedAdoptions().isEmpty)
    let kept = try directory.names(in: directory.layout.corrupt)
    #expect(kept.count == 1 && kept.allSatisfy { $0.hasPrefix("stranger.") })
  }
}

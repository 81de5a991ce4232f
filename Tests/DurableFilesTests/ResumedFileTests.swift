import Foundation
import SystemPackage
import Testing

@testable import DurableFiles

@Suite struct ResumedFileTests {
  private let directory: TemporaryDirectory
  private var path: FilePath { directory.path.appending("file") }

  init() throws {
    directory = try TemporaryDirectory()
    try Files.save(Array("abcdef".utf8), to: path)
  }

  private var content: String { get throws { String(decoding: try Files.read(path, limit: 100), as: UTF8.self) } }

  @Test func whatLiesBehindTheOffsetIsCutOff() throws {
    var file = try ResumedFile(continuing: path, at: 3)
    #expect(try content == "abc")
    try file.write(Array("XY".utf8).span)
    #expect(file.offset == 5)
    try file.rewind(to: 4)
    try file.write(Array("Z".utf8).span)
    try file.overwrite(Array("A".utf8).span, at: 0)
    try file.synchronize()
    try file.close()
    #expect(try content == "AbcXZ")
  }

  @Test func shorterFileIsNotContinued() throws {
    #expect(throws: FileError(operation: "go on with", path: path, errno: .invalidArgument)) {
      _ = try ResumedFile(continuing: path, at: 7).offset
    }
    #expect(try content == "abcdef")
  }

  @Test func onlyARegularFileOfThatNameIsContinued() throws {
    let link = directory.path.appending("link")
    try FileManager.default.createSymbolicLink(atPath: link.string, withDestinationPath: path.string)
    for other in [link, directory.path, directory.path.appending("absent")] {
      #expect(throws: FileError.self) { _ = try ResumedFile(continuing: other, at: 0).offset }
    }
    #expect(try content == "abcdef")
  }
}

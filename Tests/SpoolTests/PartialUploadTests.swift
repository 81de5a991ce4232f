import DurableFiles
import Foundation
import SystemPackage
import Testing
import WireFormats

@testable import Spool

@Suite struct OffsetRecordTests {
  @Test func recordIsReadAsItWasWritten() {
    var file = OffsetRecord.first
    var record = OffsetRecord()
    #expect(OffsetRecord(file) == record)
    for offset in [1, 5, 1 << 40, Int64.max] {
      let (line, position) = record.advance(to: offset)
      file.replaceSubrange(Int(position)..<Int(position) + line.count, with: line)
      #expect(file.count == OffsetRecord.fileLength)
      #expect(OffsetRecord(file)?.offset == offset)
      #expect(OffsetRecord(file) == record)
    }
  }

  /// Whatever part of a line a power cut leaves, the file says the offset before or the new one.
  @Test func tornLineLeavesTheOffsetBefore() {
    var file = OffsetRecord.first
    var record = OffsetRecord()
    for offset: Int64 in [10_987, 123_456_789, 123_456_790] {
      let before = record.offset
      let (line, position) = record.advance(to: offset)
      for end in 0...line.count {
        for filler in [nil, UInt8(0), UInt8(ascii: "9")] {
          var torn = file
          torn.replaceSubrange(Int(position)..<Int(position) + end, with: line.prefix(end))
          if let filler, end < line.count { torn[Int(position) + end] = filler }
          let read = OffsetRecord(torn)?.offset
          #expect(read == before || read == offset, "\(end) bytes")
        }
      }
      file.replaceSubrange(Int(position)..<Int(position) + line.count, with: line)
    }
  }

  @Test func whatIsNoRecordIsNone() {
    for bytes in [[], Array("0 0\n".utf8), [UInt8](repeating: 0, count: 80), Array(repeating: 0x39, count: 80)] {
      #expect(OffsetRecord(bytes) == nil)
    }
  }
}

@Suite struct PartialUploadTests {
  let directory: TemporarySpool
  var spool: Spool { directory.spool }

  init() throws { directory = try TemporarySpool() }

  private let description = UploadDescription(
    owner: "a@example.com", name: "talk.mp4", options: ConversionOptions(), length: 6, metadata: "filename dA==")

  private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

  @Test func whatWasSynchronizedCountsAndNoMore() throws {
    let id = JobID(at: Date())
    #expect(try spool.upload(id) == nil)
    try spool.beginUpload(id, description)
    #expect(try spool.upload(id)?.description == description)
    #expect(try spool.upload(id)?.offset == 0)
    do {
      var writer = try spool.write(upload: id, at: 0)
      try writer.write(bytes("abc").span)
      try writer.synchronize()
      try writer.write(bytes("XXXX").span)
      // Here the process dies.
    }
    #expect(try spool.upload(id)?.offset == 3)
    do {
      var writer = try spool.write(upload: id, at: 3)
      try writer.write(bytes("YY").span)
      try writer.rewind()
      try writer.write(bytes("def").span)
      try writer.synchronize()
    }
    #expect(try spool.upload(id)?.offset == 6)
    try spool.complete(upload: id, length: 6, sidecar: bytes("sidecar"))
    let job = spool.layout.job(.waiting(id, attempt: 0), in: .waiting)
    #expect(try Files.read(JobFiles.source(in: job), limit: 100) == bytes("abcdef"))
    #expect(try spool.sidecar(in: job) == bytes("sidecar"))
    #expect(try spool.upload(id) == nil)
    #expect(try spool.uploads().isEmpty)
  }

  @Test func completionCanBeTriedAgain() throws {
    let id = JobID(at: Date())
    try spool.beginUpload(id, description)
    do {
      var writer = try spool.write(upload: id, at: 0)
      try writer.write(bytes("abcdefgh").span)
      try writer.synchronize()
    }
    // An earlier try came as far as the sidecar.
    try Files.save(bytes("old"), to: JobFiles.sidecar(in: spool.layout.upload(id)))
    try spool.complete(upload: id, length: 6, sidecar: bytes("new"))
    let job = spool.layout.job(.waiting(id, attempt: 0), in: .waiting)
    #expect(try Files.read(JobFiles.source(in: job), limit: 100) == bytes("abcdef"))
    #expect(try spool.sidecar(in: job) == bytes("new"))
  }

  @Test func damagedUploadStandsWhereItsBytesEnd() throws {
    let id = JobID(at: Date())
    try spool.beginUpload(id, description)
    do {
      var writer = try spool.write(upload: id, at: 0)
      try writer.write(bytes("abc").span)
      try writer.synchronize()
    }
    let source = JobFiles.source(in: spool.layout.upload(id))
    var file = try ResumedFile(continuing: source, at: 3)
    try file.rewind(to: 1)
    try file.close()
    #expect(try spool.upload(id)?.offset == 1)
    do {
      var writer = try spool.write(upload: id, at: 1)
      try writer.write(bytes("bcdef").span)
      try writer.synchronize()
    }
    #expect(try spool.upload(id)?.offset == 6)
    #expect(try Files.read(source, limit: 100) == bytes("abcdef"))
  }

  @Test func discardedUploadLeavesNothing() throws {
    let id = JobID(at: Date())
    try spool.beginUpload(id, description)
    #expect(try spool.uploads().map(\.id) == [id])
    try spool.discard(upload: id)
    try spool.discard(upload: id)
    #expect(try spool.uploads().isEmpty)
    #expect(try Files.names(in: spool.layout.trash).isEmpty)
  }

  /// Its sender was told of nothing: it does not exist, and is found by those that clear away.
  @Test func halfBegunUploadIsNoneAndIsFound() throws {
    let id = JobID(at: Date())
    try Files.makeDirectory(spool.layout.upload(id))
    #expect(try spool.upload(id) == nil)
    #expect(try spool.uploads().map(\.id) == [id])
    try spool.beginUpload(id, description)
    #expect(try spool.upload(id)?.offset == 0)
    #expect(throws: SpoolError.self) { try spool.beginUpload(id, description) }
  }

  @Test func settledUploadKeepsItsWordsAndGivesItsRoomBack() throws {
    let (id, original) = (JobID(at: Date()), JobID(at: Date()))
    try spool.beginUpload(id, description)
    do {
      var writer = try spool.write(upload: id, at: 0)
      try writer.write(bytes("abcdef").span)
      try writer.synchronize()
    }
    try spool.settle(upload: id, description, asDuplicateOf: original)
    let standing = try #require(try spool.upload(id))
    #expect(standing.description.duplicateOf == original)
    #expect(standing.description.length == 6)
    #expect(try Files.read(JobFiles.source(in: spool.layout.upload(id)), limit: 100).isEmpty)
  }
}

import AuthService
import Hummingbird
import NIOCore
import WireFormats

/// Reads an upload form as its bytes come: the one file goes to the spool, the fields become wishes.
struct FormReader {
  /// What was read: the file's name and the wishes that stood in the form.
  struct Form {
    var fileName: String
    var wishes: UploadWishes
  }

  private var parser: MultipartParser
  private var wishes: UploadWishes
  private var fileName: String?
  private var part = Part.none

  private enum Part {
    case none
    case file
    case field(name: String, value: [UInt8])
  }

  /// More than any option's value needs.
  private static let longestField = 1024

  /// - Parameter wishes: those that hold where the form does not say something else.
  init(boundary: String, wishes: UploadWishes) {
    parser = MultipartParser(boundary: boundary)
    self.wishes = wishes
  }

  /// Reads the whole body; the file's bytes are handed on in order, in portions that are worth a write.
  mutating func read(
    _ body: RequestBody, sink: (ArraySlice<UInt8>) async throws -> Void
  ) async throws -> Form {
    for try await chunk in body {
      parser.append(Array(buffer: chunk))
      while let event = try parser.next() { try await handle(event, sink) }
    }
    try parser.finish()
    guard let fileName else { throw HTTPFailure.oneFileRequired }
    return Form(fileName: fileName, wishes: wishes)
  }

  private mutating func handle(
    _ event: MultipartParser.Event, _ sink: (ArraySlice<UInt8>) async throws -> Void
  ) async throws {
    switch event {
    case .part(let headers): try begin(headers)
    case .data(let bytes): try await take(bytes, sink)
    case .partEnd: try endPart()
    case .end: break
    }
  }

  private mutating func begin(_ headers: PartHeaders) throws {
    if let name = headers.fileName {
      guard fileName == nil else { throw HTTPFailure.oneFileRequired }
      fileName = try FileName.checked(name)
      part = .file
    } else {
      part = .field(name: headers.name ?? "", value: [])
    }
  }

  private mutating func take(
    _ bytes: ArraySlice<UInt8>, _ sink: (ArraySlice<UInt8>) async throws -> Void
  ) async throws {
    switch part {
    case .file: try await sink(bytes)
    case .field(let name, let value):
      guard value.count + bytes.count <= Self.longestField else {
        throw HTTPFailure(.badRequest, "the form's field '\(name)' is too long")
      }
      part = .field(name: name, value: value + bytes)
    case .none: break
    }
  }

  private mutating func endPart() throws {
    if case .field(let name, let value) = part {
      try wishes.set([name: String(decoding: value, as: UTF8.self)])
    }
    part = .none
  }
}

extension HTTPFailure {
  static let oneFileRequired = HTTPFailure(.badRequest, "exactly 1 file required")
}

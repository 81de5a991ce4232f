import DurableFiles
import Hummingbird
import NIOCore
import SystemPackage

/// Several parts of one file in one answer, `multipart/byteranges` (RFC 9110 §14.6).
struct MultipleRanges: Sendable {
  private let parts: [(head: String, range: Range<Int64>)]
  private let boundary: String
  private let end: String

  private static let portion = 128 << 10

  /// - Parameters:
  ///   - ranges: those that are sent, in this order.
  ///   - size: the whole file's, in bytes.
  ///   - boundary: must not occur in the file; one that nobody can foresee does not.
  init(
    _ ranges: [Range<Int64>], of size: Int64, type: String,
    boundary: String = "mp3spool-\(UInt64.random(in: .min ... .max))"
  ) {
    self.boundary = boundary
    parts = ranges.map { range in
      let place = "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(size)"
      return ("\r\n--\(boundary)\r\nContent-Type: \(type)\r\nContent-Range: \(place)\r\n\r\n", range)
    }
    end = "\r\n--\(boundary)--\r\n"
  }

  var contentType: String { "multipart/byteranges; boundary=\(boundary)" }

  /// The length of the answer in bytes.
  var contentLength: Int { parts.reduce(end.utf8.count) { $0 + $1.head.utf8.count + $1.range.count } }

  /// The answer, with the bytes of the file at `path`, which is opened before anything is promised.
  func body(of path: FilePath) async throws -> ResponseBody {
    let file = try await BlockingThreads.run { () throws(FileError) in try OpenFile(path) }
    return ResponseBody(contentLength: contentLength) { [parts, end] writer in
      for (head, range) in parts {
        try await writer.write(ByteBuffer(string: head))
        var offset = range.lowerBound
        while offset < range.upperBound {
          let count = min(Self.portion, Int(range.upperBound - offset))
          let bytes = try await BlockingThreads.run { [offset] () throws(FileError) in
            try file.file.read(upTo: count, at: offset)
          }
          guard !bytes.isEmpty else {
            throw FileError(operation: "read", path: path, errno: .ioError)
          }
          try await writer.write(ByteBuffer(bytes: bytes))
          offset += Int64(bytes.count)
        }
      }
      try await writer.write(ByteBuffer(string: end))
      try await writer.finish(nil)
    }
  }

  /// A file that several closures hold.
  private final class OpenFile: Sendable {
    let file: SourceFile

    init(_ path: FilePath) throws(FileError) { file = try SourceFile(reading: path) }
  }
}

import DurableFiles
import Hummingbird
import NIOCore
import SystemPackage

/// Parts of one file as the body of an answer, with what stands before each and behind the last.
struct FileParts: Sendable {
  private let parts: [(head: String, range: Range<Int64>)]
  private let end: String
  /// The body's media type.
  let contentType: String

  /// What is read, and handed to the connection, at once. A file of usual size is a few of them: each wakes a thread.
  private static let portion: Int64 = 256 << 10

  /// One part, as it stands in the file.
  init(_ range: Range<Int64>, type: String) {
    parts = [("", range)]
    end = ""
    contentType = type
  }

  /// Several parts in one answer, `multipart/byteranges` (RFC 9110 §14.6).
  ///
  /// - Parameters:
  ///   - ranges: those that are sent, in this order.
  ///   - size: the whole file's, in bytes.
  ///   - boundary: must not occur in the file; one that nobody can foresee does not.
  init(
    _ ranges: [Range<Int64>], of size: Int64, type: String,
    boundary: String = "mp3spool-\(UInt64.random(in: .min ... .max))"
  ) {
    parts = ranges.map { range in
      let place = "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(size)"
      return ("\r\n--\(boundary)\r\nContent-Type: \(type)\r\nContent-Range: \(place)\r\n\r\n", range)
    }
    end = "\r\n--\(boundary)--\r\n"
    contentType = "multipart/byteranges; boundary=\(boundary)"
  }

  /// The length of the body in bytes.
  var contentLength: Int { parts.reduce(end.utf8.count) { $0 + $1.head.utf8.count + $1.range.count } }

  /// The body, with the bytes of the file at `path`. The file is opened, and its first bytes are read, before anything is
  /// promised.
  func body(of path: FilePath) async throws -> ResponseBody {
    let (file, first) = try await BlockingThreads.run { [parts] () throws(FileError) in
      let file = try OpenFile(path)
      return (file, try file.read(parts[0].range))
    }
    return ResponseBody(contentLength: contentLength) { [parts, end] writer in
      var portion = Optional(first)
      for (head, range) in parts {
        if !head.isEmpty { try await writer.write(ByteBuffer(string: head)) }
        var rest = range
        while !rest.isEmpty {
          let bytes: ByteBuffer
          if let first = portion.take() { bytes = first } else { bytes = try await file.portion(of: rest) }
          rest = rest.lowerBound + Int64(bytes.readableBytes)..<rest.upperBound
          try await writer.write(bytes)
          TrafficMetrics.sent(bytes)
        }
      }
      if !end.isEmpty { try await writer.write(ByteBuffer(string: end)) }
      try await writer.finish(nil)
    }
  }

  /// A file that several closures hold.
  private final class OpenFile: Sendable {
    private let file: SourceFile

    init(_ path: FilePath) throws(FileError) { file = try SourceFile(reading: path) }

    func portion(of range: Range<Int64>) async throws(FileError) -> ByteBuffer {
      try await BlockingThreads.run { [self] () throws(FileError) in try read(range) }
    }

    /// The first bytes of `range`, at least one of them: a file that is shorter than it was is an error.
    func read(_ range: Range<Int64>) throws(FileError) -> ByteBuffer {
      let bytes = try file.buffer(upTo: Int(min(FileParts.portion, Int64(range.count))), at: range.lowerBound)
      guard bytes.readableBytes > 0 || range.isEmpty else {
        throw FileError(operation: "read", path: file.path, errno: .ioError)
      }
      return bytes
    }
  }
}

import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Synchronization
import SystemPackage
import Testing

@testable import Gateway

struct FilePartsTests {
  private static let bytes = (0..<600_000).map { UInt8(truncatingIfNeeded: $0 % 251) }

  @Test func onePartIsTheFileItself() async throws {
    let file = try TemporaryFile(Self.bytes)
    let parts = FileParts(0..<600_000, type: "audio/mpeg")
    #expect(parts.contentType == "audio/mpeg")
    #expect(try await Self.sent(parts, of: file.path) == Self.bytes)
    #expect(
      try await Self.sent(FileParts(262_100..<262_200, type: ""), of: file.path) == Array(Self.bytes[262_100..<262_200])
    )
  }

  @Test func severalPartsStandBetweenBoundaries() async throws {
    let file = try TemporaryFile(Self.bytes)
    let parts = FileParts([0..<2, 300_000..<300_001], of: 600_000, type: "audio/mpeg", boundary: "X")
    #expect(parts.contentType == "multipart/byteranges; boundary=X")
    let sent = try await Self.sent(parts, of: file.path)
    #expect(sent.count == parts.contentLength)
    let head = { (range: String) in
      Array("\r\n--X\r\nContent-Type: audio/mpeg\r\nContent-Range: bytes \(range)/600000\r\n\r\n".utf8)
    }
    let expected = head("0-1") + Self.bytes[..<2] + head("300000-300000") + [Self.bytes[300_000]] + "\r\n--X--\r\n".utf8
    #expect(sent == expected)
  }

  /// A body that ends too early must break the connection off, or the client takes it for a whole one.
  @Test func aFileThatIsShorterThanItWasIsAnError() async throws {
    let file = try TemporaryFile(Array(Self.bytes[..<300_000]))
    await #expect(throws: (any Error).self) {
      try await Self.sent(FileParts(0..<600_000, type: "audio/mpeg"), of: file.path)
    }
  }

  @Test func aFileThatIsNotThereIsKnownBeforeTheAnswerBegins() async throws {
    await #expect(throws: (any Error).self) {
      _ = try await FileParts(0..<1, type: "audio/mpeg").body(of: "/nowhere/at/all")
    }
  }

  private static func sent(_ parts: FileParts, of path: FilePath) async throws -> [UInt8] {
    let sent = Mutex<[UInt8]>([])
    try await parts.body(of: path).write(Collector { bytes in sent.withLock { $0 += bytes } })
    return sent.withLock(\.self)
  }

  private struct Collector: ResponseBodyWriter {
    let take: @Sendable ([UInt8]) -> Void

    init(_ take: @escaping @Sendable ([UInt8]) -> Void) { self.take = take }

    mutating func write(_ buffer: ByteBuffer) async throws { take(Array(buffer.readableBytesView)) }
    consuming func finish(_ trailingHeaders: HTTPFields?) async throws {}
  }

  private final class TemporaryFile: Sendable {
    let path: FilePath

    init(_ bytes: [UInt8]) throws {
      let url = FileManager.default.temporaryDirectory.appending(path: "FilePartsTests-\(UUID())")
      try Data(bytes).write(to: url)
      path = FilePath(url.path)
    }

    deinit { try? FileManager.default.removeItem(atPath: path.string) }
  }
}

import AsyncHTTPClient
import DurableFiles
import Foundation
import NIOCore
import NIOHTTP1
import Spool
import Synchronization
import SystemPackage
import WireFormats

/// Sends one file to a server by tus 1.0. A connection that breaks off costs nothing that the server has.
struct RemoteUpload {
  let server: RemoteServer
  let file: UploadFile
  /// Conversion options and notices, by their names.
  let wishes: [String: String]
  /// Is told how many bytes have gone out.
  let progress: @Sendable (Int64) -> Void

  /// How long to wait before each further try, in seconds.
  static let pauses: [Double] = [0.5, 1, 2, 4, 8, 15, 30, 60, 60]
  /// A connection on which nothing moves for so long is taken for lost.
  private static let silence = Duration.seconds(60)

  func run() async throws -> JobID {
    let path = try await persist { try await create() }
    var sent = Int64(0)
    return try await persist(whileGrowing: { sent }) {
      let standing = try await standing(of: path)
      sent = standing.offset
      if let fid = standing.fid { return fid }
      return try await send(to: path, from: standing.offset)
    }
  }

  /// Tries again after growing pauses, as long as it may help. Progress makes the pauses short again.
  private func persist<Value>(
    whileGrowing position: () -> Int64 = { 0 }, _ work: () async throws -> Value
  ) async throws -> Value {
    var (tries, last) = (0, position())
    while true {
      do { return try await work() } catch {
        let problem = (error as? ConnectionLost)?.problem ?? Problem(error)
        guard error is ConnectionLost || problem.isTemporary, tries < Self.pauses.count else { throw problem }
        if position() > last { (tries, last) = (0, position()) }
        try await Task.sleep(for: .seconds(Self.pauses[tries]))
        tries += 1
      }
    }
  }

  /// - Returns: the path of the new upload. The key makes a repeated request the same upload.
  private func create() async throws -> String {
    let metadata = ([("filename", file.name)] + wishes.sorted { $0.key < $1.key })
      .map { "\($0) \(Data($1.utf8).base64EncodedString())" }.joined(separator: ",")
    let headers = [
      "Tus-Resumable": "1.0.0", "Upload-Length": "\(file.size)", "Upload-Metadata": metadata,
      "Idempotency-Key": file.key,
    ]
    let location = try await server.granted(.POST, "/files", headers).headers.first(name: "Location") ?? ""
    guard location.hasPrefix("/files/") else {
      throw Problem.unavailable("the server's answer is none that mp3spool gives: is this an mp3spool gateway?")
    }
    return location
  }

  private func standing(of path: String) async throws -> (offset: Int64, fid: JobID?) {
    let answer = try await server.granted(.HEAD, path, ["Tus-Resumable": "1.0.0"])
    return (answer.headers.first(name: "Upload-Offset").flatMap { Int64($0) } ?? 0, answer.fid)
  }

  private func send(to path: String, from offset: Int64) async throws -> JobID {
    let headers = [
      "Tus-Resumable": "1.0.0", "Upload-Offset": "\(offset)", "Content-Type": "application/offset+octet-stream",
    ]
    var request = server.request(.PATCH, path, headers)
    let pulse = Pulse(progress)
    request.body = .stream(FileBytes(file: file, start: offset, pulse: pulse), length: .known(file.size - offset))
    let answer = try await withThrowingTaskGroup(of: RemoteServer.Answer.self) { [server, request] group in
      group.addTask { try await server.answer(to: request, within: .hours(24 * 7)) }
      group.addTask {
        while true {
          let before = pulse.count
          try await Task.sleep(for: Self.silence)
          if pulse.count == before { throw ConnectionLost(url: server.url, cause: HTTPClientError.deadlineExceeded) }
        }
      }
      defer { group.cancelAll() }
      return try await group.next()!
    }
    if let fid = answer.fid { return fid }
    // The server has the last byte, or another offset: HEAD tells.
    guard answer.status == 409 || 200..<300 ~= answer.status else { throw server.refusal(answer.status, answer.text) }
    throw ConnectionLost(url: server.url, cause: HTTPClientError.remoteConnectionClosed)
  }
}

extension RemoteServer.Answer {
  /// The job that the upload became.
  fileprivate var fid: JobID? { headers.first(name: "Mp3spool-Fid").flatMap { JobID($0) } }
}

/// The file that is sent.
final class UploadFile: Sendable {
  let name: String
  let size: Int64
  /// Makes repeated creations one.
  let key = UUID().uuidString
  private let file: SourceFile

  init(_ place: String) throws {
    file = try SourceFile(reading: .init(place))
    name = try FileName.checked(file.path.lastComponent?.string ?? "")
    size = try file.status().size
    guard size > 0 else { throw Problem.input("\(place) is empty") }
  }

  func read(upTo count: Int, at offset: Int64) async throws -> [UInt8] {
    try await BlockingThreads.run { () throws(FileError) in try self.file.read(upTo: count, at: offset) }
  }
}

/// How far the bytes have come, and that they still move.
private final class Pulse: Sendable {
  private let moved = Mutex<Int64>(0)
  private let tell: @Sendable (Int64) -> Void

  init(_ tell: @escaping @Sendable (Int64) -> Void) { self.tell = tell }

  var count: Int64 { moved.withLock { $0 } }

  func beat(_ position: Int64) {
    moved.withLock { $0 += 1 }
    tell(position)
  }
}

/// The rest of a file, read as the connection takes it.
private struct FileBytes: AsyncSequence, Sendable {
  let file: UploadFile
  let start: Int64
  let pulse: Pulse

  private static let piece = 256 << 10

  func makeAsyncIterator() -> Iterator { Iterator(bytes: self, position: start) }

  struct Iterator: AsyncIteratorProtocol {
    let bytes: FileBytes
    var position: Int64

    mutating func next() async throws -> ByteBuffer? {
      bytes.pulse.beat(position)
      let wanted = Swift.min(Int64(FileBytes.piece), bytes.file.size - position)
      guard wanted > 0 else { return nil }
      let piece = try await bytes.file.read(upTo: Int(wanted), at: position)
      guard !piece.isEmpty else { throw Problem.input("\(bytes.file.name) became shorter while it was sent") }
      position += Int64(piece.count)
      return ByteBuffer(bytes: piece)
    }
  }
}

import AsyncHTTPClient
import Crypto
import DurableFiles
import Foundation
import NIOCore
import NIOHTTP1
import Spool
import SystemPackage
import WebClient
import WireFormats

/// Fetches the MP3s of a job, each under the name that the server gives it, and looks whether they are what was made.
struct MP3Fetch {
  let server: RemoteServer
  let folder: FilePath

  /// - Returns: where they are. What is there already stays: `talk (2).mp3` is the next name.
  func run(_ job: RemoteJob, _ placement: inout Placement) async throws -> [FilePath] {
    guard let result = job.result else { throw Problem.unavailable("the server has no result of \(job.fid)") }
    var paths: [FilePath] = []
    for one in result.all {
      let track = result.all.count > 1 ? "&track=\(one.track)" : ""
      let query = "/download?fid=\(job.fid)\(track)"
      paths.append(try await fetch(query, one, usualName: FileName.mp3Name(for: job.name), &placement))
    }
    return paths
  }

  private func fetch(
    _ path: String, _ result: JobResult, usualName: String, _ placement: inout Placement
  ) async throws -> FilePath {
    let response: HTTPClientResponse
    do { response = try await server.send(server.request(.GET, path), by: .now() + .seconds(100)) } catch {
      throw ConnectionLost(url: server.url, cause: error)
    }
    guard response.status.code == 200 else {
      let text = try? await response.body.collected(upTo: 64 << 10, by: .now() + .seconds(10))
      throw server.refusal(Int(response.status.code), text.map { String(buffer: $0) } ?? "")
    }
    let said = response.headers.first(name: "Content-Disposition").flatMap(ContentDisposition.fileName)
    let name = said.flatMap { try? FileName.checked($0) }.flatMap { FileName.isPartial($0) ? nil : $0 } ?? usualName
    var landing = try Landing(name, in: folder)
    let digest = try await save(response.body, &landing)
    guard digest == result.sha256 else {
      throw Problem.temporary("\(name) did not arrive as the server made it (SHA-256 \(digest)); fetch it again")
    }
    return try landing.finish(&placement)
  }

  private func save(_ body: HTTPClientResponse.Body, _ landing: inout Landing) async throws -> String {
    var hash = SHA256()
    do {
      for try await piece in body {
        let bytes = Array(piece.readableBytesView)
        hash.update(data: bytes)
        try landing.write(bytes)
      }
    } catch let error as FileError { throw error } catch { throw ConnectionLost(url: server.url, cause: error) }
    return hash.finalize().map { String(format: "%02x", $0) }.joined()
  }
}

/// A file that comes from elsewhere: hidden until it is whole, and gone if it never is.
struct Landing: ~Copyable {
  private let name: String
  private let folder: FilePath
  private let partial: FilePath
  private var file: NewFile

  init(_ name: String, in folder: FilePath) throws {
    partial = folder.appending(".\(name.prefix(200)).\(UInt32.random(in: .min ... .max)).part")
    file = try NewFile(creating: partial)
    (self.name, self.folder) = (name, folder)
  }

  deinit { try? Files.unlinkIfPresent(partial) }

  mutating func write(_ bytes: [UInt8]) throws(FileError) { try file.write(bytes.span) }

  /// - Returns: where it is now.
  func finish(_ placement: inout Placement) throws -> FilePath {
    try file.synchronize()
    let wanted = folder.appending(name)
    let target = if case .write(let free) = try placement.answer(for: wanted) { free } else { wanted }
    try Files.rename(partial, to: target)
    try Files.synchronize(directory: folder)
    placement.note(target)
    return target.lexicallyNormalized()
  }
}

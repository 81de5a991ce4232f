import Foundation
import Glibc
import SystemPackage
import Testing

@testable import Decoder

/// A whole file, decoded.
struct Decoded {
  var source: SourceDescription
  var left: [Float] = []
  var right: [Float] = []
  var frames: [[UInt8]] = []
  var positions: [Duration] = []
  var summary = DecodeSummary()
}

extension Decoder {
  /// A decoder whose processes are the program of this package, which is built beside the tests.
  static func underTest() throws -> Decoder {
    let tests = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
    let program = tests.deletingLastPathComponent().appending(path: "mp3spool")
    return try Decoder(executable: FilePath(program.path))
  }

  /// Opens a file for a session.
  func open(path: String, _ request: DecodeRequest = DecodeRequest()) throws -> DecodeSession {
    let file = try FileDescriptor.open(FilePath(path), .readOnly)
    defer { try? file.close() }
    return try open(file.rawValue, request)
  }

  /// Decodes a whole file.
  func decode(_ path: String, _ request: DecodeRequest = DecodeRequest()) throws -> Decoded {
    var session = try open(path: path, request)
    var decoded = Decoded(source: session.source)
    var block = PCMBlock()
    while true {
      switch try session.next(&block) {
      case .samples:
        decoded.left += block.left[..<block.count]
        if block.channels == 2 { decoded.right += block.right[..<block.count] }
      case .frame: decoded.frames.append(block.bytes)
      case .progress(let position): decoded.positions.append(position)
      case .end(let summary):
        decoded.summary = summary
        return decoded
      }
    }
  }

  /// The failure of decoding a file.
  func failure(_ path: String, _ request: DecodeRequest = DecodeRequest()) -> DecodeFailure? {
    do {
      _ = try decode(path, request)
      return nil
    } catch { return error as? DecodeFailure }
  }

  /// The children that the zygote has now.
  var children: [CInt] {
    let path = "/proc/\(zygoteProcess)/task/\(zygoteProcess)/children"
    let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
    return text.split(separator: " ").compactMap { CInt($0) }
  }

  /// A session in the midst of a long file, and its child.
  func running(
    _ path: String, _ request: DecodeRequest = DecodeRequest()
  ) throws -> (session: Running, child: CInt) {
    let before = Set(children)
    let session = try open(path: path, request)
    let child = try #require(Set(children).subtracting(before).first)
    return (Running(session), child)
  }

  /// The kernel shows a jailed process's descriptors and environment to root alone (proc(5), PR_SET_DUMPABLE).
  static let seesTheJailed = geteuid() == 0
}

/// A session that a test can hand around.
final class Running: @unchecked Sendable {
  private var session: DecodeSession
  let canceller: DecodeCanceller

  init(_ session: consuming DecodeSession) {
    canceller = session.canceller
    self.session = session
  }

  /// Reads on until there is nothing more.
  func failure() -> DecodeFailure? {
    var block = PCMBlock()
    while true {
      do { if case .end = try session.next(&block) { return nil } } catch { return error }
    }
  }
}

/// What the descriptors of a process are.
func descriptors(of process: CInt) throws -> [String] {
  let folder = "/proc/\(process)/fd"
  return try FileManager.default.contentsOfDirectory(atPath: folder).compactMap {
    try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\($0)")
  }
}

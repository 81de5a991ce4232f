import Foundation
import Testing

/// Media files that the tests make with ffmpeg, the independent judge, and remove again.
final class TestMedia: Sendable {
  let directory: URL

  init() throws {
    directory = FileManager.default.temporaryDirectory.appending(path: "decoder-tests-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: directory) }

  func path(_ name: String) -> String { directory.appending(path: name).path }

  /// Runs ffmpeg with these words, then the path of a new file of this name, which is the result.
  func make(_ name: String, _ words: String...) throws -> String {
    try run("ffmpeg", ["-nostdin", "-v", "error", "-y"] + words + [path(name)])
    return path(name)
  }

  func write(_ name: String, _ bytes: some Sequence<UInt8>) throws -> String {
    try Data(bytes).write(to: directory.appending(path: name))
    return path(name)
  }

  /// A WAV file of silence, sparse on disk: 16 bit, 44.1 kHz, stereo.
  func silence(_ name: String, seconds: Int) throws -> String {
    func little(_ number: Int, _ bytes: Int) -> [UInt8] { (0..<bytes).map { UInt8(number >> ($0 * 8) & 0xFF) } }
    let size = seconds * 176400
    var head = Array("RIFF".utf8) + little(size + 36, 4) + Array("WAVEfmt ".utf8) + little(16, 4) + little(1, 2)
    head += little(2, 2) + little(44100, 4) + little(176400, 4) + little(4, 2) + little(16, 2)
    head += Array("data".utf8) + little(size, 4)
    let path = try write(name, head)
    let handle = try FileHandle(forWritingTo: URL(filePath: path))
    try handle.truncate(atOffset: UInt64(head.count + size))
    try handle.close()
    return path
  }
}

/// Runs a program found in the path; its standard output is the result.
@discardableResult
func run(_ program: String, _ words: [String]) throws -> Data {
  let process = Process()
  process.executableURL = URL(filePath: "/usr/bin/env")
  process.arguments = [program] + words
  let output = Pipe()
  process.standardOutput = output
  try process.run()
  let data = try output.fileHandleForReading.readToEnd() ?? Data()
  process.waitUntilExit()
  try #require(process.terminationStatus == 0, "\(program) \(words.joined(separator: " "))")
  return data
}

import Foundation
import Spool
import Synchronization
import SystemPackage
import TerminalText

/// What became of the jobs that `submit --wait` waited for.
struct SubmitOutcome {
  let count: Int
  var failed = 0

  init(count: Int) { self.count = count }

  private struct Line: Encodable {
    let fid: JobID
    let state: JobState
    var output: String?
    var error: String?
    var result: JobResult?
  }

  func note(_ path: FilePath, _ result: JobResult, fid: JobID, json: Bool) throws {
    if json { return try Output.json(Line(fid: fid, state: .done, output: path.string, result: result)) }
    let length = Readable.duration(result.duration)
    Output.note("\(path): \(length), \(Readable.bytes(result.byteCount)), \((result.bitrate + 500) / 1000) kbit/s")
  }

  mutating func note(_ failure: JobFailure, fid: JobID, name: String, json: Bool) throws {
    failed += 1
    if json { try Output.json(Line(fid: fid, state: .failed, error: failure.sentence)) }
    Output.error("\(name): \(failure.sentence)")
  }

  func end() throws {
    if failed > 0 { throw Problem.input("\(failed) of \(count) files could not be converted; see mp3spool jobs") }
  }
}

/// One bar for a file's way: first its bytes, then its conversion.
final class SubmitBar: Sendable {
  private let label: String
  private let size: Int64
  private let screen = Mutex(LiveScreen())
  private let begin = Mutex<(at: ContinuousClock.Instant, from: Int64)?>(nil)

  init(_ label: String, size: Int64) { (self.label, self.size) = (label, size) }

  /// - Parameter count: of the file's bytes.
  func sent(_ count: Int64) {
    let start = begin.withLock { begin in
      // What the server had already when the upload was taken up again is nobody's speed.
      if begin.map({ count < $0.from }) ?? true { begin = (.now, count) }
      return begin ?? (.now, count)
    }
    let seconds = max(0.001, (ContinuousClock.now - start.at) / .seconds(1))
    let speed = Double(count - start.from) / seconds
    let left = speed > 0 ? ", \(Readable.duration(Double(size - count) / speed)) left" : ""
    let detail = "\(Readable.bytes(Int64(speed)))/s\(left)"
    draw(Bar("\(label) ↑", size > 0 ? Double(count) / Double(size) : nil, detail))
  }

  func converting(_ state: JobState, _ progress: JobProgress?) {
    guard let progress else { return draw(Bar(label, nil, state == .waiting ? "waits" : "is being converted")) }
    let left = progress.timeLeft.map { ", \(Readable.duration($0)) left" } ?? ""
    draw(Bar(label, progress.fraction, String(format: "%.1fx", progress.speed) + left))
  }

  func clear() { screen.withLock { $0.clear() } }

  private func draw(_ bar: Bar) { screen.withLock { $0.draw { [bar] } } }
}

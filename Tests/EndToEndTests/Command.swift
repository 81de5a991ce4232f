import Foundation
import Glibc

/// A program that runs, with its output in files: a pipe that another child inherited by chance would never end.
final class Command: Sendable {
  let process: Process
  private let output: URL
  private let errors: URL
  private let ending: Task<Int32, Never>

  /// - Parameters:
  ///   - logs: the directory for its output.
  ///   - limit: after so long it is killed, so that nothing outlives the tests.
  init(
    _ program: String, _ arguments: [String], in directory: URL, logs: URL, environment: [String: String],
    input: FileHandle = .nullDevice, limit: Duration
  ) throws {
    let number = UUID().uuidString
    output = logs.appending(path: "\(number).out")
    errors = logs.appending(path: "\(number).err")
    let process = Process()
    process.executableURL = URL(filePath: program)
    process.arguments = arguments
    process.currentDirectoryURL = directory
    process.environment = environment
    let handles = [input, try Self.newFile(output), try Self.newFile(errors)]
    (process.standardInput, process.standardOutput, process.standardError) = (handles[0], handles[1], handles[2])
    let (ends, end) = AsyncStream<Int32>.makeStream()
    process.terminationHandler = {
      // As shells have it: 128 and the signal's number.
      end.yield($0.terminationReason == .exit ? $0.terminationStatus : 128 + $0.terminationStatus)
      end.finish()
    }
    try process.run()
    // They are the child's now.
    for handle in handles where handle !== FileHandle.nullDevice { try handle.close() }
    let identifier = process.processIdentifier
    let watchdog = Task {
      try await Task.sleep(for: limit)
      kill(identifier, SIGKILL)
    }
    ending = Task {
      defer { watchdog.cancel() }
      return await ends.first { _ in true } ?? -1
    }
    self.process = process
  }

  /// How it ended, once it has.
  func outcome() async -> Outcome {
    let status = await ending.value
    return Outcome(status: status, output: text(output), errors: text(errors))
  }

  /// What it has written to standard error so far.
  var log: String { text(errors) }
  /// What it has written to standard output so far.
  var said: String { text(output) }

  func send(_ signal: Int32) { kill(process.processIdentifier, signal) }

  private func text(_ file: URL) -> String { String(decoding: (try? Data(contentsOf: file)) ?? Data(), as: UTF8.self) }

  private static func newFile(_ url: URL) throws -> FileHandle {
    try Data().write(to: url)
    return try FileHandle(forWritingTo: url)
  }
}

/// How a program ended, and what it had said.
struct Outcome: Sendable, CustomStringConvertible {
  /// Its exit code, or 128 and the number of the signal that ended it.
  let status: Int32
  let output: String
  let errors: String

  var description: String { "exit code \(status)\n\(output)\(errors)" }
  var lines: [String] { output.split(separator: "\n").map(String.init) }
}

/// Something that did not happen, or not in time.
struct Disappointment: Error, CustomStringConvertible {
  let description: String
}

/// Asks again and again until there is an answer.
func eventually<Answer>(
  _ what: String, within limit: Duration = .seconds(90), every pause: Duration = .milliseconds(20),
  _ ask: () async throws -> Answer?
) async throws -> Answer {
  let end = ContinuousClock.now + limit
  while true {
    // On a loaded machine the sleep itself may last longer than the limit.
    let isLast = ContinuousClock.now >= end
    if let answer = try await ask() { return answer }
    if isLast { throw Disappointment(description: "within \(limit) there was not \(what)") }
    try await Task.sleep(for: pause)
  }
}

/// Asks again and again until it is so.
func eventually(
  _ what: String, within limit: Duration = .seconds(90), _ isSo: () async throws -> Bool
) async throws {
  let _: Bool = try await eventually(what, within: limit) { try await isSo() ? true : nil }
}

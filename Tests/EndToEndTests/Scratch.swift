import Foundation
import Testing

/// The program under test: it is built beside the tests, unless MP3SPOOL_TEST_PROGRAM names another build.
enum Program {
  static let path: String =
    ProcessInfo.processInfo.environment["MP3SPOOL_TEST_PROGRAM"]
    ?? URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
    .appending(path: "mp3spool").path
}

/// A directory of its own for one test, and what runs in it.
final class Scratch: Sendable {
  let directory: URL
  /// Its spool, which the first command makes.
  let spool: URL
  private let logs: URL

  fileprivate init() throws {
    directory = FileManager.default.temporaryDirectory.appending(path: "mp3spool-test-\(UUID().uuidString)")
    spool = directory.appending(path: "spool")
    logs = directory.appending(path: "logs")
    try FileManager.default.createDirectory(at: logs, withIntermediateDirectories: true)
  }

  fileprivate func remove() {
    if ProcessInfo.processInfo.environment["MP3SPOOL_TEST_KEEP"] == nil {
      try? FileManager.default.removeItem(at: directory)
    }
  }

  /// Starts mp3spool, on this scratch's spool and on ports of the kernel's choice.
  ///
  /// - Parameters:
  ///   - settings: environment variables beside and before the usual ones.
  ///   - wrapper: a program with its first arguments that starts mp3spool in its own place.
  func start(
    _ arguments: [String], _ settings: [String: String] = [:], wrapper: [String] = [], limit: Duration = .seconds(240)
  ) throws -> Command {
    let usual = [
      "MP3SPOOL_SPOOL": spool.path, "MP3SPOOL_LISTEN": "127.0.0.1:0", "MP3SPOOL_AUTH_LISTEN": "127.0.0.1:0",
    ]
    let words = wrapper + [Program.path] + arguments
    return try Command(
      "/usr/bin/env", words, in: directory, logs: logs,
      environment: Self.environment.merging(usual) { $1 }.merging(settings) { $1 }, limit: limit)
  }

  /// Runs mp3spool to its end.
  @discardableResult
  func mp3spool(
    _ arguments: String..., settings: [String: String] = [:], wrapper: [String] = [], status: Int32? = 0,
    sourceLocation: SourceLocation = #_sourceLocation
  ) async throws -> Outcome {
    let outcome = try await start(arguments, settings, wrapper: wrapper).outcome()
    if let status { #expect(outcome.status == status, "\(outcome)", sourceLocation: sourceLocation) }
    return outcome
  }

  /// Runs another program, such as an independent judge, which must succeed; its standard output is the result.
  @discardableResult
  func run(_ program: String, _ arguments: [String], input: String? = nil) async throws -> String {
    let outcome = try await tool(program, arguments, input: input)
    guard outcome.status == 0 else {
      throw Disappointment(description: "\(program) \(arguments.joined(separator: " ")): \(outcome)")
    }
    return outcome.output
  }

  /// Runs another program, which may fail.
  func tool(_ program: String, _ arguments: [String], input: String? = nil) async throws -> Outcome {
    try await launch(program, arguments, input: input).outcome()
  }

  /// Starts another program.
  func launch(_ program: String, _ arguments: [String], input: String? = nil) throws -> Command {
    var handle = FileHandle.nullDevice
    if let input {
      let file = logs.appending(path: "\(UUID().uuidString).in")
      try Data(input.utf8).write(to: file)
      handle = try FileHandle(forReadingFrom: file)
    }
    return try Command(
      "/usr/bin/env", [program] + arguments, in: directory, logs: logs, environment: Self.environment, input: handle,
      limit: .seconds(240))
  }

  func path(_ name: String) -> String { directory.appending(path: name).path }

  /// Writes a file of this name.
  @discardableResult
  func write(_ name: String, _ content: some Sequence<UInt8>) throws -> String {
    try Data(content).write(to: directory.appending(path: name))
    return path(name)
  }

  /// What a directory of the spool holds, hidden names left out.
  func names(_ directory: String) -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: spool.appending(path: directory).path)) ?? []
    return names.filter { !$0.hasPrefix(".") }.sorted()
  }

  /// Nothing of the tester's own settings may reach what is tested.
  private static let environment: [String: String] = {
    let own = ProcessInfo.processInfo.environment
    return ["PATH": own["PATH"] ?? "/usr/bin:/bin", "HOME": own["HOME"] ?? "/", "LANG": "C.UTF-8", "TZ": "UTC"]
  }()
}

/// Gives a test its scratch directory; only so many tests have one at a time.
func withScratch(_ body: (Scratch) async throws -> Void) async throws {
  await Turnstile.shared.enter()
  do { try await Scratch.use(body) } catch {
    await Turnstile.shared.leave()
    throw error
  }
  await Turnstile.shared.leave()
}

extension Scratch {
  /// Makes a directory for as long as `body` takes.
  static func use<Answer>(_ body: (Scratch) async throws -> Answer) async throws -> Answer {
    let scratch = try Scratch()
    defer { scratch.remove() }
    return try await body(scratch)
  }
}

/// Lets few tests in at a time: each runs several programs, and all together would only keep one another waiting.
private actor Turnstile {
  static let shared = Turnstile()

  private var places = 4
  private var waiting: [CheckedContinuation<Void, Never>] = []

  func enter() async {
    if places > 0 { places -= 1 } else { await withCheckedContinuation { waiting.append($0) } }
  }

  func leave() {
    if waiting.isEmpty { places += 1 } else { waiting.removeFirst().resume() }
  }
}

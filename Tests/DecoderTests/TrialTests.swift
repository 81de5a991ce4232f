import Foundation
import Glibc
import SystemPackage
import Testing

@testable import Decoder

/// What a child in the jail tries to do, and what the system says to it. `DecoderTrials` is the program.
@Suite struct TrialTests {
  /// Every layer that a test may have to take away, so that another one shows.
  private static let all: [JailLayer] = [.otherUser, .limits, .emptyNetwork, .landlock, .seccomp]

  /// Whether each layer holds here: others are no reason to fail, but nothing to test either.
  static let jail = try? Decoder.onTrial().jail

  static func holds(_ layer: JailLayer) -> Bool { jail?[layer] == .active }

  /// What becomes of a child that tries this, with only these layers around it.
  private func result(of trial: String, within layers: [JailLayer]) throws -> DecodeFailure? {
    let without = Self.all.filter { !layers.contains($0) }
    return try Decoder.onTrial(without: without, sandbox: .bestEffort).trial(trial)
  }

  @Test(
    .enabled(if: holds(.seccomp)),
    arguments: [
      "open", "create", "socket", "connect", "fork", "exec", "write", "signal", "root", "executable", "raise",
      "abort-zygote",
    ])
  func callThatDecodingDoesNotNeedEndsTheChild(_ trial: String) throws {
    let failure = try result(of: trial, within: [.seccomp])
    #expect(failure?.kind == .crashed(signal: SIGSYS))
    #expect(failure?.isCertain == false)
    #expect(failure?.sentence.contains("(SIGSYS)") == true)
  }

  @Test(.enabled(if: holds(.landlock)), arguments: ["open", "create", "exec"])
  func landlockKeepsEachFileClosed(_ trial: String) throws {
    #expect(try result(of: trial, within: [.landlock])?.sentence == "\(Errno.permissionDenied)")
    #expect(try result(of: trial, within: [])?.sentence != "\(Errno.permissionDenied)")
  }

  @Test(.enabled(if: (jail?.landlockVersion ?? 0) >= 4))
  func landlockKeepsFromTCP() throws {
    #expect(try result(of: "connect", within: [.landlock])?.sentence == "\(Errno.permissionDenied)")
    #expect(try result(of: "connect", within: [])?.sentence == "\(Errno.connectionRefused)")
  }

  @Test(.enabled(if: (jail?.landlockVersion ?? 0) >= 6))
  func landlockKeepsFromSignallingTheZygote() throws {
    #expect(try result(of: "signal", within: [.landlock])?.sentence == "\(Errno.notPermitted)")
    #expect(try result(of: "signal", within: [])?.sentence == "allowed")
  }

  @Test(.enabled(if: holds(.emptyNetwork)))
  func emptyNetworkLeadsNowhere() throws {
    #expect(try result(of: "connect", within: [.emptyNetwork])?.sentence == "\(Errno.networkUnreachable)")
  }

  @Test(.enabled(if: holds(.otherUser)))
  func anotherUserIsNotRootAndNotTheZygote() throws {
    for trial in ["signal", "root"] {
      #expect(try result(of: trial, within: [.otherUser])?.sentence == "\(Errno.notPermitted)")
      #expect(try result(of: trial, within: [])?.sentence == "allowed")
    }
  }

  @Test func limitsLeaveNoRoomForFilesAndProcesses() throws {
    #expect(try result(of: "open", within: [.limits])?.sentence == "\(Errno.tooManyOpenFiles)")
    #expect(try result(of: "socket", within: [.limits])?.sentence == "\(Errno.tooManyOpenFiles)")
    // Root is above the limit of processes (setrlimit(2)), so it takes another user as well.
    let fork = try result(of: "fork", within: [.limits, .otherUser])
    #expect(fork?.sentence == "\(Errno.resourceTemporarilyUnavailable)")
  }

  @Test func fileIsForReadingOnlyAndTheEnvironmentEmptyWithoutAnyLayer() throws {
    #expect(try result(of: "write", within: [])?.sentence == "\(Errno.badFileDescriptor)")
    #expect(try result(of: "environment", within: [])?.sentence == "empty")
  }

  @Test func layerThatIsMissingIsRefusedWhereItIsRequired() throws {
    for layer in Self.all where layer.isRequired && Self.holds(layer) {
      let failure = #expect(throws: DecodeFailure.self) {
        _ = try Decoder.onTrial(without: [layer], sandbox: .required)
      }
      #expect(failure?.kind == .unavailable && failure?.isCertain == false)
      #expect(failure?.sentence == "the decoder's jail is not complete: \(layer.name): missing (\(Errno.noFunction))")
    }
  }

  @Test func layerThatIsMissingIsReportedWhereItIsNotRequired() throws {
    for policy in [SandboxPolicy.bestEffort, .automatic] {
      let decoder = try Decoder.onTrial(without: [.landlock], sandbox: policy)
      #expect(decoder.jail[.landlock] == .missing(.noFunction) && decoder.jail.lacking.contains(.landlock))
      #expect(decoder.jail.description.contains("Landlock: missing"))
      #expect(try decoder.trial("environment").sentence == "empty")
    }
  }

  @Test func networkNamespaceIsNotRequired() throws {
    let decoder = try Decoder.onTrial(without: [.emptyNetwork])
    #expect(decoder.jail[.emptyNetwork] == .missing(.noFunction))
    #expect(!decoder.jail.lacking.contains(.emptyNetwork))
  }

  @Test func reportSurvivesThePipe() throws {
    var report = JailReport()
    (report[.limits], report[.otherUser], report.landlockVersion) = (.active, .notNeeded, 7)
    #expect(JailReport(report.bytes) == report && report.bytes.count == JailReport.byteCount)
    for count in 0..<report.bytes.count { #expect(JailReport(Array(report.bytes.prefix(count))) == nil) }
    var wrong = report.bytes
    wrong[0] = 9
    #expect(JailReport(wrong) == nil)
    #expect(report.active == [.limits])
    #expect(report.lacking == [.noNewPrivileges, .landlock, .seccomp])
  }
}

/// Children that go wrong: each ends its own job, and nothing else.
@Suite struct PlantedFaultTests {
  private let media: TestMedia
  private let decoder: Decoder

  init() throws {
    media = try TestMedia()
    decoder = try Decoder.onTrial()
  }

  @Test(arguments: [("crash", SIGSEGV), ("abort", SIGABRT), ("trap", trap), ("overflow", SIGSEGV)])
  func crashIsReportedWithItsSignal(_ trial: String, _ signal: CInt) throws {
    let failure = try decoder.trial(trial)
    #expect(failure.kind == .crashed(signal: signal), "\(failure)")
    #expect(!failure.isCertain)
  }

  /// How Swift's runtime ends a process.
  private static var trap: CInt {
    #if arch(arm64)
      SIGTRAP
    #else
      SIGILL
    #endif
  }

  @Test func childThatLeavesWithoutAWordIsReportedWithItsStatus() throws {
    #expect(try decoder.trial("leave").kind == .exited(status: 3))
  }

  @Test func endlessLoopIsEndedByTheLimitOfProcessorTime() throws {
    let failure = try decoder.trial("loop") { $0.cpuSeconds = 1 }
    #expect(failure.kind == .limitExceeded(.cpuTime) && !failure.isCertain)
    #expect(failure.sentence == "the decoder used more than 1 s of processor time")
  }

  @Test func endlessLoopIsEndedByTheWallClock() throws {
    let failure = try decoder.trial("loop") { $0.wallClock = .seconds(1) }
    #expect(failure.kind == .timedOut && !failure.isCertain)
    #expect(failure.sentence == "the decoder took longer than 1 s and was ended")
  }

  /// The child says nothing of its file, and would be waited for a minute.
  @Test func cancelEndsAnOpeningThatWaits() throws {
    let file = try FileDescriptor.open(FilePath("/proc/self/exe"), .readOnly)
    defer { try? file.close() }
    do {
      _ = try decoder.open(file.rawValue, DecodeRequest(language: "loop")) { canceller in
        Thread.detachNewThread { canceller.cancel() }
      }
      Issue.record("it was opened")
    } catch { #expect(error.kind == .cancelled) }
  }

  /// Twelve blocks of 16384 samples at 48 kHz are four seconds and a bit.
  @Test func halfOfWhatWasDecodedComesToTheWallClock() throws {
    let failure = try decoder.trial("stall") { $0.wallClock = .seconds(1) }
    #expect(failure.kind == .timedOut && !failure.isCertain)
    #expect(failure.sentence == "the decoder took longer than 3 s and was ended")
  }

  @Test func memoryEndsAtTheLimit() throws {
    #expect(try decoder.trial("allocate") { $0.addressSpace = 64 << 20 }.kind == .limitExceeded(.memory))
  }

  @Test(arguments: ["noise", "progress", "samples"])
  func floodOnThePipeIsStopped(_ trial: String) throws {
    let before = try residentMemory()
    let failure = try decoder.trial(trial) { $0.maximumDuration = .seconds(60) }
    guard case .violatedProtocol = failure.kind else {
      Issue.record("\(failure)")
      return
    }
    #expect(failure.isCertain)
    // Other tests run in this process at the same time; a flood would be gigabytes.
    #expect(try residentMemory() - before < 512 << 20)
  }

  @Test func faultEndsItsOwnJobOnly() throws {
    let ordinary = try Decoder.underTest()
    let path = try media.silence("long.wav", seconds: 600)
    var session = try ordinary.open(path: path)
    let zygote = decoder.zygoteProcess
    for trial in ["crash", "noise", "allocate", "leave"] { _ = try decoder.trial(trial) { $0.addressSpace = 64 << 20 } }
    #expect(decoder.zygoteProcess == zygote)
    var block = PCMBlock()
    while true {
      guard case .end(let summary) = try session.next(&block) else { continue }
      #expect(summary.samples == 600 * 44100)
      return
    }
  }

  /// Bytes that this process holds in memory: the second number of statm counts pages (proc(5)).
  private func residentMemory() throws -> Int {
    let statm = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
    return try #require(Int(statm[1])) * sysconf(CInt(_SC_PAGESIZE))
  }
}

extension Decoder {
  /// A decoder whose children misbehave, in a jail without these layers.
  static func onTrial(without layers: [JailLayer] = [], sandbox: SandboxPolicy = .automatic) throws -> Decoder {
    let tests = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
    let program = tests.deletingLastPathComponent().appending(path: "DecoderTrials")
    let arguments = [DecoderZygote.command] + layers.map { "\($0)" }
    return try Decoder(executable: FilePath(program.path), arguments: arguments, sandbox: sandbox)
  }

  /// How a child ends that does this.
  func trial(_ what: String, _ limit: (inout DecodeLimits) -> Void = { _ in }) throws -> DecodeFailure {
    var request = DecodeRequest(language: what)
    limit(&request.limits)
    return try #require(failure("/proc/self/exe", request))
  }
}

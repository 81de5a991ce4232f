import Foundation
import Glibc
import Testing

@testable import Decoder

/// What a process holds that decodes a file, as the system shows it.
extension JailTests {
  @Test(.enabled(if: Decoder.seesTheJailed))
  func childHoldsItsTwoDescriptorsAndNoMore() throws {
    let (first, firstChild) = try decoder.running(long)
    let (second, secondChild) = try decoder.running(long)
    for child in [firstChild, secondChild] {
      let targets = try descriptors(of: child)
      #expect(targets.count == 2)
      #expect(targets.contains { $0 == long } && targets.contains { $0.hasPrefix("pipe:") })
    }
    // The second child, forked while the first ran, does not keep the first one's pipe open.
    kill(firstChild, SIGKILL)
    #expect(first.failure()?.kind == .crashed(signal: SIGKILL))
    second.canceller.cancel()
  }

  @Test(.enabled(if: Decoder.seesTheJailed))
  func childHasGivenUpWhatItCan() throws {
    let (session, child) = try decoder.running(long)
    let status = try String(contentsOfFile: "/proc/\(child)/status", encoding: .utf8)
    let environment = try Data(contentsOf: URL(filePath: "/proc/\(child)/environ"))
    #expect(status.contains("NoNewPrivs:\t1") && status.contains("Threads:\t1") && status.contains("Groups:\t \n"))
    for set in ["CapInh", "CapPrm", "CapEff", "CapAmb"] { #expect(status.contains("\(set):\t0000000000000000\n")) }
    #expect(status.contains("Seccomp:\t2\n") == (decoder.jail[.seccomp] == .active), "2 is a filter (proc(5))")
    #expect(environment.isEmpty)
    session.canceller.cancel()
  }

  @Test(.enabled(if: Decoder.seesTheJailed))
  func childIsLimitedAsItsRequestSays() throws {
    let (session, child) = try decoder.running(long)
    for name in ["Max open files", "Max file size", "Max core file size", "Max processes"] {
      #expect(try limits(name, of: child) == [0, 0], "\(name)")
    }
    let defaults = DecodeLimits()
    #expect(try limits("Max cpu time", of: child) == [defaults.cpuSeconds, defaults.cpuSeconds + 1])
    // Beyond the libraries, which the zygote has loaded and little else.
    let zygote = try String(contentsOfFile: "/proc/\(decoder.zygoteProcess)/statm", encoding: .utf8)
    let libraries = try #require(zygote.split(separator: " ").first.flatMap { Int($0) }) * sysconf(CInt(_SC_PAGESIZE))
    for limit in try limits("Max address space", of: child) {
      #expect(abs(limit - defaults.addressSpace - libraries) < 16 << 20)
    }
    session.canceller.cancel()
  }

  /// The soft and the hard limit of this name in /proc/N/limits.
  private func limits(_ name: String, of process: CInt) throws -> [Int] {
    let text = try String(contentsOfFile: "/proc/\(process)/limits", encoding: .utf8)
    let line = try #require(text.split(separator: "\n").first { $0.hasPrefix(name) })
    return line.dropFirst(26).split(separator: " ").prefix(2).compactMap { Int($0) }
  }

  @Test(.enabled(if: Decoder.seesTheJailed))
  func childrenAreUsersThatNobodyElseIs() throws {
    let (first, firstChild) = try decoder.running(long)
    let (second, secondChild) = try decoder.running(long)
    let users = try [firstChild, secondChild].map { try user($0) }
    #expect(users.allSatisfy { $0 != 0 } && users[0] != users[1], "\(users)")
    for session in [first, second] { session.canceller.cancel() }
  }

  /// The user as which a process acts, where it has no other one.
  private func user(_ process: CInt) throws -> Int {
    let status = try String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)
    let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("Uid:") })
    let numbers = Set(line.split(separator: "\t").dropFirst().compactMap { Int($0) })
    try #require(numbers.count == 1, "\(line)")
    return numbers.first ?? 0
  }

  @Test func eachFileHasAChildOfItsOwnThatEndsWithIt() throws {
    var seen: Set<CInt> = []
    for _ in 0..<5 {
      let (session, child) = try decoder.running(long)
      #expect(seen.insert(child).inserted && decoder.children == [child])
      session.canceller.cancel()
      #expect(session.canceller.job.waitForEnding(seconds: 10) == .killed(signal: SIGKILL))
      while !decoder.children.isEmpty { sched_yield() }
    }
  }
}

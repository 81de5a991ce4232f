import Foundation
import Glibc
import SystemPackage
import Testing

@testable import Decoder

/// The processes: what they hold, how they end, and what their service makes of it.
@Suite struct JailTests {
  let media: TestMedia
  let long: String
  let decoder: Decoder

  init() throws {
    media = try TestMedia()
    long = try media.silence("long.wav", seconds: 3600)
    decoder = try Decoder.underTest()
  }

  @Test func crashOfTheChildIsReportedWithItsSignal() throws {
    let (session, child) = try decoder.running(long)
    kill(child, SIGSEGV)
    let failure = session.failure()
    #expect(failure?.kind == .crashed(signal: SIGSEGV))
    #expect(failure?.sentence == "the decoder was killed by signal 11 (SIGSEGV)" && failure?.isCertain == false)
    #expect(session.failure() == failure)
  }

  @Test func memoryKillIsWorthAnotherTry() throws {
    let (session, child) = try decoder.running(long)
    kill(child, SIGKILL)
    let failure = session.failure()
    #expect(failure?.kind == .crashed(signal: SIGKILL) && failure?.isCertain == false)
  }

  @Test func childThatIsStuckRunsOutOfTime() throws {
    var request = DecodeRequest()
    request.limits.wallClock = .seconds(2)
    let (session, child) = try decoder.running(long, request)
    kill(child, SIGSTOP)
    // Half of what was decoded comes to the two seconds: about three seconds of audio are in the pipe.
    let failure = session.failure()
    #expect(failure?.kind == .timedOut && failure?.isCertain == false)
    #expect(session.canceller.job.waitForEnding(seconds: 10) == .killed(signal: SIGKILL))
  }

  @Test func readerThatIsSlowCostsTheChildNoTime() throws {
    var request = DecodeRequest()
    request.limits.wallClock = .milliseconds(900)
    let path = try media.silence("short.wav", seconds: 30)
    var session = try decoder.open(path: path, request)
    // The child fills the pipe and waits for us. No event tells of time that is not spent.
    usleep(1_000_000)
    var block = PCMBlock()
    while case .samples = try session.next(&block) {}
  }

  @Test func cancelEndsAReaderThatWaits() throws {
    let (session, child) = try decoder.running(long)
    kill(child, SIGSTOP)
    let canceller = session.canceller
    let thread = ThreadHandle { canceller.cancel() }
    #expect(session.failure()?.kind == .cancelled)
    thread?.join()
    #expect(canceller.job.waitForEnding(seconds: 10) == .killed(signal: SIGKILL))
  }

  @Test func droppedSessionLeavesNoChild() throws {
    let canceller: DecodeCanceller
    do {
      let session = try decoder.open(path: long)
      canceller = session.canceller
    }
    // By the order to kill, or by SIGPIPE since nobody reads any more.
    guard case .killed = canceller.job.waitForEnding(seconds: 10) else {
      Issue.record("the child goes on")
      return
    }
    #expect(decoder.children.isEmpty)
  }

  @Test func deadZygoteIsReplacedAndItsChildrenDieWithIt() throws {
    let (session, child) = try decoder.running(long)
    let old = decoder.zygoteProcess
    kill(old, SIGKILL)
    let failure = session.failure()
    #expect(failure?.kind == .unavailable && failure?.isCertain == false)
    let decoded = try decoder.decode(try media.silence("next.wav", seconds: 1))
    #expect(decoded.left.count == 44100)
    #expect(decoder.zygoteProcess != old)
    #expect(kill(child, 0) == -1 || isZombie(child))
  }

  @Test func decoderOpensAgainAfterShutdown() throws {
    let (session, _) = try decoder.running(long)
    decoder.shutdown()
    #expect(session.failure()?.kind == .unavailable)
    #expect(try decoder.decode(try media.silence("next.wav", seconds: 1)).left.count == 44100)
  }

  @Test(.enabled(if: Decoder.seesTheJailed))
  func sessionsLeaveNothingBehind() throws {
    let short = try media.silence("short.wav", seconds: 1)
    let text = try media.write("text.txt", Array("no media".utf8))
    _ = try decoder.decode(short)
    let zygoteBefore = try descriptors(of: decoder.zygoteProcess).count
    var pipes: Set<String> = []
    for round in 0..<200 {
      switch round % 4 {
      case 0: #expect(decoder.failure(text)?.kind == .notMedia)
      case 1:
        let (session, child) = try decoder.running(long)
        pipes.formUnion(try descriptors(of: child).filter { $0.hasPrefix("pipe:") })
        session.canceller.cancel()
        _ = session.canceller.job.waitForEnding(seconds: 10)
      default: #expect(try decoder.decode(short).summary.samples == 44100)
      }
    }
    let last = try decoder.open(path: short).canceller
    _ = last.job.waitForEnding(seconds: 10)
    while !decoder.children.isEmpty { sched_yield() }
    #expect(pipes.count == 50)
    // Of other tests, which run at the same time in this process, nothing is known.
    #expect(try pipes.isDisjoint(with: descriptors(of: getpid())))
    #expect(try !descriptors(of: getpid()).contains(text))
    #expect(try descriptors(of: decoder.zygoteProcess).count == zygoteBefore)
  }

  @Test func processorTimeIsLimited() throws {
    var request = DecodeRequest(rate: 48000)
    request.limits.cpuSeconds = 1
    #expect(decoder.failure(long, request)?.kind == .limitExceeded(.cpuTime))
  }

  /// A file with a picture of some megabytes, which the decoder must hold.
  private func fileWithALargePicture() throws -> String {
    let noise = "nullsrc=s=1300x1300:d=0.04,geq=r='random(1)*255':g='random(2)*255':b='random(3)*255'"
    let cover = try media.make("c.png", "-f", "lavfi", "-i", noise, "-frames:v", "1")
    return try media.make(
      "a.flac", "-f", "lavfi", "-i", "sine=d=1", "-i", cover, "-map", "0", "-map", "1", "-c:v", "copy",
      "-disposition:v", "attached_pic")
  }

  @Test func largestPieceOfMemoryIsLimited() throws {
    let path = try fileWithALargePicture()
    var request = DecodeRequest()
    request.limits.allocation = 1 << 20
    let failure = decoder.failure(path, request)
    #expect(failure?.kind == .limitExceeded(.memory) && failure?.isCertain == true, "\(String(describing: failure))")
    #expect(decoder.failure(path) == nil)
  }

  @Test func memoryIsLimited() throws {
    let path = try fileWithALargePicture()
    var request = DecodeRequest()
    request.limits.addressSpace = 1 << 20
    let failure = decoder.failure(path, request)
    // Who first runs short decides: libav* says so, Swift's runtime traps.
    switch failure?.kind {
    case .limitExceeded(.memory): #expect(failure?.isCertain == true)
    case .crashed: break
    default: Issue.record("\(String(describing: failure))")
    }
    #expect(decoder.failure(path) == nil)
  }

  @Test func lengthIsLimited() throws {
    var request = DecodeRequest()
    request.limits.maximumDuration = .seconds(20)
    let failure = decoder.failure(long, request)
    #expect(failure?.kind == .limitExceeded(.duration) && failure?.isCertain == true)
  }

  @Test func onlyARegularFileOpenedForReadingIsTaken() throws {
    let writable = unsafe open(long, O_RDWR)
    defer { close(writable) }
    var pipe: [CInt] = [0, 0]
    _ = unsafe Glibc.pipe(&pipe)
    defer { for descriptor in pipe { close(descriptor) } }
    for (descriptor, kind) in [(writable, DecodeFailure.Kind.unavailable), (pipe[0], .notMedia), (-1, .unavailable)] {
      let failure = #expect(throws: DecodeFailure.self) { _ = try decoder.open(descriptor, DecodeRequest()) }
      #expect(failure?.kind == kind)
    }
  }

  @Test func programThatIsNotThereIsUnavailable() {
    #expect(throws: DecodeFailure.self) { _ = try Decoder(executable: "/nowhere/mp3spool") }
  }

  private func isZombie(_ process: CInt) -> Bool {
    let status = try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)
    return status?.contains("State:\tZ") ?? true
  }
}

import NIOCore
import NIOHTTP2
import Testing

@testable import WebServer

@Suite struct HTTP2SessionTests {
  private let limits = ClientLimits(
    head: .seconds(15), body: .seconds(60), idle: .seconds(70), write: .seconds(80), connections: 1,
    connectionsPerAddress: 0)

  private static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

  private func at(_ seconds: Int64) -> NIODeadline { .uptimeNanoseconds(0) + .seconds(1000 + seconds) }

  private static func frame(_ type: UInt8, _ flags: UInt8, stream: UInt8, _ payload: [UInt8] = []) -> [UInt8] {
    [0, UInt8(payload.count >> 8), UInt8(payload.count & 255), type, flags, 0, 0, 0, stream] + payload
  }

  private func view(_ bytes: [UInt8]) -> ByteBufferView { ByteBuffer(bytes: bytes).readableBytesView }

  /// A connection whose client has said its preface at second 0.
  private func session() -> HTTP2Session {
    var session = HTTP2Session(limits: limits, now: at(0))
    session.tookBytes(view(Self.preface + Self.frame(4, 0, stream: 0)), at: at(0))
    return session
  }

  // MARK: - Frames

  /// Of each frame: what it is, and whether something is awaited once it is there.
  @Test func framesAreFoundHoweverTheyAreCut() {
    let parts: [(bytes: [UInt8], isUnfinished: Bool)] = [
      (Self.preface, true), (Self.frame(4, 0, stream: 0, [0, 3, 0, 0, 0, 9]), false),
      (Self.frame(1, 4, stream: 1, [1, 2, 3]), false), (Self.frame(1, 0, stream: 3, [1]), true),
      (Self.frame(9, 0, stream: 3), true), (Self.frame(9, 4, stream: 3, [7]), false),
      (Self.frame(0, 0, stream: 1, Array(repeating: 4, count: 1000)), false), (Self.frame(0, 1, stream: 1), false),
    ]
    for size in [1, 2, 7, 9, 24, 5000] {
      var frames = HTTP2Frames()
      for part in parts {
        var rest = part.bytes[...]
        while !rest.isEmpty {
          _ = frames.take(view(Array(rest.prefix(size))))
          rest = rest.dropFirst(size)
        }
        #expect(frames.isUnfinished == part.isUnfinished, "\(size): \(part)")
      }
    }
  }

  @Test func theBytesOfABodyMayTakeTheirTime() {
    var session = session()
    _ = session.streamOpened(1, at: at(1))
    session.tookBytes(view([0, 1, 0]), at: at(2))
    #expect(session.deadline == at(17))
    session.tookBytes(view([0, 0, 0, 0, 0, 1, 42]), at: at(3))
    #expect(session.deadline == nil)
  }

  // MARK: - Time

  @Test func aClientThatSaysNothingIsTooLate() {
    var session = HTTP2Session(limits: limits, now: at(0))
    session.tookBytes(view(Self.preface), at: at(10))
    #expect(session.deadline == at(15))
    let step = session.expire(at: at(15))
    #expect(step == .close)
  }

  @Test func aHeadMustEnd() {
    var session = session()
    _ = session.streamOpened(1, at: at(1))
    session.tookBytes(view(Self.frame(1, 0, stream: 3, [1])), at: at(2))
    for second in 3..<17 { session.tookBytes(view(Self.frame(9, 0, stream: 3, [1])), at: at(Int64(second))) }
    #expect(session.deadline == at(17))
    let step = session.expire(at: at(17))
    #expect(step == .close)
  }

  @Test func whatPingsWithoutAStreamIsIdle() {
    var session = session()
    for second in 1..<70 { session.tookBytes(view(Self.frame(6, 0, stream: 0)), at: at(Int64(second))) }
    #expect(session.deadline == at(70))
    let step = session.expire(at: at(70))
    #expect(step == .sayGoodbye)
    session.saidGoodbye(at: at(70))
    #expect(session.deadline == at(72))
    let last = session.expire(at: at(72))
    #expect(last == .close)
  }

  @Test func idlenessBeginsWithTheEndOfTheLastStream() {
    var session = session()
    _ = session.streamOpened(1, at: at(1))
    _ = session.streamOpened(3, at: at(1))
    session.streamClosed(1, at: at(100))
    #expect(session.deadline == nil)
    session.streamClosed(3, at: at(200))
    #expect(session.deadline == at(270))
  }

  // MARK: - Ends

  @Test func aStopWaitsForAFirstRequestAndItsAnswer() {
    var session = session()
    var step = session.stop(at: at(1))
    #expect(step == .nothing && session.deadline == at(3))
    step = session.streamOpened(1, at: at(2))
    #expect(step == .sayGoodbye)
    session.saidGoodbye(at: at(2))
    #expect(session.deadline == nil)
    session.streamClosed(1, at: at(50))
    #expect(session.deadline == at(52))
  }

  @Test func aStopOfAKnownClientIsSaidAtOnce() {
    var session = session()
    _ = session.streamOpened(1, at: at(1))
    session.streamClosed(1, at: at(2))
    let step = session.stop(at: at(3))
    #expect(step == .sayGoodbye)
  }

  @Test func streamsLongAfterTheGoodbyeHoldNothing() {
    var session = session()
    _ = session.streamOpened(1, at: at(1))
    session.saidGoodbye(at: at(2))
    _ = session.streamOpened(3, at: at(3))
    session.streamClosed(1, at: at(4))
    #expect(session.deadline == nil)
    _ = session.streamOpened(5, at: at(9))
    session.streamClosed(3, at: at(10))
    #expect(session.deadline == at(12))
  }

  @Test func aBrokenConnectionGetsAMoment() {
    var session = session()
    _ = session.streamOpened(1, at: at(1))
    session.broke(at: at(5))
    #expect(session.deadline == at(7))
    let step = session.expire(at: at(7))
    #expect(step == .close)
  }
}

import NIOCore
import NIOHTTP1
import Testing

@testable import WebServer

@Suite struct ClientEndTests {
  @Test func clientThatWentAwayIsNoFaultOfTheService() {
    let ends: [any Error] = [
      HTTPParserError.invalidEOFState, ChannelError.ioOnClosedChannel, ChannelError.eof, CancellationError(),
      IOError(errnoCode: 104, reason: "connection reset"), IOError(errnoCode: 32, reason: "broken pipe"),
    ]
    for end in ends { #expect(ClientEnd.isCause(of: end), "\(end)") }
  }

  @Test func faultOfTheServiceIsNoClientsEnd() {
    struct Other: Error {}
    let faults: [any Error] = [
      IOError(errnoCode: 28, reason: "no space"), IOError(errnoCode: 5, reason: "a bad disk"),
      ChannelError.connectPending, Other(),
    ]
    for fault in faults { #expect(!ClientEnd.isCause(of: fault), "\(fault)") }
  }
}

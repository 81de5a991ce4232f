import NIOCore
import Testing

@testable import WebServer

@Suite struct ExchangeTests {
  private let limits = ClientLimits(
    head: .seconds(15), body: .seconds(60), idle: .seconds(70), write: .seconds(80), connections: 1,
    connectionsPerAddress: 0)

  private func at(_ seconds: Int64) -> NIODeadline { .uptimeNanoseconds(0) + .seconds(1000 + seconds) }

  private func connection() -> Exchange { Exchange(limits: limits, now: at(0)) }

  /// A connection at second 0 whose request has come up to the head's end.
  private func request() -> Exchange {
    var exchange = connection()
    exchange.awaitBytes(at: at(0))
    exchange.tookBytes(at: at(0))
    exchange.headCame()
    exchange.awaitBytes(at: at(0))
    return exchange
  }

  // MARK: - Time

  @Test func anIdleConnectionIsClosed() {
    var exchange = connection()
    exchange.awaitBytes(at: at(0))
    #expect(exchange.deadline == at(70))
    var step = exchange.expire(at: at(69))
    #expect(step == .nothing)
    step = exchange.expire(at: at(70))
    #expect(step == .close)
  }

  @Test func aHeadThatDripsIsTooSlow() {
    var exchange = connection()
    for second in 10..<25 {
      exchange.awaitBytes(at: at(Int64(second)))
      exchange.tookBytes(at: at(Int64(second)))
    }
    exchange.awaitBytes(at: at(25))
    #expect(exchange.deadline == at(25))
    let step = exchange.expire(at: at(25))
    #expect(step == .refuse(.tooSlow))
  }

  @Test func aBodyMayPauseButNotForLong() {
    var exchange = request()
    exchange.bodyCame(1 << 20, at: at(50))
    exchange.awaitBytes(at: at(50))
    #expect(exchange.deadline == at(110))
    let step = exchange.expire(at: at(110))
    #expect(step == .refuse(.tooSlow))
  }

  @Test func aBodyThatDripsIsTooSlowOnTheWhole() {
    var exchange = request()
    var step = Exchange.Step.nothing
    for second in stride(from: Int64(10), through: 60, by: 10) {
      step = exchange.expire(at: at(second))
      #expect(step == .nothing)
      exchange.bodyCame(10, at: at(second))
      exchange.awaitBytes(at: at(second))
    }
    step = exchange.expire(at: at(61))
    #expect(step == .refuse(.tooSlow))
  }

  @Test func timeInWhichNothingIsReadIsNotTheClients() {
    var exchange = request()
    exchange.bodyCame(1024, at: at(1))
    #expect(exchange.deadline == nil)
    exchange.awaitBytes(at: at(1000))
    #expect(exchange.deadline == at(1060))
  }

  @Test func anAnswerThatNobodyTakesEndsTheConnection() {
    var exchange = request()
    exchange.requestEnded(at: at(1))
    #expect(exchange.deadline == nil)
    _ = exchange.answerBegins()
    exchange.writes(at: at(5))
    exchange.writes(at: at(6))
    exchange.wrote(at: at(7))
    #expect(exchange.deadline == at(87))
    let step = exchange.expire(at: at(87))
    #expect(step == .close)
  }

  // MARK: - Answers

  @Test func anAnswerToAWholeRequestLeavesTheConnection() {
    var exchange = request()
    exchange.requestEnded(at: at(1))
    let ends = exchange.answerBegins()
    #expect(!ends)
    let step = exchange.answerEnded(at: at(2))
    #expect(step == .nothing)
    #expect(exchange.deadline == at(72))
  }

  @Test func anAnswerBeforeTheEndOfItsRequestEndsTheConnection() {
    var exchange = request()
    let ends = exchange.answerBegins()
    #expect(ends)
    let step = exchange.answerEnded(at: at(2))
    #expect(step == .linger)
  }

  @Test func anAnswerToAnEarlierRequestDoesNot() {
    var exchange = request()
    exchange.requestEnded(at: at(1))
    exchange.headCame()
    expectOnlyTheSecondAnswerToEnd(&exchange)
  }

  private func expectOnlyTheSecondAnswerToEnd(_ exchange: inout Exchange) {
    var ends = exchange.answerBegins()
    #expect(!ends)
    var step = exchange.answerEnded(at: at(2))
    #expect(step == .nothing)
    ends = exchange.answerBegins()
    #expect(ends)
    step = exchange.answerEnded(at: at(3))
    #expect(step == .linger)
  }

  @Test func theLastRequestsAnswerEndsTheConnection() {
    var exchange = request()
    exchange.requestEnded(at: at(1))
    exchange.requestWasLast()
    exchange.headCame()
    exchange.requestEnded(at: at(1))
    expectOnlyTheSecondAnswerToEnd(&exchange)
  }

  @Test func aRefusalWaitsForTheAnswersBeforeIt() {
    var exchange = request()
    exchange.requestEnded(at: at(1))
    var step = exchange.broke(.notHTTP)
    #expect(step == .nothing)
    _ = exchange.answerBegins()
    step = exchange.answerEnded(at: at(2))
    #expect(step == .refuse(.notHTTP))
  }

  @Test func aBrokenBodyIsRefusedInItsOwnRequestsPlace() {
    var exchange = request()
    var step = exchange.broke(.notHTTP)
    #expect(step == .refuse(.notHTTP))
    var answering = request()
    _ = answering.answerBegins()
    step = answering.broke(.notHTTP)
    #expect(step == .close)
  }

  @Test func lingeringBeginsWhenAllIsWritten() {
    var exchange = request()
    _ = exchange.answerBegins()
    exchange.writes(at: at(5))
    exchange.linger(at: at(5))
    #expect(exchange.deadline == at(85))
    exchange.wrote(at: at(30))
    #expect(exchange.deadline == at(32))
    let step = exchange.expire(at: at(32))
    #expect(step == .close)
  }
}

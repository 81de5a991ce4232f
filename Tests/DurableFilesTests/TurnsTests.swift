import Testing

@testable import DurableFiles

@Suite struct TurnsTests {
  @Test func aFloodOfOneKeyIsTurnedAway() async {
    let turns = Turns<Int>(waitingLimit: 3)
    #expect(await turns.enter(1))
    // The turn is held until 7 of 10 have been turned away, so exactly three wait.
    let admitted = await withTaskGroup { group in
      for _ in 0..<10 {
        group.addTask {
          guard await turns.enter(1) else { return false }
          turns.leave(1)
          return true
        }
      }
      var admitted: [Bool] = []
      for _ in 0..<7 { admitted.append(await group.next() ?? false) }
      turns.leave(1)
      return await group.reduce(into: admitted) { $0.append($1) }
    }
    #expect(admitted == Array(repeating: false, count: 7) + [true, true, true])
  }

  @Test func differentKeysDoNotWaitForOneAnother() async {
    let turns = Turns<Int>(waitingLimit: 0)
    for key in 0..<10 { #expect(await turns.enter(key)) }
    for key in 0..<10 { turns.leave(key) }
    #expect(await turns.enter(0))
  }
}

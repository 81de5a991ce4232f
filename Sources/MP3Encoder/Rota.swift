/// Whose work is next: the lanes that have work take turns, and in each lane the work goes in order.
///
/// A lane is one file's. Its outcomes wait here until they are fetched.
struct Rota<Work: Sendable, Outcome: Sendable>: Sendable {
  /// Names a lane. Never used again after the lane is closed.
  struct LaneID: Hashable, Sendable {
    fileprivate let number: Int
  }

  private struct Lane: Sendable {
    var waiting: [(key: Int, work: Work)] = []
    var outcomes: [Int: Outcome] = [:]
  }

  private var lanes: [LaneID: Lane] = [:]
  /// The lanes that have work waiting, the next one first.
  private var turns: [LaneID] = []
  private var opened = 0
  private var isEnding = false

  /// Work that a thread has taken.
  struct Turn: Sendable {
    let lane: LaneID
    let key: Int
    let work: Work
  }

  /// What a thread does next.
  enum Order: Sendable {
    case work(Turn)
    case goHome
  }

  mutating func open() -> LaneID {
    opened += 1
    let lane = LaneID(number: opened)
    lanes[lane] = Lane()
    return lane
  }

  /// Drops the lane with all its work and its outcomes. Work that a thread has taken may find out through `isOpen`.
  mutating func close(_ lane: LaneID) {
    lanes[lane] = nil
    turns.removeAll { $0 == lane }
  }

  func isOpen(_ lane: LaneID) -> Bool { lanes[lane] != nil }

  /// The number of open lanes.
  var laneCount: Int { lanes.count }

  mutating func submit(_ work: Work, as key: Int, to lane: LaneID) {
    precondition(lanes[lane] != nil, "the lane is closed")
    lanes[lane]?.waiting.append((key, work))
    if !turns.contains(lane) { turns.append(lane) }
  }

  /// The next order for an idle thread, or nil where there is nothing to do now.
  mutating func next() -> Order? {
    if isEnding { return .goHome }
    guard !turns.isEmpty else { return nil }
    let lane = turns.removeFirst()
    guard let next = lanes[lane]?.waiting.removeFirst() else { return nil }
    if lanes[lane]?.waiting.isEmpty == false { turns.append(lane) }
    return .work(Turn(lane: lane, key: next.key, work: next.work))
  }

  /// Keeps the outcome of `turn`, unless its lane was closed meanwhile.
  mutating func complete(_ turn: Turn, _ outcome: Outcome) {
    lanes[turn.lane]?.outcomes[turn.key] = outcome
  }

  /// Gives out the outcome of the work submitted as `key`, once it is there.
  mutating func fetch(_ key: Int, from lane: LaneID) -> Outcome? {
    lanes[lane]?.outcomes.removeValue(forKey: key)
  }

  /// Sends every thread home after the work that it has taken.
  mutating func end() { isEnding = true }
}

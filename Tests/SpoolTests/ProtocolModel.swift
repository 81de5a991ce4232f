import Foundation

@testable import Spool

/// Explores every state that one job can come to with two converters, those who take claims back, and a cleaner.
///
/// The adversary may: let anybody pause for ever at any step; take a living converter for dead at any time; carry a RENAME
/// out late, twice (a retransmission after the server forgot), or with its answer lost; answer a look with what was
/// true before.
final class ProtocolModel<Rules: ProtocolRules> {
  /// A RENAME on its way to the server.
  struct Request: Hashable {
    let source: Int
    /// nil: into the trash.
    let target: Int?
    /// Whose it is; nil for those of takers and cleaners, who believe nothing of the answer.
    let sender: Int?
  }

  let rules: Rules
  /// How often the job may go back to waiting; when it is taken back once more, it is given up.
  private let takeBacks: Int
  /// How many claims each converter may try.
  private let tries: Int

  private let job = JobID("01ARZ3NDEKTSV4RRFFQ69G5FAV")!
  private let owners = ["00000000-00000000-0000000a", "00000000-00000000-0000000b"].map { Incarnation($0)! }
  /// Drawn once, since states must be comparable: of each converter's claims, and of those who take back.
  private let numbers: [[ClaimNumber]]
  private let takers: [ClaimNumber]

  // States speak of all these by their numbers, so that they are small.
  private(set) var places = Numbering<Transition.Place>()
  private(set) var requests = Numbering<Request>()
  private(set) var claims = Numbering<Claim>()
  private var outputs = Numbering<ClaimNumber>()

  init(_ rules: Rules, takeBacks: Int, tries: Int) {
    self.rules = rules
    self.takeBacks = takeBacks
    self.tries = tries
    numbers = (0..<2).map { _ in (0..<tries).map { _ in rules.number(ClaimNumber()) } }
    takers = (0...takeBacks).map { _ in ClaimNumber() }
  }

  var initial: State {
    let place = places[Transition.Place(state: .waiting, name: .waiting(job, attempt: 0))]
    return State(place: place, names: Bits([place]))
  }

  /// The states that may follow, and which converter's step leads to each; nil where it is nobody's of the two.
  func successors(of state: State) -> [(state: State, actor: Int?)] {
    let own = state.converters.indices.flatMap { index in steps(of: index, in: state).map { ($0, Int?(index)) } }
    let others = (state.first + state.second).flatMap { executions(of: $0, in: state) }
    return own + (others + takingBack(in: state) + cleaning(in: state)).map { ($0, nil) }
  }

  func isEnd(_ state: State) -> Bool {
    state.place.map { [.done, .failed].contains(places[$0].state) } ?? true
  }

  /// The bounds, and not the protocol, may be what keeps a converter from going on.
  func hasTriesLeft(_ converter: State.Converter) -> Bool { converter.tries < tries - 1 }

  /// What is wrong with a state; nil where nothing is.
  func fault(of state: State) -> String? {
    if state.hasRepeatedName { return "a name came twice" }
    if state.ends > 1 { return "two results" }
    if state.hasPublishedRubbish { return "a result without its whole output" }
    if state.place == nil, state.ends == 0 { return "the job is lost" }
    let isDone = state.place.map { places[$0].state == .done } ?? true
    if !isDone, state.converters.contains(where: { $0.step == .succeeded }) {
      return "success was reported without a result"
    }
    return nil
  }

  // MARK: - The converters

  private func steps(of index: Int, in state: State) -> [State] {
    let converter = state.converters[index]
    switch converter.step {
    case .idle:
      guard let place = state.place.map({ places[$0] }), place.state == .waiting, converter.tries < tries else {
        return []
      }
      let number = numbers[index][converter.tries]
      let claim = Claim(job, attempt: place.name.attempt, owner: owners[index], number: number)
      return [begin(.claiming, of: claims[claim], index, state)]
    case .converting, .writing:
      guard let claim = converter.claim else { return [] }
      var state = state
      // Through a stale handle a former owner can still write into its own output, wherever the job is.
      if state.place != nil { state.write(outputs[claims[claim].number], isWhole: converter.step == .writing) }
      guard converter.step == .converting else { return [begin(.publishing, of: claim, index, state)] }
      state.converters[index].step = .writing
      return [state]
    case .claiming, .publishing: return looks(of: index, in: state)
    case .succeeded: return []
    }
  }

  private func begin(_ step: State.Step, of claim: Int, _ index: Int, _ state: State) -> State {
    var state = state
    var moving = rules.move(transition(step, claim))
    let action = moving.start()
    state.converters[index] = State.Converter(
      step: step, claim: claim, tries: state.converters[index].tries, moving: moving)
    return follow(action, index, state)
  }

  private func transition(_ step: State.Step, _ claim: Int) -> Transition {
    step == .claiming ? rules.claim(claims[claim]) : rules.publish(claims[claim])
  }

  /// Its rename was answered with an error, or is late: it looks, and a name that is there may be missed.
  private func looks(of index: Int, in state: State) -> [State] {
    let converter = state.converters[index]
    guard converter.isWaiting, let claim = converter.claim, let moving = converter.moving else { return [] }
    var asked = state
    asked.converters[index].isWaiting = false
    let refused = moving.renamed(successfully: false)
    guard refused == .look else { return [follow(refused, index, asked)] }
    let transition = transition(converter.step, claim)
    let sourceExists = state.place == places[transition.source]
    let targetExists = state.place == places[transition.target]
    return (targetExists ? [true, false] : [false]).map { targetIsSeen in
      var state = asked
      var moving = moving
      let action = moving.looked(sourceExists: sourceExists, targetExists: targetIsSeen)
      state.converters[index].moving = moving
      return follow(action, index, state)
    }
  }

  private func follow(_ action: Move.Action, _ index: Int, _ state: State) -> State {
    var state = state
    let converter = state.converters[index]
    switch action {
    case .rename:
      guard let claim = converter.claim else { return state }
      let transition = transition(converter.step, claim)
      let request = Request(source: places[transition.source], target: places[transition.target], sender: index)
      state.send(requests[request])
      state.converters[index].isWaiting = true
    case .look: break
    case .finished(.moved): state.converters[index].step = converter.step == .claiming ? .converting : .succeeded
    case .finished(.lost), .failed: state.converters[index] = State.Converter(tries: converter.tries + 1)
    }
    return state
  }

  // MARK: - The server, and the others

  /// The server carries a request out: its answer is lost, or comes to a sender that still waits for it.
  private func executions(of number: Int, in state: State) -> [State] {
    let request = requests[number]
    let isDone = state.place == request.source
    var executed = state
    executed.execute(number)
    if isDone { carryOut(request, &executed) }
    guard isDone, let index = request.sender, let claim = executed.converters[index].claim,
      executed.converters[index].isWaiting,
      places[transition(executed.converters[index].step, claim).target] == request.target,
      let action = executed.converters[index].moving?.renamed(successfully: true)
    else { return [executed] }
    var answered = executed
    answered.converters[index].isWaiting = false
    return [executed, follow(action, index, answered)]
  }

  private func carryOut(_ request: Request, _ state: inout State) {
    state.place = request.target
    guard let target = request.target else { return }
    if !state.names.insert(target) { state.hasRepeatedName = true }
    switch places[target].state {
    case .waiting, .active: return
    case .failed: state.ends += 1
    case .done:
      state.ends += 1
      guard case .ended(_, _, let number) = places[target].name, state.isWhole(outputs[number]) else {
        state.hasPublishedRubbish = true
        return
      }
    }
  }

  private func takingBack(in state: State) -> [State] {
    guard let place = state.place.map({ places[$0] }), place.state == .active, let claim = Claim(place.name) else {
      return []
    }
    // As many as make the next failure the last, where the bound is reached.
    let count = claim.attempt < takeBacks ? 0 : Verdict.attempts
    let earlier = Array(repeating: JobFailure.converterDied, count: count)
    guard let transition = rules.takeBack(claim, takers[min(claim.attempt, takeBacks)], earlier: earlier) else {
      return []
    }
    let request = Request(source: places[transition.source], target: places[transition.target], sender: nil)
    var state = state
    guard state.send(requests[request]) else { return [] }
    if rules.clearsOutputFirst { state.clear(outputs[claim.number]) }
    return [state]
  }

  private func cleaning(in state: State) -> [State] {
    guard let place = state.place, places[place].state == .done else { return [] }
    var state = state
    return state.send(requests[Request(source: place, target: nil, sender: nil)]) ? [state] : []
  }
}

extension ProtocolModel {
  /// What the job, the converters and the network are at.
  struct State: Hashable {
    enum Step: Hashable { case idle, claiming, converting, writing, publishing, succeeded }

    struct Converter: Hashable {
      var step = Step.idle
      var claim: Int?
      var tries = 0
      var moving: Rules.Moving?
      /// The answer of its rename is due.
      var isWaiting = false
    }

    /// Where the job is; nil once it was cleaned away.
    var place: Int?
    /// The names that the job has had: none may come again.
    var names: Bits
    var hasRepeatedName = false
    /// How many RENAMEs ended the job.
    var ends = 0
    var hasPublishedRubbish = false
    var converters = [Converter(), Converter()]
    /// Requests that were not carried out yet, and those that may be carried out once more.
    private(set) var first = Bits()
    private(set) var second = Bits()
    private var partOutputs = Bits()
    private var wholeOutputs = Bits()

    init(place: Int, names: Bits) { (self.place, self.names) = (place, names) }

    /// - Returns: false where it is on its way already.
    @discardableResult mutating func send(_ request: Int) -> Bool { first.insert(request) }

    mutating func execute(_ request: Int) {
      if first.remove(request) { second.insert(request) } else { second.remove(request) }
    }

    mutating func write(_ output: Int, isWhole: Bool) {
      clear(output)
      if isWhole { wholeOutputs.insert(output) } else { partOutputs.insert(output) }
    }

    mutating func clear(_ output: Int) {
      wholeOutputs.remove(output)
      partOutputs.remove(output)
    }

    func isWhole(_ output: Int) -> Bool { wholeOutputs.contains(output) }
  }
}

/// Gives each value the next number when it is first met.
struct Numbering<Value: Hashable> {
  private var numbers: [Value: Int] = [:]
  private var values: [Value] = []

  subscript(value: Value) -> Int {
    mutating get {
      if let number = numbers[value] { return number }
      numbers[value] = values.count
      values.append(value)
      return values.count - 1
    }
  }

  subscript(number: Int) -> Value { values[number] }
}

/// A set of numbers below 64.
struct Bits: Hashable {
  private var word: UInt64 = 0

  init(_ numbers: [Int] = []) { for number in numbers { insert(number) } }

  func contains(_ number: Int) -> Bool { word & (1 << UInt64(number)) != 0 }

  /// - Returns: false where it was there.
  @discardableResult mutating func insert(_ number: Int) -> Bool {
    precondition(number < 64)
    defer { word |= 1 << UInt64(number) }
    return !contains(number)
  }

  /// - Returns: false where it was not there.
  @discardableResult mutating func remove(_ number: Int) -> Bool {
    defer { word &= ~(1 << UInt64(number)) }
    return contains(number)
  }

  static func + (one: Bits, other: Bits) -> [Int] {
    let union = one.word | other.word
    return (0..<64).filter { union & (1 << UInt64($0)) != 0 }
  }
}

import DurableFiles
import Testing

@testable import Spool

/// The protocol, explored exhaustively within bounds: every interleaving, with the spool's own decisions.
@Suite struct ProtocolModelTests {
  /// On a thread of its own: it computes for long, and other tests wait for things to happen meanwhile.
  private func explore<Rules: ProtocolRules & Sendable>(
    _ rules: Rules, takeBacks: Int, tries: Int
  ) async -> Exploration {
    await BlockingThreads.run { Exploration(of: ProtocolModel(rules, takeBacks: takeBacks, tries: tries)) }
  }

  @Test func noJobIsLostOrDoneTwice() async {
    let found = await explore(RealRules(), takeBacks: 1, tries: 1)
    #expect(found.fault == nil)
    #expect(found.stuck == 0)
    #expect(found.states > 1000, "an explorer that goes nowhere proves nothing")
    print("the protocol was explored in \(found.states) states")
  }

  /// A model that finds nothing wrong with a wrong protocol would prove nothing of the right one.
  @Test func eachMutantIsCaught() async {
    #expect(await explore(OneOutputForAll(), takeBacks: 1, tries: 1).fault == "a result without its whole output")
    #expect(await explore(OneNameForAllAttempts(), takeBacks: 1, tries: 1).fault == "a name came twice")
    #expect(await explore(ClearingTakers(), takeBacks: 1, tries: 1).fault == "a result without its whole output")
    #expect(await explore(SourceAsWitness(), takeBacks: 1, tries: 1).fault == "success was reported without a result")
    #expect(await explore(Trusting(), takeBacks: 1, tries: 1).fault == "success was reported without a result")
    let abandoned = await explore(NobodyTakesBack(), takeBacks: 1, tries: 2)
    #expect(abandoned.fault == nil && abandoned.stuck > 0)
  }
}

/// What a walk through all states of a model found.
private struct Exploration: Sendable {
  private(set) var states = 0
  /// The first that was found.
  private(set) var fault: String?
  /// States from which the job cannot come to an end when one converter stops for ever and all others go on.
  private(set) var stuck = 0

  private typealias Edge = (target: Int32, actor: Int8)

  init<Rules: ProtocolRules>(of model: ProtocolModel<Rules>) {
    var indices = [model.initial: 0]
    var found = [model.initial]
    var edges: [[Edge]] = []
    while edges.count < found.count, fault == nil {
      let state = found[edges.count]
      fault = model.fault(of: state)
      edges.append(
        model.successors(of: state).map { next in
          let index = indices[next.state] ?? found.count
          if index == found.count {
            indices[next.state] = index
            found.append(next.state)
          }
          return (Int32(index), Int8(next.actor ?? -1))
        })
    }
    states = found.count
    guard fault == nil else { return }
    stuck = [0, 1].map { Self.stuck(model, found, edges, without: $0) }.reduce(0, +)
  }

  /// From how many states can the job not come to its end by steps of others than the converter `stopped`, although the
  /// bounds of the exploration leave them some?
  private static func stuck<Rules: ProtocolRules>(
    _ model: ProtocolModel<Rules>, _ states: [ProtocolModel<Rules>.State], _ edges: [[Edge]], without stopped: Int
  ) -> Int {
    var predecessors = [[Int32]](repeating: [], count: states.count)
    for (index, targets) in edges.enumerated() {
      for edge in targets where edge.actor != stopped { predecessors[Int(edge.target)].append(Int32(index)) }
    }
    var canEnd = states.map(model.isEnd)
    var open = canEnd.indices.filter { canEnd[$0] }
    while let index = open.popLast() {
      for predecessor in predecessors[index] where !canEnd[Int(predecessor)] {
        canEnd[Int(predecessor)] = true
        open.append(Int(predecessor))
      }
    }
    return states.indices.count { !canEnd[$0] && model.hasTriesLeft(states[$0].converters[1 - stopped]) }
  }
}

import Testing

@testable import SpoolTrials

/// Invariants 1 to 5, 8 and 11, tried out: each step is killed, refused or answered wrongly at each of its calls in the
/// spool; then the next process recovers.
@Suite struct StepTests {
  @Test(arguments: Self.steps, Self.kinds)
  func aFaultAtAnyCallCostsNoJobAndDoublesNone(_ step: Step, _ kind: Fault.Kind) async throws {
    let points = try await step.points().filter { $0.admits(kind) }
    for point in Extent.asked == .short ? points.spread(over: 8) : points {
      try await StepTrial(step, Fault(kind: kind, point: point)).run()
      Tally.count(kind.trouble, of: step.rawValue)
    }
  }

  @Test(arguments: Step.allCases)
  func withoutAFaultTheStepIsDone(_ step: Step) async throws { try await StepTrial(step).run() }

  private static let steps = Extent.isSuite ? Step.allCases : [.enqueue, .claim, .publish]

  private static let kinds: [Fault.Kind] =
    switch Extent.asked {
    case .usual: [.kill, .ioError]
    case .short: [.kill, .ioError, .noSpace, .lost]
    case .long: [.kill, .lost] + Fault.Kind.errors
    }
}

extension Step {
  /// The calls that are this step's own, of one run without a fault.
  func points() async throws -> [FaultPoint] {
    let (ground, groundwork) = (try Ground(), try Ground())
    try prepare(ground)
    _ = try await ground.take(self)
    if let step = self.groundwork { _ = try await groundwork.take(step) }
    let own = try ground.points().dropFirst(self.groundwork == nil ? 0 : groundwork.points().count)
    try #require(!own.isEmpty)
    return Array(own)
  }
}

import Testing

/// The whole program in the same trouble as its single steps: `serve` meets with a fault at each of its calls in the
/// spool, from its start to the second result.
@Suite(.enabled(if: Extent.isSuite, "it takes minutes: etc/test faults"), .serialized)
struct ServiceFaultTests {
  /// Killed, it is started again, and has done everything within ten seconds.
  @Test func aServiceThatIsKilledAtAnyCallLosesNoJob() async throws {
    try await tryOut { point in .kill }
  }

  /// It goes on, or refuses to start; all that it acknowledged is done without help.
  @Test func aServiceHealsByItselfAfterAnErrorOfAnyCall() async throws {
    try await tryOut { point in Fault.Kind.errors[point.number % Fault.Kind.errors.count] }
  }

  @Test func aServiceIsNotMisledByALostReply() async throws {
    try await tryOut { point in point.mayLoseItsReply ? .lost : nil }
  }

  /// It took uploads already when its first look at the spool failed, and ended for that.
  @Test func aServiceOutlivesAnErrorOfItsFirstLook() async throws {
    let looks = try await ServiceTrial.run().filter { $0.call == "opendir" }
    for directory in [".state/hosts", ".state/trash", "active", "done"] {
      let look = try #require(looks.first { $0.path == directory })
      try await ServiceTrial.run(Fault(kind: .ioError, point: look))
      Tally.count(.error, of: "serve")
    }
  }

  /// Tries `fault` at all calls, or in the short form at some of them from the first to the last.
  private func tryOut(_ fault: (FaultPoint) -> Fault.Kind?) async throws {
    let points = try await ServiceTrial.run()
    let faults = points.compactMap { point in fault(point).map { Fault(kind: $0, point: point) } }
    #expect(faults.count > 50)
    let chosen = Extent.asked == .long ? faults : faults.spread(over: 20)
    try await chosen.inParallel(3) { fault in
      try await ServiceTrial.run(fault)
      Tally.count(fault.kind.trouble, of: "serve")
    }
  }
}

extension Array where Element: Sendable {
  /// So many of them, evenly from the first to the last.
  func spread(over wanted: Int) -> [Element] {
    guard count > wanted, wanted > 1 else { return self }
    return (0..<wanted).map { self[$0 * (count - 1) / (wanted - 1)] }
  }

  /// Works on so many of them at a time.
  func inParallel(_ width: Int, _ work: @escaping @Sendable (Element) async throws -> Void) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for (number, element) in enumerated() {
        if number >= width { try await group.next() }
        group.addTask { try await work(element) }
      }
      try await group.waitForAll()
    }
  }
}

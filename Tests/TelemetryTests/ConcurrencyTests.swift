import CoreMetrics
import Telemetry
import Testing

/// Many tasks at once lose nothing and see nothing half done.
@Suite struct ConcurrencyTests {
  static let tasks = 16

  let registry = PrometheusRegistry()

  /// Runs `body` in all tasks, each round of each.
  private func everywhere(
    rounds: Int, _ body: @escaping @Sendable (_ task: Int, _ round: Int) -> Void
  ) async {
    await withTaskGroup { group in
      for task in 0..<Self.tasks {
        group.addTask { for round in 0..<rounds { body(task, round) } }
      }
    }
  }

  @Test func noIncrementIsLost() async {
    let counter = Counter(label: "n", factory: registry)
    let meter = Meter(label: "level", factory: registry)
    // So many rounds that tasks are interrupted in the middle of an addition.
    let rounds = 20_000
    await everywhere(rounds: rounds) { task, _ in
      counter.increment()
      if task.isMultiple(of: 2) { meter.increment() } else { meter.decrement(by: 0.5) }
    }
    let calls = Self.tasks * rounds
    #expect(registry.lines.contains("n_total \(calls)"))
    #expect(registry.lines.contains("level \(calls / 4)"))
  }

  @Test func tasksThatMakeTheSameSeriesShareIt() async {
    let registry = registry
    await everywhere(rounds: 1_000) { _, round in
      Counter(label: "n", dimensions: [("round", "\(round % 7)")], factory: registry).increment()
    }
    #expect(registry.lines.count == 1 + 7)
    #expect(registry.lines.values("n_total").reduce(0, +) == Double(Self.tasks * 1_000))
  }

  @Test func aHistogramCountsAndAddsUpEverything() async {
    let timer = Timer(label: "wait", factory: registry)
    await everywhere(rounds: 1_000) { task, _ in timer.recordMilliseconds(task < 8 ? 250 : 1_000) }
    let half = Self.tasks * 1_000 / 2
    #expect(registry.lines.contains(#"wait_seconds_bucket{le="0.25"} \#(half)"#))
    #expect(registry.lines.contains(#"wait_seconds_bucket{le="0.5"} \#(half)"#))
    #expect(registry.lines.contains(#"wait_seconds_bucket{le="+Inf"} \#(2 * half)"#))
    #expect(registry.lines.contains("wait_seconds_count \(2 * half)"))
    #expect(registry.lines.contains("wait_seconds_sum \(half / 4 + half)"))
  }

  @Test func aScrapeSeesAHistogramAsOfOneMoment() async {
    let recorder = Recorder(label: "speed", factory: registry)
    let registry = registry
    await everywhere(rounds: 1_000) { _, round in
      recorder.record(2)
      guard round.isMultiple(of: 20) else { return }
      let lines = registry.lines
      #expect(lines.values("speed_sum") == lines.values("speed_count").map { 2 * $0 })
    }
    #expect(registry.lines.values("speed_count") == [Double(Self.tasks * 1_000)])
  }

  @Test func seriesComeAndGoDuringScrapes() async {
    let registry = registry
    await everywhere(rounds: 1_000) { task, round in
      let counter = Counter(label: "n", dimensions: [("task", "\(task)")], factory: registry)
      counter.increment()
      if round.isMultiple(of: 50) { #expect(registry.families.count <= 1) }
      counter.destroy()
    }
    #expect(registry.exposition() == "")
  }
}

extension [String] {
  /// The values on an exposition's lines of that name, in their order.
  fileprivate func values(_ name: String) -> [Double] {
    filter { $0.hasPrefix(name + " ") || $0.hasPrefix(name + "{") }
      .compactMap { $0.split(separator: " ").last.flatMap { Double($0) } }
  }
}

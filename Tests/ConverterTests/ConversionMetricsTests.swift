import Foundation
import Spool
import Testing

@testable import Converter

@Suite struct ConversionMetricsTests {
  private let name = JobName.waiting(JobID(at: Date()), attempt: 1)

  private func failure(_ code: String) -> ConversionFailure { ConversionFailure(code: code, "so", isCertain: false) }

  @Test func anOutcomeIsTheEndOrTheFailuresCode() {
    let ends: [(ClaimEnd, ConversionFailure?, String)] = [
      (.moved(to: .done, name), nil, "done"), (.lost, nil, "lost"), (.lost, failure("disk-full"), "lost"),
      (.moved(to: .waiting, name), failure("disk-full"), "disk-full"),
      (.quarantined, failure("bad-sidecar"), "bad-sidecar"),
      // As at a stop.
      (.moved(to: .waiting, name), failure("cancelled"), "given-back"),
    ]
    for (end, problem, outcome) in ends { #expect(ConversionMetrics.outcome(end, problem) == outcome) }
  }
}

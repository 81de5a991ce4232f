import SystemPackage

@testable import Spool

/// The names of directories in the spool, where anybody may have made one.
enum JobNamesTarget {
  private static let layout = SpoolLayout(root: "/spool")

  @Sendable static func run(_ bytes: [UInt8]) {
    let text = String(decoding: bytes, as: UTF8.self)
    if let id = JobID(text) { require(id.description == text, "an id has one spelling") }
    if let number = ClaimNumber(text[...]) { require(number.description == text, "a number has one spelling") }
    if let host = Incarnation(text[...]) { require(host.description == text, "an incarnation has one spelling") }
    guard let name = JobName(text) else { return }
    require(name.description == text, "a job's name has one spelling")
    for state in JobState.allCases where state.admits(name) {
      require(layout.job(name, in: state).lastComponent?.string == text, "a job's name is one component")
    }
    require(.zero ... .seconds(3600) ~= Verdict.pause(beforeAttempt: name.attempt), "no pause is too long")
    if let claim = Claim(name) { tryVerdicts(on: claim) }
  }

  private static func tryVerdicts(on claim: Claim) {
    let verdicts = [
      Verdict.afterFailure(of: claim, isCertain: true), .afterFailure(of: claim, isCertain: false), .givenBack(claim),
    ]
    for verdict in verdicts {
      switch verdict {
      case .tryAgain(let name), .giveUp(let name): require(name.id == claim.id, "a verdict is on the claim's job")
      }
    }
  }
}

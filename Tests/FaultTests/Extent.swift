import Foundation

/// How much is tried: a little whenever the tests run, most of it with `etc/test faults short`, all with
/// `etc/test faults`.
enum Extent: String {
  case usual, short, long

  static let asked =
    ProcessInfo.processInfo.environment["MP3SPOOL_TEST_FAULTS"].flatMap(Extent.init) ?? .usual

  /// Is this run one of `etc/test faults`?
  static let isSuite = asked != .usual
}

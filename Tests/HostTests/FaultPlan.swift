import Foundation

@testable import WireFormatsTests

/// What can happen to a host, to what runs on it, and to the server.
enum Fault: String, CaseIterable {
  case workerKilled = "worker killed"
  case workerStopped = "worker stopped"
  case hostPaused = "host paused"
  case cableCut = "cable cut"
  case hostPoweredOff = "host powered off"
  case serverPoweredOff = "server powered off"
  case gatewayKilled = "gateway killed"

  /// In which each stands as often as it is to happen. Without its server nothing happens at all, and there are no jobs
  /// without the gateway: those two come half as often as the others.
  static let urn = allCases + allCases.filter { $0 != .serverPoweredOff && $0 != .gatewayKilled }
}

/// Which fault comes when, and how long it lasts: the same for the same seed.
struct FaultPlan {
  struct Strike {
    /// After the last one.
    let pause: Duration
    let fault: Fault
    let lasts: Duration
    /// Of those that could be struck, in parts of all.
    let aim: Double
  }

  private var random: SplitMix
  /// Most faults last so long, in seconds.
  private let lengths: ClosedRange<Double>
  /// One in so many outlasts a lease; none where it is nil.
  private let overlong: Int?
  /// How many are to come.
  private var rest: Int

  /// A converter's lease is 60 s, and a death is seen some seconds later.
  private static let beyondLease = 75.0...100.0
  /// Between two of them, in seconds.
  private static let pauses = 5.0...20.0

  init(seed: UInt64, most: Int = .max, lengths: ClosedRange<Double>, overlong: Int? = nil) {
    random = SplitMix(state: seed)
    rest = most
    self.lengths = lengths
    self.overlong = overlong
  }

  mutating func next() -> Strike? {
    guard rest > 0 else { return nil }
    rest -= 1
    let pause = Double.random(in: Self.pauses, using: &random)
    let fault = Fault.urn.randomElement(using: &random) ?? .workerKilled
    let isOverlong = overlong.map { Int.random(in: 1...$0, using: &random) == 1 } ?? false
    let length = Double.random(in: isOverlong ? Self.beyondLease : lengths, using: &random)
    let aim = Double.random(in: 0..<1, using: &random)
    return Strike(pause: .seconds(pause), fault: fault, lasts: .seconds(length), aim: aim)
  }
}

/// A token bucket for each client address: the decision alone.
///
/// A bucket is kept as the moment at which it will be full again. One take moves that moment on by an interval; one that
/// would move it further than the whole bucket is refused.
struct AddressBuckets {
  private var fullAgain: [String: ContinuousClock.Instant] = [:]
  private let capacity: Int
  private let interval: Duration
  private let addressLimit: Int

  /// - Parameters:
  ///   - perMinute: how many a client may take in a minute, all at once if they like.
  ///   - addressLimit: of so many addresses it is known.
  init(perMinute: Int, addressLimit: Int = 10_000) {
    capacity = perMinute
    interval = .seconds(60) / perMinute
    self.addressLimit = addressLimit
  }

  /// Takes one for this client.
  ///
  /// - Returns: how much later there will be one; nil where there was one.
  mutating func take(_ network: String, at now: ContinuousClock.Instant) -> Duration? {
    let next = max(now, fullAgain[network] ?? now) + interval
    let excess = next - now - interval * capacity
    guard excess <= .zero else { return excess }
    if fullAgain[network] == nil { makeRoom(at: now) }
    fullAgain[network] = next
    return nil
  }

  /// Full buckets need no memory. Where none is full, the half goes that is nearest to it.
  private mutating func makeRoom(at now: ContinuousClock.Instant) {
    guard fullAgain.count >= addressLimit else { return }
    fullAgain = fullAgain.filter { $0.value > now }
    guard fullAgain.count >= addressLimit else { return }
    let emptiest = fullAgain.sorted { $0.value > $1.value }.prefix(addressLimit / 2)
    fullAgain = Dictionary(uniqueKeysWithValues: emptiest.map { ($0.key, $0.value) })
  }

  var count: Int { fullAgain.count }
}

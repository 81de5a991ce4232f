import Synchronization

/// Hashes and compares passwords at one cost.
final class PasswordHasher: Sendable {
  /// What an offered password is worth.
  enum Answer: Sendable, Equatable {
    case wrong
    case right
    /// Right, and its hash is cheaper than it should be: this is a new one.
    case rightButWeak(PasswordHash)
  }

  private let cost: PasswordCost
  /// How many hashes were computed: whoever may not know whether a user exists must find the same count either way.
  let derivations = Atomic(0)

  init(cost: PasswordCost) { self.cost = cost }

  func hash(_ password: Password) async throws(CatalogError) -> PasswordHash {
    try await HashingThreads.shared.run { () throws(CatalogError) in try self.derive(password) }
  }

  /// Compares an offered password with the stored hash; without one it does as much work, and answers `wrong`.
  func check(_ password: Password, against stored: PasswordHash?) async throws(CatalogError) -> Answer {
    try await HashingThreads.shared.run { () throws(CatalogError) in
      let hash = stored ?? .decoy(cost: self.cost)
      guard try self.matches(password, hash), stored != nil else { return .wrong }
      return hash.cost.isWeaker(than: self.cost) ? .rightButWeak(try self.derive(password)) : .right
    }
  }

  private func matches(_ password: Password, _ hash: PasswordHash) throws(CatalogError) -> Bool {
    derivations.add(1, ordering: .relaxed)
    return try hash.matches(password.bytes)
  }

  private func derive(_ password: Password) throws(CatalogError) -> PasswordHash {
    derivations.add(1, ordering: .relaxed)
    return try PasswordHash(password.bytes, cost: cost)
  }
}

extension PasswordCost {
  func isWeaker(than other: PasswordCost) -> Bool { memory < other.memory || p < other.p }
}

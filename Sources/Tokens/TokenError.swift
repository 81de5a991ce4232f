/// A token that is not accepted, or a key or secret that cannot be used.
///
/// None of these passes by itself: the same token is refused again, so trying again does not help.
public struct TokenError: Error, Sendable, Equatable, CustomStringConvertible {
  public enum Kind: Sendable, Hashable {
    /// The bytes are no token of ours at all, or a claim is missing or makes no sense.
    case malformed
    /// The header names another algorithm than the one that the key is for, or none.
    case wrongAlgorithm
    /// No key of that name is known.
    case unknownKey
    /// The signature does not fit the bytes and the key.
    case badSignature
    /// A token for another purpose, by its header or its audience.
    case wrongKind
    /// Somebody else's token.
    case wrongIssuer
    /// The sidecar of another job.
    case wrongJob
    /// It was valid once.
    case expired
    /// It will be valid, by the clock of its issuer.
    case notYetValid
    /// An API token that nobody has, or has no longer.
    case unknownToken
    /// The user was disabled or is gone.
    case accountClosed
    /// The user's password was changed since.
    case superseded
    /// A shared secret that is too short.
    case weakSecret
    /// Bytes that are no Ed25519 key, or no set of them.
    case invalidKey
    /// The token could not be made.
    case unsignable
  }

  public let kind: Kind
  public let description: String

  public init(_ kind: Kind, _ sentence: String) {
    self.kind = kind
    self.description = sentence
  }
}

public import Spool

extension Spool {
  /// Publishes `key` beside the keys that are published already, so that older sidecars stay valid.
  public func publish(_ key: PublicKey) throws {
    let known = try publishedKeys().map { bytes throws(TokenError) in try KeySet(json: bytes) } ?? KeySet()
    let all = known.adding(key)
    if all != known || known.keys.isEmpty { try publish(keys: all.json) }
  }

  /// Accepts the sidecars that are signed with a published key: the one rule for converters on any host and for the
  /// index.
  public func sidecarVerifier() throws -> SidecarVerifier {
    SidecarVerifier(keys: try publishedKeys().map { bytes throws(TokenError) in try KeySet(json: bytes) } ?? KeySet())
  }
}

/// A purpose for which tokens are made. What serves one purpose must not serve another, so their header type, their
/// audience and their keys all differ (RFC 8725, 3.11 and 3.12).
struct TokenKind: Sendable {
  /// The header's `typ`.
  let type: String
  /// The claim `aud`.
  let audience: String
  /// What a token of this kind is called in a sentence.
  let name: String
  /// Tokens above this many bytes are refused unread.
  let sizeLimit: Int

  /// The claim `iss` of all tokens.
  static let issuer = "mp3spool"

  static let access = TokenKind(
    type: "mp3spool-access+jwt", audience: "mp3spool-gateway", name: "access token", sizeLimit: 8 << 10)

  static let sidecar = TokenKind(
    type: "mp3spool-job+jwt", audience: "mp3spool-converter", name: "sidecar", sizeLimit: 64 << 10)
}

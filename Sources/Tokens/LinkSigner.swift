import Crypto
public import FoundationEssentials
public import Spool

/// Signs links that let whoever has one fetch one job's MP3s, until a time: HMAC-SHA256 (RFC 2104) over the job and the
/// time.
public struct LinkSigner: Sendable {
  private let key: SymmetricKey

  /// - Parameter key: signs nothing else.
  public init(key: SigningKey) { self.key = SymmetricKey(data: key.rawRepresentation) }

  /// - Parameter expiry: in seconds since 1970.
  /// - Returns: 43 characters of base64url.
  public func signature(of id: JobID, expiry: Int64) -> String {
    Base64URL.encode(HMAC<SHA256>.authenticationCode(for: Data(Self.message(id, expiry).utf8), using: key))
  }

  /// Is this the signature of a link that has not expired yet? The time that it takes does not tell how much of it is
  /// right.
  public func accepts(_ signature: String, of id: JobID, expiry: Int64, now: Date = Date()) -> Bool {
    guard let code = Base64URL.decode(signature), Double(expiry) > now.timeIntervalSince1970 else { return false }
    return HMAC<SHA256>.isValidAuthenticationCode(code, authenticating: Data(Self.message(id, expiry).utf8), using: key)
  }

  private static func message(_ id: JobID, _ expiry: Int64) -> String { "download\n\(id)\n\(expiry)" }
}

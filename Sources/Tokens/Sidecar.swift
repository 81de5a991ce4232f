public import FoundationEssentials
import JWTKit
public import Spool
public import WireFormats

/// What is said of a job when it is accepted, and signed so that every converter can trust it.
public struct Sidecar: Sendable, Equatable {
  public typealias Origin = JobOrigin

  public let id: JobID
  /// Who sent it: a user's email, or the name that the drop policy gives.
  public let owner: String
  /// The original file name.
  public let name: String
  /// The size of the source in bytes.
  public let size: Int64
  /// The source's SHA-256 in lower-case hexadecimal, where it is known.
  public let sha256: String?
  public let options: ConversionOptions
  public let origin: Origin
  /// To the millisecond, so that jobs of one second have an order.
  public let issuedAt: Date
  /// The request that the job came with, for logs and traces; nil where an earlier version signed.
  public let trace: Trace?

  public init(
    id: JobID, owner: String, name: String, size: Int64, sha256: String? = nil, options: ConversionOptions,
    origin: Origin, issuedAt: Date = .now, trace: Trace? = nil
  ) {
    self.id = id
    self.owner = owner
    self.name = name
    self.size = size
    self.sha256 = sha256
    self.options = options
    self.origin = origin
    self.issuedAt = Date(timeIntervalSince1970: (issuedAt.timeIntervalSince1970 * 1000).rounded() / 1000)
    self.trace = trace
  }
}

/// Signs sidecars.
public struct SidecarSigner: Sendable {
  private let key: SigningKey

  public init(key: SigningKey) { self.key = key }

  /// The bytes of `job.jwt`.
  ///
  /// - Throws: `unsignable` where the cryptographic library fails; `malformed` for a sidecar that no verifier would
  ///   accept, such as one whose size is negative or whose bytes are more than 64 KiB.
  public func sign(_ sidecar: Sidecar) async throws(TokenError) -> [UInt8] {
    let kind = TokenKind.sidecar
    let claims = SidecarClaims(sidecar)
    try claims.checkSense()
    let token = Array(try await kind.sign(claims, with: .ed25519(key)).utf8)
    guard token.count <= kind.sizeLimit else {
      throw TokenError(.malformed, "The sidecar would be larger than \(kind.sizeLimit) bytes.")
    }
    return token
  }
}

/// Accepts sidecars, or says why not.
public struct SidecarVerifier: Sendable {
  private let keys: KeySet

  public init(keys: KeySet) { self.keys = keys }

  /// What the sidecar says, once its type, algorithm, key, signature, issuer, audience and job are found right.
  /// Its age does not matter: a job may wait for as long as it must.
  ///
  /// - Parameter id: the job whose directory the sidecar lies in, so that one job's cannot serve another.
  /// - Throws: the first thing that is wrong with it.
  public func verify(_ bytes: [UInt8], expecting id: JobID) async throws(TokenError) -> Sidecar {
    let claims = try await TokenKind.sidecar.check(bytes, with: .ed25519(keys), as: SidecarClaims.self)
    guard claims.sidecar.id == id else {
      throw TokenError(.wrongJob, "The sidecar belongs to job \(claims.sidecar.id), not to \(id).")
    }
    try claims.checkSense()
    return claims.sidecar
  }
}

/// A sidecar's claims. The conversion options stand among them by their own names.
private struct SidecarClaims: TokenClaims {
  let sidecar: Sidecar
  let issuer: String
  let audience: String

  private enum Name: String, CodingKey {
    case id = "jti"
    case owner = "sub"
    case name, size, sha256, origin
    case issuedAt = "iat"
    /// What `iat` lacks, since earlier versions take whole seconds only.
    case milliseconds = "iat_ms"
    /// Earlier versions ignore these two.
    case request, span
    case issuer = "iss"
    case audience = "aud"
  }

  init(_ sidecar: Sidecar) {
    self.sidecar = sidecar
    self.issuer = TokenKind.issuer
    self.audience = TokenKind.sidecar.audience
  }

  init(from decoder: any Decoder) throws {
    let claims = try decoder.container(keyedBy: Name.self)
    let issuedAt = try claims.decode(Int64.self, forKey: .issuedAt)
    guard issuedAt.isTime else {
      throw DecodingError.dataCorruptedError(forKey: .issuedAt, in: claims, debugDescription: "no time: \(issuedAt)")
    }
    let milliseconds = try claims.decodeIfPresent(Int64.self, forKey: .milliseconds) ?? 0
    guard 0..<1000 ~= milliseconds else {
      throw DecodingError.dataCorruptedError(
        forKey: .milliseconds, in: claims, debugDescription: "no part of a second: \(milliseconds)")
    }
    sidecar = Sidecar(
      id: try claims.decode(JobID.self, forKey: .id), owner: try claims.decode(String.self, forKey: .owner),
      name: try claims.decode(String.self, forKey: .name), size: try claims.decode(Int64.self, forKey: .size),
      sha256: try claims.decodeIfPresent(String.self, forKey: .sha256), options: try ConversionOptions(from: decoder),
      origin: try claims.decode(JobOrigin.self, forKey: .origin),
      issuedAt: Date(timeIntervalSince1970: Double(issuedAt) + Double(milliseconds) / 1000),
      trace: try Self.trace(claims))
    issuer = try claims.decode(String.self, forKey: .issuer)
    audience = try claims.decode(String.self, forKey: .audience)
  }

  /// Another version's idea of an id must not keep a job from being done.
  private static func trace(_ claims: KeyedDecodingContainer<Name>) throws -> Trace? {
    let request = try claims.decodeIfPresent(String.self, forKey: .request).flatMap { RequestID($0) }
    let span = try claims.decodeIfPresent(String.self, forKey: .span).flatMap { SpanID($0) }
    return request.map { Trace(request: $0, span: span) }
  }

  func encode(to encoder: any Encoder) throws {
    try sidecar.options.encode(to: encoder)
    var claims = encoder.container(keyedBy: Name.self)
    try claims.encode(sidecar.id, forKey: .id)
    try claims.encode(sidecar.owner, forKey: .owner)
    try claims.encode(sidecar.name, forKey: .name)
    try claims.encode(sidecar.size, forKey: .size)
    try claims.encodeIfPresent(sidecar.sha256, forKey: .sha256)
    try claims.encode(sidecar.origin, forKey: .origin)
    let milliseconds = Int64((sidecar.issuedAt.timeIntervalSince1970 * 1000).rounded())
    try claims.encode(milliseconds / 1000, forKey: .issuedAt)
    try claims.encode(milliseconds % 1000, forKey: .milliseconds)
    try claims.encodeIfPresent(sidecar.trace?.request.description, forKey: .request)
    try claims.encodeIfPresent(sidecar.trace?.span?.description, forKey: .span)
    try claims.encode(issuer, forKey: .issuer)
    try claims.encode(audience, forKey: .audience)
  }

  /// Refuses values that no job has.
  func checkSense() throws(TokenError) {
    guard sidecar.size >= 0 else { throw TokenError(.malformed, "The sidecar gives a negative size.") }
    guard !sidecar.name.isEmpty else { throw TokenError(.malformed, "The sidecar gives no file name.") }
    guard sidecar.sha256.map(isHexadecimalSHA256) ?? true else {
      throw TokenError(.malformed, "The sidecar's SHA-256 is not 64 lower-case hexadecimal digits.")
    }
  }

  private func isHexadecimalSHA256(_ text: String) -> Bool {
    text.utf8.count == 64 && text.utf8.allSatisfy("0123456789abcdef".utf8.contains)
  }

  /// ``TokenKind`` and the verifier check the claims, since they know the purpose and the job.
  func verify(using algorithm: some JWTAlgorithm) {}
}

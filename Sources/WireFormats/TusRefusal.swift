/// Why a request of the tus protocol is refused: a status of HTTP and a sentence.
public struct TusRefusal: Error, Sendable, Equatable, CustomStringConvertible {
  /// Such as 409, or 460, which tus adds to HTTP.
  public let status: Int
  public let description: String

  public init(_ status: Int, _ sentence: String) { (self.status, description) = (status, sentence) }
}

extension TusRefusal {
  /// The bytes that came are not those that their checksum belongs to (tus 1.0, "Checksum").
  public static let checksumMismatch = TusRefusal(
    460, "The bytes that came do not have the checksum that was sent with them; send them again.")
}

/// What tus 1.0 (https://tus.io/protocols/resumable-upload) says in header fields: names, and the words that mp3spool knows.
public enum Tus {
  public static let version = "1.0.0"
  public static let extensions =
    "creation,creation-with-upload,creation-defer-length,expiration,checksum,termination"
  /// The media type of bytes that belong behind an offset.
  public static let contentType = "application/offset+octet-stream"

  /// Refuses a client of another version, or one that says none ("Tus-Resumable").
  public static func checkVersion(_ header: String?) throws(TusRefusal) {
    guard header == version else {
      throw TusRefusal(412, "The header Tus-Resumable must be \(version), the only version of tus that is spoken here.")
    }
  }

  /// A number of bytes, of digits only; nil where the header is missing.
  public static func count(_ header: String?, in name: String) throws(TusRefusal) -> Int64? {
    guard let header else { return nil }
    guard !header.isEmpty, header.utf8.allSatisfy(\.isDigit), let count = Int64(header) else {
      throw TusRefusal(400, "The header \(name) must be a number of bytes; \(quoted(header)) is none.")
    }
    return count
  }

  /// The length that a new upload announces; nil where it is to be said later ("Upload-Length", "Upload-Defer-Length").
  public static func announcedLength(_ length: String?, deferred: String?) throws(TusRefusal) -> Int64? {
    let count = try count(length, in: "Upload-Length")
    switch (count, deferred) {
    case (let count?, nil): return count
    case (nil, "1"): return nil
    case (nil, nil): throw TusRefusal(400, "A new upload must say its Upload-Length, or Upload-Defer-Length: 1.")
    case (_?, _?): throw TusRefusal(400, "An upload cannot have an Upload-Length and defer it, too.")
    case (nil, _?): throw TusRefusal(400, "The header Upload-Defer-Length can only be 1.")
    }
  }
}

/// The checksum of the bytes in one request ("Upload-Checksum").
public struct TusChecksum: Sendable, Equatable {
  public enum Algorithm: String, Sendable, CaseIterable {
    case sha1, sha256

    /// The length of the checksum in bytes.
    var length: Int { self == .sha1 ? 20 : 32 }
  }

  public let algorithm: Algorithm
  public let digest: [UInt8]

  /// The names of all algorithms, as the header Tus-Checksum-Algorithm lists them.
  public static let algorithms = Algorithm.allCases.map(\.rawValue).joined(separator: ",")

  /// Reads `sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=`.
  public init(parsing header: String) throws(TusRefusal) {
    let words = header.split(separator: " ", omittingEmptySubsequences: false)
    guard words.count == 2, let algorithm = Algorithm(rawValue: String(words[0])) else {
      throw TusRefusal(
        400, "The header Upload-Checksum must be an algorithm, \(list(Algorithm.allCases.map(\.rawValue))), and Base64."
      )
    }
    guard let digest = Base64.decode(String(words[1])), digest.count == algorithm.length else {
      throw TusRefusal(400, "The header Upload-Checksum holds no checksum of \(algorithm.rawValue) in Base64.")
    }
    (self.algorithm, self.digest) = (algorithm, digest)
  }
}

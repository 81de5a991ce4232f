import AuthService
import Foundation
import HTTPTypes
import Hummingbird
import Spool
import WireFormats

extension HTTPField.Name {
  static let tusResumable = Self("Tus-Resumable")!
  static let tusVersion = Self("Tus-Version")!
  static let tusExtension = Self("Tus-Extension")!
  static let tusMaxSize = Self("Tus-Max-Size")!
  static let tusChecksumAlgorithm = Self("Tus-Checksum-Algorithm")!
  static let uploadOffset = Self("Upload-Offset")!
  static let uploadLength = Self("Upload-Length")!
  static let uploadDeferLength = Self("Upload-Defer-Length")!
  static let uploadMetadata = Self("Upload-Metadata")!
  static let uploadChecksum = Self("Upload-Checksum")!
  static let uploadExpires = Self("Upload-Expires")!
  static let methodOverride = Self("X-HTTP-Method-Override")!
  /// The job that an upload has become; ours, since tus does not say what a server makes of a finished upload.
  static let fid = Self("Mp3spool-Fid")!
  /// `true` where that job is an earlier one, of the same bytes and options.
  static let isDuplicate = Self("Mp3spool-Duplicate")!
}

extension HTTPResponse.Status {
  static let locked = Self(code: 423, reasonPhrase: "Locked")

  /// A status of the tus protocol.
  init(tus code: Int) {
    self.init(
      code: code, reasonPhrase: code == 460 ? "Checksum Mismatch" : HTTPResponse.Status(code: code).reasonPhrase)
  }
}

extension Request {
  /// What is meant where a client's network lets only GET and POST through (tus 1.0, "X-HTTP-Method-Override").
  var intendedMethod: HTTPRequest.Method {
    headers[.methodOverride].flatMap { HTTPRequest.Method($0.uppercased()) } ?? method
  }

  /// What a PATCH brings, by its headers.
  func tusPortion() throws(TusRefusal) -> TusUpload.Portion {
    try TusUpload.Portion(
      contentType: headers[.contentType], offset: headers[.uploadOffset], contentLength: headers[.contentLength],
      uploadLength: headers[.uploadLength])
  }

  func tusChecksum() throws(TusRefusal) -> TusChecksum? {
    guard let header = headers[.uploadChecksum] else { return nil }
    return try TusChecksum(parsing: header)
  }
}

extension UploadDescription {
  /// What the headers of a new upload say of it.
  ///
  /// - Parameter wishes: those that hold where the metadata does not say something else.
  init(_ request: Request, owner: String, wishes: UploadWishes) throws {
    let length = try Tus.announcedLength(
      request.headers[.uploadLength], deferred: request.headers[.uploadDeferLength])
    let header = request.headers[.uploadMetadata]
    guard var values = header?.isEmpty ?? true ? [:] : UploadMetadata.parse(header ?? "") else {
      throw HTTPFailure(.badRequest, "The header Upload-Metadata must hold keys, each with its value in Base64.")
    }
    let names = ["filename", "name"].compactMap { values.removeValue(forKey: $0) }
    for word in Self.ofNoMatter { values[word] = nil }
    var wishes = wishes
    try wishes.set(values)
    self.init(
      owner: owner, name: try FileName.checked(names.first { !$0.isEmpty } ?? "upload"), options: wishes.options,
      length: length, convertsAgain: wishes.convertsAgain, metadata: header,
      notice: wishes.notice.isEmpty ? nil : wishes.notice)
  }

  /// What clients such as tus-js-client and Uppy say of a file, and a conversion need not know.
  private static let ofNoMatter = ["filetype", "type", "contentType", "relativePath", "lastModified", "size"]
}

extension Date {
  /// As HTTP writes a moment (RFC 9110 section 5.6.7), and RSS, too: RFC 822's form with a year of four digits.
  var httpDate: String { Self.httpForm.string(from: self) }

  // Formatters may be used by several threads at once.
  private static let httpForm: DateFormatter = {
    let form = DateFormatter()
    form.locale = Locale(identifier: "en_US_POSIX")
    form.timeZone = TimeZone(secondsFromGMT: 0)
    form.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
    return form
  }()
}

import HTTPTypes
import NIOHTTP1

/// How the head of a request of HTTP/1 is read: in the one way of RFC 9112, or not at all. A proxy before us may read a
/// doubtful head in another way than we do, and then a part of one client's request is taken for another's.
///
/// llhttp, which has read the head by then, refuses what breaks the grammar; these rules are about what it lets pass.
struct HeadReading: Equatable {
  /// The target in origin form, or `*`.
  let target: String
  /// The host of an absolute target, which goes before the field (RFC 9112 §3.2.2).
  let host: String?
  /// No other request follows on this connection.
  let isLast: Bool

  init(_ head: HTTPRequestHead) throws(HeadFault) {
    guard head.version.major == 1, head.version.minor <= 1 else {
      throw HeadFault(.httpVersionNotSupported, "only HTTP/1.1 and HTTP/1.0 are understood")
    }
    try Self.checkValues(head.headers)
    try Self.checkLength(head)
    try Self.checkHost(head)
    (target, host) = try Self.target(of: head)
    let upgrades =
      head.headers.contains(name: "upgrade")
      && head.headers[canonicalForm: "connection"].contains { $0.lowercased() == "upgrade" }
    // An older client does not count on more; and behind a request to upgrade NIO's parser stops.
    isLast = head.version.minor == 0 || !head.isKeepAlive || upgrades
  }

  /// RFC 9110 §5.5: a value has no control characters, of which CR, LF and NUL could end it for somebody else.
  private static func checkValues(_ headers: HTTPHeaders) throws(HeadFault) {
    for (name, value) in headers where value.utf8.contains(where: { ($0 < 0x20 && $0 != 0x09) || $0 == 0x7F }) {
      throw HeadFault("the field '\(name)' has a control character")
    }
  }

  /// RFC 9112 §6: where the body ends is said once, and in one way.
  private static func checkLength(_ head: HTTPRequestHead) throws(HeadFault) {
    let (lengths, codings) = (head.headers["content-length"], head.headers["transfer-encoding"])
    if let length = lengths.first {
      guard codings.isEmpty else { throw HeadFault("the request has a Content-Length and a Transfer-Encoding") }
      guard lengths.count == 1, (1...18).contains(length.utf8.count), length.utf8.allSatisfy({ 0x30...0x39 ~= $0 })
      else { throw HeadFault("the Content-Length must be one number") }
    }
    guard !codings.isEmpty else { return }
    guard head.version.minor == 1 else { throw HeadFault("HTTP/1.0 has no Transfer-Encoding") }
    let names = codings.joined(separator: ",").split(separator: ",", omittingEmptySubsequences: false).map(trimmed)
    guard names.last == "chunked", names.count(where: { $0 == "chunked" }) == 1 else {
      throw HeadFault("the Transfer-Encoding must end with chunked")
    }
    guard names.count == 1 else { throw HeadFault(.notImplemented, "the only Transfer-Encoding is chunked") }
  }

  private static func trimmed(_ text: Substring) -> String {
    let isBlank: (Character) -> Bool = { $0 == " " || $0 == "\t" }
    var text = text.drop(while: isBlank)
    while let last = text.last, isBlank(last) { text.removeLast() }
    return text.lowercased()
  }

  /// RFC 9112 §3.2: in HTTP/1.1 there is one.
  private static func checkHost(_ head: HTTPRequestHead) throws(HeadFault) {
    let hosts = head.headers["host"]
    guard hosts.count == 1 || (hosts.isEmpty && head.version.minor == 0) else {
      throw HeadFault("the request must have one Host")
    }
    guard hosts.allSatisfy(isAuthority) else { throw HeadFault("the Host is none") }
  }

  /// `host` or `host:port` of RFC 3986 §3.2, without anybody's name in it.
  private static func isAuthority(_ text: String) -> Bool {
    text.utf8.allSatisfy { byte in
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: return true
      default: return "-._~!$&'()*+;=%:[]".utf8.contains(byte)
      }
    }
  }

  private static func target(of head: HTTPRequestHead) throws(HeadFault) -> (String, String?) {
    let uri = head.uri
    if head.method == .CONNECT { throw HeadFault("this is no proxy") }
    if uri.utf8.contains(UInt8(ascii: "#")) { throw HeadFault("a target has no fragment") }
    if uri.hasPrefix("/") || (uri == "*" && head.method == .OPTIONS) { return (uri, nil) }
    for scheme in ["http://", "https://"] where uri.lowercased().hasPrefix(scheme) {
      let rest = uri.dropFirst(scheme.count)
      let authority = rest.prefix { $0 != "/" && $0 != "?" }
      guard !authority.isEmpty, isAuthority(String(authority)) else { break }
      let path = rest[authority.endIndex...]
      return (path.hasPrefix("/") ? String(path) : "/\(path)", String(authority))
    }
    throw HeadFault("the target must be a path")
  }
}

/// A head that is not read.
struct HeadFault: Error, Equatable {
  let refusal: Refusal

  init(_ sentence: String) { refusal = .badRequest(sentence) }
  init(_ status: HTTPResponseStatus, _ sentence: String) {
    refusal = Refusal(status: .init(code: Int(status.code), reasonPhrase: status.reasonPhrase), sentence: sentence)
  }
}

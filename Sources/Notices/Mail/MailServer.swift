import Foundation
import WireFormats

/// The mail server that takes our mails, as the setting `smtp-url` names it.
///
/// | URL                                        |                                                              |
/// |--------------------------------------------|--------------------------------------------------------------|
/// | `smtp://USER:PASSWORD@HOST`                | port 587, STARTTLS, without which nothing is sent              |
/// | `smtps://USER:PASSWORD@HOST`               | port 465, TLS from the first byte on (RFC 8314)                |
/// | `smtp://HOST:25?tls=none`                  | no TLS; a password goes so to this very host only              |
/// | `…?ca=/etc/ssl/own.pem`                    | who may have signed the server's certificate                   |
public struct MailServer: Sendable, Equatable {
  public enum Security: Sendable, Equatable { case startTLS, implicit, none }

  public struct Credentials: Sendable, Equatable {
    let user: String
    let password: String
  }

  let host: String
  let port: Int
  let security: Security
  let credentials: Credentials?
  /// A PEM file.
  let authorities: String?

  /// - Throws: a sentence, without the password, that says what is wrong.
  public init(parsing text: String) throws(MailSettingError) {
    guard let parts = URLComponents(string: text), let host = parts.host, !host.isEmpty,
      ["smtp", "smtps"].contains(parts.scheme), parts.path.isEmpty || parts.path == "/", parts.fragment == nil
    else { throw MailSettingError("it must be such as smtp://USER:PASSWORD@mail.example.org:587 or smtps://…") }
    var query: [String: String] = [:]
    for item in parts.queryItems ?? [] { query[item.name] = item.value ?? "" }
    let isImplicit = parts.scheme == "smtps"
    switch (query.removeValue(forKey: "tls"), isImplicit) {
    case (nil, let isImplicit): security = isImplicit ? .implicit : .startTLS
    case ("none", false): security = .none
    default: throw MailSettingError("its tls can only be none, and only of smtp://")
    }
    authorities = query.removeValue(forKey: "ca")
    if let other = query.keys.min() { throw MailSettingError("it has '\(other)', but it can have tls and ca only") }
    self.host = host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
    port = parts.port ?? (isImplicit ? 465 : 587)
    credentials = try Self.credentials(parts)
    guard credentials == nil || security != .none || Self.isThisHost(self.host) else {
      throw MailSettingError("it would send a password without TLS, which is done to this very host only")
    }
  }

  private static func credentials(_ parts: URLComponents) throws(MailSettingError) -> Credentials? {
    guard let user = parts.user else { return nil }
    guard let password = parts.password, !user.isEmpty else { throw MailSettingError("it needs USER and PASSWORD") }
    guard !(user + password).utf8.contains(0) else { throw MailSettingError("USER and PASSWORD can hold no NUL") }
    return Credentials(user: user, password: password)
  }

  private static func isThisHost(_ host: String) -> Bool {
    if host == "localhost" { return true }
    guard let address = IPAddress(host) else { return false }
    return ["127.0.0.0/8", "::1"].compactMap { AddressBlock($0) }.contains { $0.contains(address) }
  }
}

/// What is wrong with a setting about mail.
public struct MailSettingError: Error, Sendable, Equatable, CustomStringConvertible {
  public let description: String
  init(_ description: String) { self.description = description }
}

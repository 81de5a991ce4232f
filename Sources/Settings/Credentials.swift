import Foundation

/// Secrets that a service manager handed over as files (systemd.exec(5), `LoadCredential=`), so that they stand neither in
/// the settings file nor in the environment.
///
/// A setting that is a secret, or names a file with one, may be `credential:NAME`: then it is what
/// `$CREDENTIALS_DIRECTORY/NAME` holds, or that file's path.
///
/// All parts read one settings file, and each is given what it uses alone. So a credential is asked for only by a part that
/// uses the setting; to all others it stays a name.
public enum Credentials: Sendable {
  /// For a service, which uses these settings: each credential that they name must be there.
  case inDirectory(String?, for: Set<SettingName>)
  /// For commands beside a service, which are given no credentials and need none.
  case leftAlone

  /// Those that the process of this part was given.
  public static func given(_ environment: [String: String], to part: ServicePart) -> Credentials {
    .inDirectory(environment["CREDENTIALS_DIRECTORY"], for: part.credentials)
  }

  private static let scheme = "credential:"

  /// Whether the text is a credential's name, which stands for what only the service knows.
  public static func isNamed(by text: String) -> Bool { text.hasPrefix(scheme) }

  /// What the setting is, if it is set to this text.
  func resolve(_ text: String, of name: SettingName) throws(SettingsError) -> String {
    guard let form = name.credentialForm, Self.isNamed(by: text), case .inDirectory(let directory, let used) = self,
      used.contains(name)
    else { return text }
    let credential = String(text.dropFirst(Self.scheme.count))
    guard !credential.isEmpty, !credential.contains("/"), credential != ".", credential != ".." else {
      throw SettingsError("the setting \(name.rawValue) is '\(text)', but a credential has a file's name")
    }
    guard let directory else {
      throw SettingsError(
        "the setting \(name.rawValue) names the credential '\(credential)', but no service manager gave any")
    }
    let file = "\(directory)/\(credential)"
    guard let bytes = FileManager.default.contents(atPath: file) else {
      throw SettingsError(
        "the setting \(name.rawValue) names the credential '\(credential)', but \(file) cannot be read")
    }
    if form == .path { return file }
    let content = String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .newlines)
    guard !content.isEmpty else { throw SettingsError("the credential '\(credential)' of \(name.rawValue) is empty") }
    return content
  }
}

/// What runs for long: each is a command, and has a unit of systemd's.
public enum ServicePart: String, Sendable, CaseIterable {
  case serve, gateway, auth, work

  /// The settings that may name a credential and that this part uses.
  public var credentials: Set<SettingName> {
    switch self {
    case .serve, .gateway: [.jwtSecret, .smtpURL, .tlsCertificate, .tlsKey]
    // It sends no mail.
    case .auth: [.jwtSecret, .tlsCertificate, .tlsKey]
    // It knows nobody, and tells its metrics alone.
    case .work: []
    }
  }
}

extension SettingName {
  enum CredentialForm { case content, path }

  /// How a credential stands for this setting; nil for one that cannot be a credential.
  var credentialForm: CredentialForm? {
    switch self {
    case .jwtSecret, .smtpURL: .content
    case .tlsCertificate, .tlsKey: .path
    default: nil
    }
  }
}

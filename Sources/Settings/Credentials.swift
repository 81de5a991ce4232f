import Foundation

/// Secrets that a service manager handed over as files (systemd.exec(5), `LoadCredential=`), so that they stand neither in
/// the settings file nor in the environment.
///
/// A setting that is a secret, or names a file with one, may be `credential:NAME`: then it is what
/// `$CREDENTIALS_DIRECTORY/NAME` holds, or that file's path.
public enum Credentials: Sendable {
  /// For a service: each credential that is named must be there.
  case inDirectory(String?)
  /// For commands beside a service, which read the same settings file, are given no credentials and need none.
  case leftAlone

  /// Those that this process was given.
  public static func given(_ environment: [String: String]) -> Credentials {
    .inDirectory(environment["CREDENTIALS_DIRECTORY"])
  }

  private static let scheme = "credential:"

  static func isNamed(by text: String) -> Bool { text.hasPrefix(scheme) }

  /// What the setting is, if it is set to this text.
  func resolve(_ text: String, of name: SettingName) throws(SettingsError) -> String {
    guard let form = name.credentialForm, Self.isNamed(by: text), case .inDirectory(let directory) = self else {
      return text
    }
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

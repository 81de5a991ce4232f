public import Tokens

/// What somebody wants to do.
public enum Need: Sendable, Hashable, CaseIterable {
  /// Send a file.
  case upload
  /// Cancel, delete or retry a job.
  case change
  /// See jobs, be told of them, fetch MP3s.
  case download
  /// See, make and revoke API tokens.
  case tokens
  /// See the hosts; see, add and change users.
  case administer
  /// Ask for what concerns nobody but the caller, as the quota.
  case own
}

/// Who may do what: the decision alone. Whose job it is, the routes look at.
public struct AccessRules: Sendable {
  public enum Verdict: Sendable, Equatable {
    case admitted
    /// The user may not, whatever token comes.
    case refused(String)
    /// The user may, with a token that has this scope.
    case lacking(Scope)
  }

  /// The setting `upload-by`; the system that mp3spool replaces has admins only.
  public let usersMayUpload: Bool

  public init(usersMayUpload: Bool = false) { self.usersMayUpload = usersMayUpload }

  public func verdict(on caller: Caller, wanting need: Need) -> Verdict {
    switch need {
    case .upload:
      guard usersMayUpload || caller.isAdminUser else { return .refused("only admins may upload") }
      return scope(.upload, of: caller)
    case .change: return scope(.upload, of: caller)
    case .download: return scope(.download, of: caller)
    // Everybody may manage the own tokens after a login; a token that makes tokens is an admin's matter.
    case .tokens: return caller.isLogin ? .admitted : scope(.admin, of: caller)
    case .administer:
      guard caller.isAdminUser else { return .refused("only admins may do this") }
      return scope(.admin, of: caller)
    case .own: return .admitted
    }
  }

  private func scope(_ scope: Scope, of caller: Caller) -> Verdict {
    caller.scopes.contains(scope) ? .admitted : .lacking(scope)
  }
}

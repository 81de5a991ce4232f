import AuthService
import Foundation
import Settings
import Telemetry

/// Notes in the audit log what commands do to accounts and jobs, in the name of the operating system's user.
enum CommandAudit {
  static func note(
    _ event: AuditEvent, account: String? = nil, fid: String? = nil, token: String? = nil,
    webhook: String? = nil, _ settings: Settings
  ) {
    // Such a command has set up no log before, and notes one thing before it ends.
    settings.bootstrapTelemetry()
    AuditLog(Telemetry.logger("audit")).note(
      AuditEntry(
        event, user: "os:\(NSUserName())", address: "command", account: account, fid: fid, token: token,
        webhook: webhook))
  }
}

import ArgumentParser
import Settings

struct ConfigCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "config", abstract: "Show all settings as they are read now, and where each comes from.",
    discussion: """
      It refuses values that a service would refuse, and so tells before a reload or a restart; only certificates, \
      the mail server and credentials are tried by the service alone. Secrets are not shown. What the last column calls reload takes \
      effect at SIGHUP.
      """)

  @OptionGroup var common: CommonOptions

  func run() async throws {
    try await command {
      let parts = Parts(settings: try await common.settings())
      (_, _, _) = (try parts.conversionDefaults(), try parts.trustedProxies(), try parts.webhookGate())
      try parts.checkSharedSecret()
      let settings = parts.settings.effective
      if common.json { return try settings.forEach { try Output.json(View($0)) } }
      Output.table(
        [["SETTING", "VALUE", "FROM", "CHANGES AT"]]
          + settings.map { [$0.name.rawValue, $0.shown ?? "", $0.origin.rawValue, View($0).changesAt] })
    }
  }

  private struct View: Encodable {
    let setting: String
    let value: String?
    let from: String
    let changesAt: String

    init(_ setting: EffectiveSetting) {
      self.setting = setting.name.rawValue
      (value, from) = (setting.shown, setting.origin.rawValue)
      changesAt = setting.name.needsRestart ? "restart" : "reload"
    }
  }
}

import ArgumentParser
import AuthService
import Catalog
import Foundation
import Gateway
import Notices
import Spool
import Tokens
import WireFormats

struct WebhookCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "webhook", abstract: "Manage webhooks, and the log of webhooks and mails.",
    subcommands: [Add.self, List.self, Remove.self, Secret.self, Log.self, Resend.self])

  struct Add: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Have a URL told of the ends of an account's jobs; with the first one a signing secret is printed.")
    @Argument(help: "The account's email.") var email: String
    @Argument(help: "The URL.") var url: String
    @OptionGroup var common: CommonOptions

    func run() async throws {
      try await command {
        let settings = try await common.settings()
        let parts = Parts(settings: settings)
        let catalog = try parts.existingCatalog()
        let owner = try await catalog.existingUser(email)
        let url: String
        do { url = try await parts.webhookGate().check(self.url, of: owner).description } catch {
          throw Problem.usage("no webhook can go to this URL: \(error)")
        }
        let (webhook, secret) = try await catalog.addWebhook(url, of: owner)
        CommandAudit.note(.webhookAdded, account: owner, webhook: webhook.id, settings)
        if common.json { return try Output.json(WebhookView(webhook, secret: secret)) }
        Output.line(secret?.text ?? webhook.id)
        Output.note("added the webhook \(webhook.id)\(secret == nil ? "" : "; its signing secret is not shown again")")
      }
    }
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the webhooks of one account, or of all.")
    @Argument(help: "The account's email.") var email: String?
    @OptionGroup var common: CommonOptions

    func run() async throws {
      try await command {
        let webhooks = try await Parts(settings: try await common.settings()).existingCatalog().webhooks(of: email)
        if common.json { return try webhooks.forEach { try Output.json(WebhookView($0)) } }
        Output.table(
          [["ID", "OWNER", "MADE", "ENDED", "URL"]]
            + webhooks.map { [$0.id, $0.owner, $0.createdAt.readable, $0.endedAt?.readable ?? "never", $0.url] })
      }
    }
  }

  struct Remove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Remove a webhook, with what was to be told to it.")
    @Argument(help: "The webhook's id, as `webhook list` shows it.") var id: String
    @OptionGroup var common: CommonOptions

    func run() async throws {
      try await command {
        let settings = try await common.settings()
        try await Parts(settings: settings).existingCatalog().removeWebhook(id)
        CommandAudit.note(.webhookRemoved, webhook: id, settings)
      }
    }
  }

  struct Secret: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Give an account a new signing secret, in the place of the old one; it cannot be shown again.")
    @Argument(help: "The account's email.") var email: String
    @OptionGroup var common: CommonOptions

    func run() async throws {
      try await command {
        let settings = try await common.settings()
        let catalog = try Parts(settings: settings).existingCatalog()
        let owner = try await catalog.existingUser(email)
        let secret = try await catalog.renewWebhookSecret(of: owner)
        CommandAudit.note(.webhookSecretMade, account: owner, settings)
        if common.json { try Output.json(["secret": secret.text]) } else { Output.line(secret.text) }
      }
    }
  }

  struct Log: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Show what was sent, or will be, newest first.")
    @Option(help: "Only of this account.") var owner: String?
    @Option(help: "Only to the webhook of this id.") var webhook: String?
    @Option(help: "Only about the job of this fid.") var fid: String?
    @Option(help: "Only those that are: waiting, delivered, given-up.") var state: String?
    @Option(help: "How many at most.") var limit = 50
    @OptionGroup var common: CommonOptions

    func run() async throws {
      try await command {
        let filter = try filter()
        let catalog = try Parts(settings: try await common.settings()).existingCatalog()
        let deliveries = try await catalog.deliveries(filter, limit: limit)
        if common.json { return try deliveries.forEach { try Output.json(DeliveryView($0)) } }
        Output.table([["NUMBER", "STATE", "TRIES", "LAST", "EVENT", "FID", "TO", "SAID"]] + deliveries.map(\.row))
      }
    }

    private func filter() throws -> DeliveryFilter {
      let wanted = state.flatMap { Delivery.State(rawValue: $0) }
      guard state == nil || wanted != nil else {
        throw Problem.usage("the states are \(Delivery.State.allCases.map(\.rawValue).joined(separator: ", "))")
      }
      return DeliveryFilter(owner: owner, webhook: webhook, job: try fid.map(JobID.named), state: wanted)
    }
  }

  struct Resend: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Have a delivery sent again by the running service, with all its tries.")
    @Argument(help: "The delivery's number, as `webhook log` shows it.") var number: Int64
    @OptionGroup var common: CommonOptions

    func run() async throws {
      try await command {
        let settings = try await common.settings()
        try await Parts(settings: settings).existingCatalog().resend(number)
        CommandAudit.note(.deliveryResent, settings)
      }
    }
  }
}

extension Catalog {
  /// The email as it was written when the user was added, which is what jobs are owned by.
  fileprivate func existingUser(_ email: String) async throws -> String {
    guard let user = try await user(email: email) else { throw Problem.usage("There is no user \(email).") }
    return user.email
  }
}

extension Delivery {
  fileprivate var row: [String] {
    [
      "\(number)", state.rawValue, "\(tries)", lastAt?.readable ?? "never", event, job.map { "\($0)" } ?? "-", target,
      lastError ?? lastStatus.map { "\($0)" } ?? "",
    ]
  }
}

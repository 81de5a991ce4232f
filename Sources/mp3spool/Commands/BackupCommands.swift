import ArgumentParser
import Catalog
import DurableFiles
import Foundation
import Keeper
import Settings
import Spool
import SystemPackage
import Telemetry
import Tokens

struct BackupCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "backup", abstract: "Copy the database while it is in use: accounts, keys and index.",
    discussion: """
      The copy is one file that only its owner may read: it holds hashes of passwords, signing keys and the secrets of \
      webhooks. Keep it as you keep those. It is checked before it gets its name; a former backup of that name is replaced, \
      any other file is not. The spool's files are no part of it.
      """)

  @Flag(help: "Check a backup that is there, and say what it holds.") var check = false
  @Argument(help: "The file to write, or to check.", completion: .file()) var file: String
  @OptionGroup var common: CommonOptions

  func run() async throws {
    try await command {
      let contents =
        check
        ? try Catalog.contents(ofBackup: FilePath(file))
        : try await Parts(settings: try await common.settings()).existingCatalog().backup(to: FilePath(file))
      if common.json { try Output.json(contents) } else { Output.line(contents.sentence) }
    }
  }
}

struct RestoreCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "restore", abstract: "Put a backup in the place of the database, and index the spool.",
    discussion: """
      Stop the services that use the database before, and start them after it; converters of other hosts may go on. Run it \
      as the user that they run as. The backup is checked first. The database that was there is kept beside the new one. \
      Jobs come from the spool, also those that are younger than the backup. What is not in the spool is as it was in the \
      backup: accounts, passwords, tokens, webhooks, quotas and keys. Tokens that were revoked since, accounts that were \
      disabled, and keys that were replaced, are valid again.
      """)

  @Argument(help: "The backup.", completion: .file()) var file: String
  @Flag(help: "Replace also a database that is too damaged to tell whether it is in use.") var force = false
  @OptionGroup var common: CommonOptions

  /// For programs. What the index says is left out where there is an `error`: the database is replaced all the same.
  private struct Outcome: Encodable {
    let backup: BackupContents
    let former: String?
    var jobs: Int?
    var changed: Int?
    var ownersWithoutAccount: [OwnerView]?
    var error: String?

    init(_ restoration: Restoration) {
      (backup, former) = (restoration.contents, restoration.former?.string)
    }
  }

  func run() async throws {
    try await command {
      let parts = Parts(settings: try await common.settings())
      Telemetry.bootstrap(level: "warning")
      // Whoever may not restore it, or has nothing to restore, leaves no lock and no directory.
      try parts.requireSpool()
      try Catalog.requireRestorable(FilePath(file), to: parts.settings.database)
      let spool = try parts.existingSpool()
      let lock = try parts.ownIndex {
        .temporary("the database \($0) is in use; stop the services that use it, then try again")
      }
      let restoration = try Catalog.restore(FilePath(file), to: parts.settings.database, overDamaged: force)
      if !common.json { tell(restoration) }
      try await index(parts, spool, restoration)
      _ = consume lock
    }
  }

  private func tell(_ restoration: Restoration) {
    Output.line("restored \(restoration.contents.sentence)")
    if let former = restoration.former { Output.line("the former database is kept as \(former)") }
  }

  /// A crash from here on costs nothing: a service compares the index with the spool at its start.
  private func index(_ parts: Parts, _ spool: Spool, _ restoration: Restoration) async throws {
    var outcome = Outcome(restoration)
    do {
      let catalog = try parts.catalog(ownsIndex: true)
      _ = try await parts.sidecarSigner(catalog, spool)
      let changed = try await Indexer(spool: spool, catalog: catalog, logger: Telemetry.logger("restore")).scan()
      let jobs = try await catalog.jobCounts().values.reduce(0, +)
      let strangers = try await parts.ownersWithoutAccount(catalog)
      (outcome.jobs, outcome.changed, outcome.ownersWithoutAccount) = (jobs, changed, strangers)
      if !common.json { tell(jobs, changed, strangers) }
    } catch {
      outcome.error = Problem(error).sentence
      if common.json { try Output.json(outcome) }
      throw error
    }
    if common.json { try Output.json(outcome) }
  }

  private func tell(_ jobs: Int, _ changed: Int, _ strangers: [OwnerView]) {
    Output.line("the index has \(Readable.count(jobs, "job")), of which \(changed) were not as in the backup")
    OwnerView.tell(strangers)
  }
}

struct ReindexCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reindex", abstract: "Build the index of jobs anew from the spool.",
    discussion: """
      It may run beside the services: each job stays listed, as it was or as it is. Accounts and keys stay as they are. \
      Without a backup this gives a new database all jobs, but no accounts: jobs belong \
      to emails, so that accounts that are added with the same emails have them again.
      """)

  @OptionGroup var common: CommonOptions

  private struct Outcome: Encodable {
    let jobs: Int
    let ownersWithoutAccount: [OwnerView]
  }

  func run() async throws {
    try await command {
      let parts = Parts(settings: try await common.settings())
      Telemetry.bootstrap(level: "warning")
      let (spool, catalog) = (try parts.existingSpool(), try parts.catalog())
      let indexer = Indexer(spool: spool, catalog: catalog, logger: Telemetry.logger("reindex"))
      let count = try await indexer.rebuild()
      let strangers = try await parts.ownersWithoutAccount(catalog)
      if common.json {
        try Output.json(Outcome(jobs: count, ownersWithoutAccount: strangers))
      } else {
        Output.line("the index has \(Readable.count(count, "job"))")
        OwnerView.tell(strangers)
      }
    }
  }
}

/// Somebody who has jobs and could not log in to fetch them.
private struct OwnerView: Encodable {
  let owner: String
  let jobs: Int

  private static let shown = 10

  static func tell(_ owners: [OwnerView]) {
    guard !owners.isEmpty else { return }
    Output.note("owners of jobs who have no account; 'mp3spool user add EMAIL' gives them their jobs again:")
    for owner in owners.prefix(shown) { Output.note("  \(owner.owner) (\(Readable.count(owner.jobs, "job")))") }
    if owners.count > shown { Output.note("  and \(Readable.count(owners.count - shown, "other"))") }
  }
}

extension Parts {
  /// None where the accounts are another service's.
  fileprivate func ownersWithoutAccount(_ catalog: Catalog) async throws -> [OwnerView] {
    guard settings.authService == nil else { return [] }
    return try await catalog.ownersWithoutAccount().map { OwnerView(owner: $0.owner, jobs: $0.jobs) }
  }
}

extension BackupContents {
  /// For people.
  fileprivate var sentence: String {
    let parts = [
      (users, "account"), (apiTokens, "API token"), (webhooks, "webhook"), (quotas, "quota"), (signingKeys, "key"),
    ].map(Readable.count)
    let time = madeAt.map { "made at \($0.formatted(.iso8601))" } ?? "of an unknown time"
    return
      "a backup \(time): \(parts.joined(separator: ", ")), an index of \(Readable.count(jobs, "job")), schema \(schema)"
  }
}

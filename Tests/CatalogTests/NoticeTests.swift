import Foundation
import GRDB
import Spool
import Testing
import Tokens

@testable import Catalog

/// Who is told of the end of a job, and that it is told once.
@Suite struct NoticeTests {
  let directory: TemporaryDirectory
  let catalog: Catalog
  let owner = "ann@example.org"

  init() throws {
    directory = try TemporaryDirectory()
    catalog = try directory.catalog()
  }

  /// What was made for whom: kind, target and event, oldest first.
  private func told() async throws -> [String] {
    try await catalog.deliveries().reversed().map { "\($0.kind) \($0.target) \($0.event)" }
  }

  @Test func theEndOfAJobIsToldToAllThatAskedForIt() async throws {
    _ = try await catalog.addWebhook("https://a.example/", of: owner)
    _ = try await catalog.addWebhook("https://b.example/", of: owner)
    _ = try await catalog.addWebhook("https://c.example/", of: "bob@example.org")
    try await catalog.setWantsMail(owner, true)
    let job = try JobRecord.waiting(1)
    try await catalog.upsert(job)
    try await catalog.upsert(job.moved(to: .active, attempt: 0))
    #expect(try await told() == [])
    try await catalog.upsert(job.moved(to: .done, attempt: 0))
    #expect(
      Set(try await told()) == [
        "webhook https://a.example/ done", "webhook https://b.example/ done", "mail ann@example.org done",
      ])
    let delivery = try #require(try await catalog.deliveries().last)
    #expect((delivery.job, delivery.owner, delivery.state) == (job.id, owner, .waiting))
    #expect(delivery.id.utf8.count == 32)
  }

  @Test func aJobThatComesAsEndedIsToldAndOneThatIsToldStaysSo() async throws {
    _ = try await catalog.addWebhook("https://a.example/", of: owner)
    let job = try JobRecord.waiting(1).moved(to: .failed, attempt: 2)
    try await catalog.upsert(job)
    try await catalog.upsert(job)
    #expect(try await told().count == 1)
    // An index that is built anew is no news, nor is one where the job was out of sight.
    try await catalog.emptyIndex()
    try await catalog.upsert(job)
    try await catalog.expire(job.id)
    try await catalog.upsert(job)
    #expect(try await told().count == 1)
    // Another attempt is.
    try await catalog.upsert(job.moved(to: .waiting, attempt: 3))
    try await catalog.upsert(job.moved(to: .done, attempt: 3))
    #expect(try await told() == ["webhook https://a.example/ failed", "webhook https://a.example/ done"])
  }

  /// The log is shorter than a person's memory: what it has forgotten must not come up again.
  @Test func whatTheLogHasForgottenIsNotToldAgain() async throws {
    _ = try await catalog.addWebhook("https://a.example/", of: owner)
    let job = try JobRecord.waiting(1).moved(to: .done, attempt: 0)
    try await catalog.upsert(job)
    let delivery = try #require(try await catalog.deliveries().first)
    try await catalog.settle(delivery, DeliveryOutcome(.delivered, status: 204))
    try await catalog.forgetNotices(now: .now + 40 * 86_400)
    #expect(try await told() == [])
    try await catalog.emptyIndex()
    try await catalog.upsert(job)
    #expect(try await told() == [])
  }

  @Test func anEndOfLongAgoIsNoNews() async throws {
    _ = try await catalog.addWebhook("https://a.example/", of: owner)
    for (number, age) in [(1, 8.0), (2, 6)] {
      var job = try JobRecord.waiting(number).moved(to: .done, attempt: 0)
      job.finishedAt = .now - age * 86_400
      try await catalog.upsert(job)
    }
    #expect(try await catalog.deliveries().map(\.job) == [try JobRecord.waiting(2).id])
  }

  @Test func whatEndedBeforeSomebodyAskedIsNotTold() async throws {
    let job = try JobRecord.waiting(1).moved(to: .done, attempt: 0)
    try await catalog.upsert(job)
    _ = try await catalog.addWebhook("https://a.example/", of: owner)
    try await catalog.emptyIndex()
    try await catalog.upsert(job)
    #expect(try await told() == [])
  }

  /// A database of the version before has jobs, and no memory of their ends.
  @Test func whatEndedBeforeTheUpdateIsNotTold() async throws {
    let job = try JobRecord.waiting(1).moved(to: .done, attempt: 0)
    try await catalog.upsert(job)
    try await catalog.pool.write { db in
      for table in ["deliveries", "ended_jobs", "notice_wishes", "webhooks", "notice_accounts"] {
        try db.execute(sql: "DROP TABLE \(table)")
      }
      try db.execute(sql: "DROP TRIGGER job_ended; DROP TRIGGER job_came_ended")
      try db.execute(sql: "DELETE FROM grdb_migrations WHERE identifier = 'notices'")
    }
    let updated = try directory.catalog()
    _ = try await updated.addWebhook("https://a.example/", of: owner)
    try await updated.emptyIndex()
    try await updated.upsert(job)
    #expect(try await updated.deliveries().isEmpty)
    try await updated.upsert(try JobRecord.waiting(2).moved(to: .done, attempt: 0))
    #expect(try await updated.deliveries().count == 1)
  }

  @Test func aWishOfAnUploadGoesBeyondWhatItsOwnerWants() async throws {
    _ = try await catalog.addWebhook("https://a.example/", of: owner)
    try await catalog.setWantsMail(owner, true)
    let jobs = try (1...4).map { try JobRecord.waiting($0) }
    try await catalog.note(NoticeWish(webhook: "https://own.example/", mail: false), for: jobs[0].id)
    // The owner's own webhook is told once.
    try await catalog.note(NoticeWish(webhook: "https://a.example/"), for: jobs[1].id)
    try await catalog.note(NoticeWish(), for: jobs[2].id)
    for job in jobs[..<3] { try await catalog.upsert(job.moved(to: .done, attempt: 0)) }
    let told = try await catalog.deliveries().map {
      "\($0.target) \($0.job == jobs[0].id ? 1 : $0.job == jobs[1].id ? 2 : 3)"
    }
    #expect(
      told.sorted() == [
        "ann@example.org 2", "ann@example.org 3", "https://a.example/ 1", "https://a.example/ 2",
        "https://a.example/ 3",
        "https://own.example/ 1",
      ])
    try await catalog.setWantsMail(owner, false)
    try await catalog.note(NoticeWish(mail: true), for: jobs[3].id)
    try await catalog.upsert(jobs[3].moved(to: .failed, attempt: 0))
    #expect(try await catalog.deliveries().filter { $0.kind == .mail && $0.job == jobs[3].id }.count == 1)
  }

  @Test func aWishForAJobThatHasEndedIsGrantedAtOnce() async throws {
    let job = try JobRecord.waiting(1).moved(to: .done, attempt: 0)
    try await catalog.upsert(job)
    try await catalog.note(NoticeWish(webhook: "https://own.example/", mail: true), for: job.id)
    #expect(try await told() == ["webhook https://own.example/ done", "mail ann@example.org done"])
  }

  @Test func nobodyIsToldForAnOwnerWithoutMailOrWithADisabledAccount() async throws {
    try await catalog.setWantsMail("drop", true)
    try await catalog.upsert(try JobRecord.waiting(1, owner: "drop").moved(to: .done, attempt: 0))
    _ = try await catalog.addUser(email: owner, password: "long enough", isAdmin: false)
    _ = try await catalog.addWebhook("https://a.example/", of: owner)
    try await catalog.setDisabled(email: owner, true)
    try await catalog.upsert(try JobRecord.waiting(2).moved(to: .done, attempt: 0))
    #expect(try await told() == [])
  }

  @Test func aDeliveryHasTheJobAsItWasWhenItEnded() async throws {
    _ = try await catalog.addWebhook("https://a.example/", of: owner)
    let job = try JobRecord.full()
    try await catalog.upsert(job)
    try await catalog.expire(job.id)
    let due = try #require(try await catalog.dueDeliveries(limit: 10, share: 2).first)
    #expect(due.record == job)
    #expect(due.secret?.text.utf8.count == 43)
  }

  // MARK: - Webhooks

  @Test func theSecretIsShownWhenItIsMadeAndIsOneForAllWebhooks() async throws {
    #expect(try await !catalog.hasWebhookSecret(owner))
    let first = try #require(try await catalog.addWebhook("https://a.example/", of: owner).secret)
    #expect(try await catalog.addWebhook("https://b.example/", of: owner).secret == nil)
    #expect(try await catalog.hasWebhookSecret(owner))
    let second = try await catalog.renewWebhookSecret(of: owner)
    #expect(second != first)
    try await catalog.upsert(try JobRecord.waiting(1).moved(to: .done, attempt: 0))
    #expect(try await catalog.dueDeliveries(limit: 10, share: 2).map(\.secret) == [second, second])
  }

  @Test func anOwnerHasSoManyWebhooksAndEachURLOnce() async throws {
    for number in 1...Webhook.countLimit { _ = try await catalog.addWebhook("https://a.example/\(number)", of: owner) }
    #expect(
      await refusal { () async throws(CatalogError) in
        _ = try await catalog.addWebhook("https://a.example/21", of: owner)
      } == .surplusWebhook)
    #expect(
      await refusal { () async throws(CatalogError) in
        _ = try await catalog.addWebhook("https://a.example/1", of: owner)
      } == .surplusWebhook)
    _ = try await catalog.addWebhook("https://a.example/1", of: "bob@example.org")
    #expect(try await catalog.webhooks(of: owner).count == Webhook.countLimit)
    #expect(try await catalog.webhooks().count == Webhook.countLimit + 1)
  }

  @Test func othersWebhooksAndDeliveriesDoNotExist() async throws {
    let id = try await catalog.addWebhook("https://a.example/", of: owner).webhook.id
    let number = try await catalog.ping(id, of: owner)
    let bob = "bob@example.org"
    #expect(
      await refusal { () async throws(CatalogError) in try await catalog.removeWebhook(id, of: bob) } == .unknownWebhook
    )
    #expect(
      await refusal { () async throws(CatalogError) in _ = try await catalog.ping(id, of: bob) } == .unknownWebhook)
    #expect(
      await refusal { () async throws(CatalogError) in try await catalog.resend(number, of: bob) } == .unknownDelivery)
    #expect(try await catalog.deliveries(DeliveryFilter(owner: bob)).isEmpty)
    try await catalog.resend(number, of: owner)
    try await catalog.removeWebhook(id, of: owner)
  }

  @Test func withAWebhookGoesWhatWasToBeToldToIt() async throws {
    let id = try await catalog.addWebhook("https://a.example/", of: owner).webhook.id
    let number = try await catalog.ping(id)
    try await catalog.removeWebhook(id)
    #expect(try await catalog.deliveries().map(\.state) == [.givenUp])
    #expect(await refusal { () async throws(CatalogError) in try await catalog.resend(number) } == .lostDelivery)
    #expect(await refusal { () async throws(CatalogError) in try await catalog.removeWebhook(id) } == .unknownWebhook)
  }

  @Test func aWebhookThatItsReceiverEndedIsToldNothingUntilItIsAddedAgain() async throws {
    let webhook = try await catalog.addWebhook("https://a.example/", of: owner).webhook
    try await catalog.endWebhook(webhook.id)
    try await catalog.upsert(try JobRecord.waiting(1).moved(to: .done, attempt: 0))
    #expect(try await told() == [])
    #expect(
      await refusal { () async throws(CatalogError) in _ = try await catalog.ping(webhook.id) } == .unknownWebhook)
    #expect(try await catalog.addWebhook("https://a.example/", of: owner).webhook.id == webhook.id)
    try await catalog.upsert(try JobRecord.waiting(2).moved(to: .done, attempt: 0))
    #expect(try await told().count == 1)
  }

  // MARK: - Sending

  @Test func aDeliveryIsDueWhenItsTimeHasComeAndGoesIntoTheLog() async throws {
    let id = try await catalog.addWebhook("https://a.example/", of: owner).webhook.id
    let number = try await catalog.ping(id)
    let due = try #require(try await catalog.dueDeliveries(limit: 10, share: 2).first?.delivery)
    #expect((due.number, due.tries, due.event, due.job) == (number, 0, "ping", nil))
    #expect(try await catalog.dueDeliveries(limit: 10, share: 2, except: [number]).isEmpty)
    let later = Date(timeIntervalSinceNow: 60)
    try await catalog.settle(due, DeliveryOutcome(.again(at: later), status: 500, error: "no"))
    #expect(try await catalog.dueDeliveries(limit: 10, share: 2).isEmpty)
    let again = try #require(try await catalog.dueDeliveries(now: later + 1, limit: 10, share: 2).first?.delivery)
    #expect((again.id, again.tries, again.lastStatus, again.lastError) == (due.id, 1, 500, "no"))
    try await catalog.settle(again, DeliveryOutcome(.givenUp, error: "enough"))
    let ended = try #require(try await catalog.deliveries(DeliveryFilter(state: .givenUp)).first)
    #expect((ended.tries, ended.lastStatus, ended.nextAt) == (2, nil, nil))
    try await catalog.resend(number)
    #expect(try await catalog.dueDeliveries(limit: 10, share: 2).map(\.delivery.tries) == [0])
  }

  @Test func whoeverAsksForItAgainWinsOverATryThatEnds() async throws {
    let id = try await catalog.addWebhook("https://a.example/", of: owner).webhook.id
    let number = try await catalog.ping(id)
    let due = try #require(try await catalog.dueDeliveries(limit: 10, share: 2).first?.delivery)
    try await catalog.pool.write { db in try db.execute(sql: "UPDATE deliveries SET next_at = 1") }
    try await catalog.settle(due, DeliveryOutcome(.givenUp))
    #expect(try await catalog.deliveries().map(\.state) == [.waiting])
    try await catalog.resend(number)
  }

  @Test func aThousandOfOneDoNotHideAnothersSingleOne() async throws {
    _ = try await catalog.addWebhook("https://a.example/", of: owner)
    _ = try await catalog.addWebhook("https://b.example/", of: "bob@example.org")
    try await catalog.upsert(try (1...1000).map { try JobRecord.waiting($0).moved(to: .done, attempt: 0) })
    try await catalog.upsert(try JobRecord.waiting(1001, owner: "bob@example.org").moved(to: .done, attempt: 0))
    let due = try await catalog.dueDeliveries(limit: 10, share: 2).map(\.delivery.owner)
    #expect(due.sorted() == [owner, owner, "bob@example.org"])
  }

  @Test func theLogComesInPages() async throws {
    let id = try await catalog.addWebhook("https://a.example/", of: owner).webhook.id
    var numbers: [Int64] = []
    for _ in 1...5 { numbers.append(try await catalog.ping(id)) }
    #expect(try await catalog.deliveries(limit: 2).map(\.number) == [numbers[4], numbers[3]])
    #expect(try await catalog.deliveries(limit: 2, before: numbers[3]).map(\.number) == [numbers[2], numbers[1]])
    #expect(try await catalog.deliveries(DeliveryFilter(webhook: "x")).isEmpty)
    #expect(try await catalog.deliveries(DeliveryFilter(owner: owner, webhook: id, state: .waiting)).count == 5)
  }
}

import Dispatch
import Foundation
import Spool
import Synchronization
import Testing
import Tokens
import WireFormats

@testable import Catalog
@testable import Notices

struct WebhookGateTests {
  /// What a name means each time that somebody looks; the last of it from then on.
  private final class Name: Sendable {
    private let addresses: Mutex<[String]>

    init(_ addresses: String...) { self.addresses = Mutex(addresses) }

    func look() -> IPAddress? {
      addresses.withLock { IPAddress($0.count > 1 ? $0.removeFirst() : $0[0]) }
    }
  }

  private final class Refusals: Sendable {
    let count = Atomic(0)
  }

  private func sender(_ gate: WebhookGate) -> WebhookSender {
    let content = NoticeContent(
      view: { "\($0.id)" }, json: { try JSONEncoder().encode($0).map(\.self) }, links: LinkSigner(key: SigningKey()),
      address: nil)
    return WebhookSender(gate: gate, content: content, userAgent: "test")
  }

  /// A ping to this URL.
  private func ping(_ url: String) -> DueDelivery {
    let delivery = Delivery(
      number: 1, id: "1", kind: .webhook, webhook: "1", target: url, owner: "ann@example.org", job: nil, event: "ping",
      state: .waiting, tries: 0, nextAt: .now, lastAt: nil, lastStatus: nil, lastError: nil, createdAt: .now)
    return DueDelivery(delivery: delivery, record: nil, secret: WebhookSecret())
  }

  /// DNS rebinding: whoever owns a name can have it mean this network once it was looked at.
  @Test(arguments: ["127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "fd00::1", "::ffff:127.0.0.1"])
  func nameThatMeansAnotherAddressAtDeliveryIsRefused(later: String) async throws {
    let name = Name("93.184.215.14", later)
    let gate = WebhookGate(AddressRules()) { _ in name.look() }
    let url = "https://hook.example.org/x"
    #expect(try await gate.check(url, of: "ann@example.org").description == url)
    guard case .failed(nil, let sentence) = await sender(gate).send(ping(url)) else {
      Issue.record("it was sent")
      return
    }
    #expect(sentence.hasPrefix("the host hook.example.org has an address that is not public"), "\(sentence)")
  }

  @Test func addressThatWasLookedAtIsTheOneThatIsUsed() async throws {
    let name = Name("93.184.215.14", "127.0.0.1")
    let gate = WebhookGate(AddressRules()) { _ in name.look() }
    let address = try await gate.address(of: WebhookURL(parsing: "https://hook.example.org/x"))
    #expect(address.description == "93.184.215.14")
  }

  /// A name server that does not answer holds a thread for many seconds, and anybody can name one.
  @Test(.timeLimit(.minutes(5))) func onesSlowNamesKeepNobodyElseWaiting() async throws {
    let door = DispatchSemaphore(value: 0)
    let gate = WebhookGate(AddressRules()) { url in
      if url.host == "slow.example.org" { door.wait() }
      return IPAddress("93.184.215.14")
    }
    // One is looked up, 16 wait, and the rest are told to come again.
    let refusals = Refusals()
    let slow = (0..<40).map { _ in
      Task {
        do { _ = try await gate.check("https://slow.example.org/", of: "mallory@example.org") } catch {
          if (error as? WebhookRefusal)?.isOfCrowd ?? false { refusals.count.add(1, ordering: .relaxed) }
        }
      }
    }
    while refusals.count.load(ordering: .relaxed) < 23 { try await Task.sleep(for: .milliseconds(5)) }
    _ = try await gate.check("https://hook.example.org/", of: "ann@example.org")
    _ = try await gate.address(of: WebhookURL(parsing: "https://hook.example.org/"))
    for _ in slow { door.signal() }
    for task in slow { await task.value }
    #expect(refusals.count.load(ordering: .relaxed) == 23)
  }

  @Test func nameThatIsNotFoundIsTriedAgain() async throws {
    let gate = WebhookGate(AddressRules()) { _ in nil }
    let answer = await sender(gate).send(ping("https://hook.example.org/x"))
    #expect(answer == .failed(status: nil, "the host hook.example.org cannot be found"))
  }
}

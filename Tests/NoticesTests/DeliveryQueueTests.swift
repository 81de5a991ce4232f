import Foundation
import Spool
import Testing

@testable import Catalog
@testable import Notices

@Suite struct DeliveryQueueTests {
  private func due(_ number: Int64, of owner: String, to target: String, _ kind: Delivery.Kind = .webhook)
    -> DueDelivery
  {
    DueDelivery(
      delivery: Delivery(
        number: number, id: "\(number)", kind: kind, webhook: nil, target: target, owner: owner, job: nil,
        event: "ping",
        state: .waiting, tries: 0, nextAt: .now, lastAt: nil, lastStatus: nil, lastError: nil, createdAt: .now),
      record: nil, secret: nil)
  }

  @Test func oneOwnerAndOneTargetHaveTheirShare() {
    var queue = DeliveryQueue()
    let waiting = [
      due(1, of: "ann", to: "a"), due(2, of: "ann", to: "b"), due(3, of: "ann", to: "c"), due(4, of: "bob", to: "a"),
      due(5, of: "cid", to: "a"), due(6, of: "cid", to: "d"),
    ]
    #expect(queue.admit(waiting).map(\.delivery.number) == [1, 2, 4, 6])
    #expect(queue.admit(waiting).isEmpty, "those on their way are not sent twice")
    queue.leave(1)
    #expect(queue.admit(Array(waiting.dropFirst())).map(\.delivery.number) == [3, 5])
  }

  @Test func allMailsGoToOnePlace() {
    var queue = DeliveryQueue()
    let waiting = (1...4).map { due($0, of: "owner \($0)", to: "address \($0)", .mail) }
    #expect(queue.admit(waiting).count == DeliveryQueue.share)
  }

  @Test func thereIsRoomForAFew() {
    var queue = DeliveryQueue()
    let waiting = (1...20).map { due($0, of: "owner \($0)", to: "target \($0)") }
    #expect(queue.admit(waiting).count == DeliveryQueue.width)
    #expect(queue.room == 0)
    queue.leave(1)
    #expect(queue.admit(waiting).map(\.delivery.number) == [1])
  }
}

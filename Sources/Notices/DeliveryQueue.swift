import Catalog

/// Which deliveries are on their way: a few in all, and fewer of one owner and to one target, so that a slow receiver
/// keeps nobody else waiting.
struct DeliveryQueue: Sendable {
  static let width = 8
  static let share = 2

  private(set) var underway: [Int64: Delivery] = [:]

  /// How many more may begin.
  var room: Int { Self.width - underway.count }

  /// Takes those of the due deliveries that may begin now, in their order.
  mutating func admit(_ due: [DueDelivery]) -> [DueDelivery] {
    var admitted: [DueDelivery] = []
    for item in due where room > 0 && mayBegin(item.delivery) {
      underway[item.delivery.number] = item.delivery
      admitted.append(item)
    }
    return admitted
  }

  mutating func leave(_ number: Int64) { underway[number] = nil }

  private func mayBegin(_ delivery: Delivery) -> Bool {
    guard underway[delivery.number] == nil else { return false }
    let (ofOwner, toPlace) = (
      underway.values.count { $0.owner == delivery.owner }, underway.values.count { $0.place == delivery.place }
    )
    return ofOwner < Self.share && toPlace < Self.share
  }
}

extension Delivery {
  /// What may be slow: a webhook's URL; for all mails the one server that takes them.
  fileprivate var place: String { kind == .mail ? "mail" : target }
}

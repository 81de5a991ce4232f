@testable import Decoder

/// What the service and its zygote say to each other, a child's report on its jail, and names that come from outside.
enum MessagesTarget {
  @Sendable static func run(_ bytes: [UInt8]) {
    if let order = ZygoteOrder(bytes) { require(ZygoteOrder(order.bytes) != nil, "an order can be written") }
    if let report = ZygoteReport(bytes) { require(report.bytes == bytes, "a report has one spelling") }
    if let report = JailReport(bytes) {
      require(JailReport(report.bytes) == report, "a report is written as it was read")
      require(!report.description.isEmpty, "a report has words")
    }
    var input = Portions(bytes)
    let (one, other) = (input.text(before: 0), input.text(before: 0))
    require(LanguageCode.areSame(one, other) == LanguageCode.areSame(other, one), "sameness has no direction")
    require(!FFmpegVersion(one).sentence(patched: [other]).isEmpty, "each version has a standing")
  }
}

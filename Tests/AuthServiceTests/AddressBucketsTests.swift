import Testing

@testable import AuthService

@Suite struct AddressBucketsTests {
  private let start = ContinuousClock.now

  @Test func aMinutesWorthMayComeAtOnce() {
    var buckets = AddressBuckets(perMinute: 30)
    for _ in 0..<30 { #expect(buckets.take("a", at: start) == nil) }
    #expect(buckets.take("a", at: start) == .seconds(2))
    #expect(buckets.take("a", at: start + .seconds(1)) == .seconds(1))
    #expect(buckets.take("a", at: start + .seconds(2)) == nil)
    #expect(buckets.take("a", at: start + .seconds(2)) == .seconds(2))
  }

  @Test func refusalsCostNothing() {
    var buckets = AddressBuckets(perMinute: 1)
    #expect(buckets.take("a", at: start) == nil)
    for _ in 0..<100 { #expect(buckets.take("a", at: start) == .seconds(60)) }
    #expect(buckets.take("a", at: start + .seconds(60)) == nil)
  }

  @Test func eachAddressHasItsOwn() {
    var buckets = AddressBuckets(perMinute: 1)
    #expect(buckets.take("a", at: start) == nil)
    #expect(buckets.take("b", at: start) == nil)
    #expect(buckets.take("a", at: start) != nil)
  }

  @Test func manyAddressesTakeBoundedMemoryAndTheEmptiestBucketIsKept() {
    var buckets = AddressBuckets(perMinute: 10, addressLimit: 100)
    for _ in 0..<10 { _ = buckets.take("busy", at: start) }
    for number in 0..<1000 {
      #expect(buckets.take("\(number)", at: start) == nil)
      #expect(buckets.count <= 100)
    }
    #expect(buckets.take("busy", at: start) != nil)
  }

  @Test func fullBucketsMakeRoom() {
    var buckets = AddressBuckets(perMinute: 60, addressLimit: 100)
    for number in 0..<100 { _ = buckets.take("\(number)", at: start) }
    _ = buckets.take("new", at: start + .seconds(1))
    #expect(buckets.count == 1)
  }
}

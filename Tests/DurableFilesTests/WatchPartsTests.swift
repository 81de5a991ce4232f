import Glibc
import SystemPackage
import Testing

@testable import DurableFiles

@Suite struct InotifyRecordTests {
  static func record(_ watch: Int32, _ mask: UInt32, name: String = "", length: Int) -> [UInt8] {
    let words = [UInt32(bitPattern: watch), mask, 0, UInt32(length)]
    let name = Array(name.utf8) + [UInt8](repeating: 0, count: length - name.utf8.count)
    return words.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word.littleEndian >> (8 * UInt32($0))) } }
      + name
  }

  @Test func eachRecordIsRead() {
    let bytes =
      Self.record(1, 8, name: "file.mp4", length: 16) + Self.record(-1, 0x4000, length: 0)
      + Self.record(2, 0x4000_0100, name: "d", length: 16)
    #expect(
      InotifyRecord.parse(bytes.span) == [
        InotifyRecord(watch: 1, mask: 8, component: "file.mp4"), InotifyRecord(watch: -1, mask: 0x4000, component: nil),
        InotifyRecord(watch: 2, mask: 0x4000_0100, component: "d"),
      ])
  }

  @Test func recordsThatAreCutAnywhereAreReadWithoutHarm() {
    let bytes = Self.record(1, 8, name: "file.mp4", length: 16)
    for length in 0..<bytes.count {
      #expect(InotifyRecord.parse(bytes.span.extracting(first: length)).count == (length < 16 ? 0 : 1))
    }
    #expect(InotifyRecord.parse(Self.record(1, 8, length: 0).span).first?.component == nil)
  }

  @Test func aFileThatIsOnlyCreatedTellsNothing() {
    #expect(DirectoryWatch.Kind(mask: UInt32(IN_CREATE)) == nil)
    #expect(DirectoryWatch.Kind(mask: UInt32(IN_CREATE) | UInt32(IN_ISDIR)) == .directoryMade)
  }
}

@Suite(.timeLimit(.minutes(5))) struct WatchBufferTests {
  static func event(_ number: Int) -> DirectoryWatch.Event {
    .changed(directory: "/", name: "\(number)", component: "x", kind: .closed)
  }

  @Test func eventsComeInOrder() async {
    let buffer = WatchBuffer(limit: 3)
    for number in 0..<3 { buffer.append(Self.event(number)) }
    buffer.finish()
    for number in 0..<3 { #expect(await buffer.next() == Self.event(number)) }
    #expect(await buffer.next() == nil)
  }

  @Test func oneTooManyTurnsAllIntoOneOverflow() async {
    let buffer = WatchBuffer(limit: 3)
    for number in 0..<4 { buffer.append(Self.event(number)) }
    buffer.append(Self.event(4))
    buffer.finish()
    #expect(await buffer.next() == .overflow)
    #expect(await buffer.next() == Self.event(4))
    #expect(await buffer.next() == nil)
  }

  @Test func anOverflowTakesThePlaceOfWhatItCovers() async {
    let buffer = WatchBuffer(limit: 3)
    buffer.append(Self.event(0))
    buffer.append(.overflow)
    buffer.append(.overflow)
    buffer.finish()
    #expect(await buffer.next() == .overflow)
    #expect(await buffer.next() == nil)
  }

  @Test func aListenerThatWaitsIsWoken() async {
    let buffer = WatchBuffer(limit: 3)
    async let first = buffer.next()
    buffer.append(Self.event(1))
    #expect(await first == Self.event(1))
    async let second = buffer.next()
    buffer.finish()
    #expect(await second == nil)
  }
}

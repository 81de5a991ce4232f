import NIOCore
import Testing

@testable import Gateway

@Suite struct BodyPortionTests {
  private func bytes(of portion: inout BodyPortion) -> [UInt8] { portion.take().flatMap { Array(buffer: $0) } }

  @Test func bytesKeepTheirOrderHoweverTheyCome() {
    var portion = BodyPortion()
    var sparse = ByteBufferAllocator().buffer(capacity: 4096)
    sparse.writeBytes([3, 4])
    portion.add(ByteBuffer(bytes: [1, 2]))
    portion.add(sparse)
    portion.add([0, 5, 6, 0][1...2])
    portion.add(ByteBuffer(bytes: [7]))
    portion.add([8])
    #expect(portion.byteCount == 8)
    #expect(bytes(of: &portion) == Array(1...8))
    #expect(portion.isEmpty)
  }

  /// A client that sends single bytes fills a network buffer with each.
  @Test func manySmallPiecesTakeNoMoreThanTheirBytes() {
    var portion = BodyPortion()
    for number in 0..<1000 {
      var sparse = ByteBufferAllocator().buffer(capacity: 64 << 10)
      sparse.writeInteger(UInt8(number % 251))
      portion.add(sparse)
    }
    #expect(portion.buffers.count == 1)
    #expect(portion.buffers[0].storageCapacity <= 2048)
    #expect(bytes(of: &portion) == (0..<1000).map { UInt8($0 % 251) })
  }

  @Test func aFullBufferIsNotCopied() {
    var portion = BodyPortion()
    let full = ByteBuffer(repeating: 7, count: 64 << 10)
    for _ in 0..<8 {
      #expect(!portion.isWorthACall)
      portion.add(full)
    }
    #expect(portion.isWorthACall)
    #expect(portion.buffers.count == 8)
    #expect(portion.take() == Array(repeating: full, count: 8))
    #expect(!portion.isWorthACall)
  }
}

import Glibc

/// The threads that encode, shared by all MP3s that are being made.
///
/// A lone MP3 uses all of them; several take turns, segment by segment. The threads are this object's own, none of Swift
/// concurrency's, and end with it: at once where they are idle, else after the segment that they are encoding.
public final class EncoderThreads: Sendable {
  /// How many there are.
  public let count: Int
  let desk = EncoderDesk(SegmentRota())

  /// Starts `count` threads, at least one.
  ///
  /// - Throws: where the host has no room for one of them; those that were started end.
  public init(count: Int) throws(EncoderError) {
    self.count = max(1, count)
    for _ in 0..<self.count { try EncoderThread.start(at: desk) }
  }

  deinit { desk.change { $0.end() } }

  /// A place for one more MP3.
  func openLane() -> EncoderLane {
    EncoderLane(self, desk)
  }
}

/// Whose segment is next, and what came of those that are encoded.
typealias SegmentRota = Rota<SegmentTask, Result<EncodedSegment, EncoderError>>

/// Where the threads take segments and put down what came of them.
typealias EncoderDesk = Monitor<SegmentRota>

/// One MP3's place at the desk. Dropping it cancels its work.
final class EncoderLane: Sendable {
  private let threads: EncoderThreads
  private let desk: EncoderDesk
  private let id: SegmentRota.LaneID

  fileprivate init(_ threads: EncoderThreads, _ desk: EncoderDesk) {
    self.threads = threads
    self.desk = desk
    id = desk.change { $0.open() }
  }

  deinit { desk.change { $0.close(id) } }

  /// How many segments this MP3 should have in memory, so that no thread idles and no memory is wasted: for a lone MP3 one for
  /// each thread, one waiting and one that is being filled; for many that share the threads correspondingly fewer.
  var allowance: Int {
    let lanes = desk.read { $0.laneCount }
    return (threads.count + lanes - 1) / lanes + 2
  }

  func submit(_ task: SegmentTask) {
    desk.change { $0.submit(task, as: task.number, to: id) }
  }

  /// Waits for what came of the segment `number`, which was submitted and is fetched once.
  func wait(for number: Int) throws(EncoderError) -> EncodedSegment {
    try desk.wait { $0.fetch(number, from: id) }.get()
  }
}

/// The life of one thread.
private enum EncoderThread {
  /// Starts a thread that works at `desk` until it is sent home.
  static func start(at desk: EncoderDesk) throws(EncoderError) {
    let context = unsafe Unmanaged.passRetained(desk)
    var thread = pthread_t()
    let code = unsafe pthread_create(
      &thread, nil,
      { context in
        guard let context = unsafe context else { return nil }
        EncoderThread.work(at: unsafe Unmanaged<EncoderDesk>.fromOpaque(context).takeRetainedValue())
        return nil
      }, context.toOpaque())
    guard code == 0 else {
      unsafe context.release()
      throw .noThread(code: code)
    }
    pthread_detach(thread)
  }

  private static func work(at desk: EncoderDesk) {
    while case .work(let turn) = desk.wait(until: { $0.next() }) {
      guard let outcome = outcome(of: turn, at: desk) else { continue }
      desk.change { $0.complete(turn, outcome) }
    }
  }

  /// Encodes a segment; nil where nobody wants it any more.
  private static func outcome(of turn: SegmentRota.Turn, at desk: EncoderDesk) -> Result<EncodedSegment, EncoderError>?
  {
    do throws(EncoderError) {
      let segment = try turn.work.run(isCancelled: { desk.read { !$0.isOpen(turn.lane) } })
      return segment.map { .success($0) }
    } catch {
      return .failure(error)
    }
  }
}

/// Who writes to which resumable upload in this process: one at a time.
///
/// | there is                                   | a newcomer                                                     |
/// |--------------------------------------------|----------------------------------------------------------------|
/// | no writer                                  | enters                                                         |
/// | a writer from which something came lately  | is locked out                                                  |
/// | a writer that has been silent for a while  | is locked out, and interrupts it: the next one will get in     |
///
/// The last row is for a client whose connection died without the server's being told, as when a phone changes networks:
/// it is back long before the dead connection is given up. An interrupted writer keeps what it has brought.
public struct UploadWriters: Sendable {
  /// One stay of one writer.
  public struct Ticket: Hashable, Sendable {
    public let id: JobID
    fileprivate let number: Int
  }

  public enum Entry: Sendable {
    case entered(Ticket)
    /// To be called where there is something: it ends the writer that is silent.
    case locked(interrupt: (@Sendable () -> Void)?)
  }

  /// How long a writer may be silent before somebody else may end it.
  public static let patience = Duration.seconds(5)

  private struct Writer {
    let ticket: Ticket
    var heardAt: ContinuousClock.Instant
    var interrupt: (@Sendable () -> Void)?
  }

  private var writers: [JobID: Writer] = [:]
  private var count = 0

  public init() {}

  public mutating func enter(_ id: JobID, at now: ContinuousClock.Instant) -> Entry {
    if let writer = writers[id] {
      return .locked(interrupt: now - writer.heardAt >= Self.patience ? writer.interrupt : nil)
    }
    count += 1
    let ticket = Ticket(id: id, number: count)
    writers[id] = Writer(ticket: ticket, heardAt: now)
    return .entered(ticket)
  }

  /// Says how the writer can be ended from outside.
  public mutating func set(interrupt: @escaping @Sendable () -> Void, for ticket: Ticket) {
    if writers[ticket.id]?.ticket == ticket { writers[ticket.id]?.interrupt = interrupt }
  }

  /// Something came from the writer.
  public mutating func hear(_ ticket: Ticket, at now: ContinuousClock.Instant) {
    if writers[ticket.id]?.ticket == ticket { writers[ticket.id]?.heardAt = now }
  }

  public mutating func leave(_ ticket: Ticket) {
    if writers[ticket.id]?.ticket == ticket { writers[ticket.id] = nil }
  }
}

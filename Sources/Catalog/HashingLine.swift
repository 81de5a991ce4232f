/// Who may hash now and who waits: the decisions of ``HashingThreads``, without its threads.
struct HashingLine<Job> {
  /// What is to be done about a job that arrives.
  enum Admission: Equatable {
    /// A thread is free for it.
    case start
    /// It waits until ``next()`` gives it out.
    case wait
    /// Too many wait already.
    case refuse
  }

  let threadLimit: Int
  let waitingLimit: Int
  private var running = 0
  private var waiting: [Job] = []

  init(threadLimit: Int, waitingLimit: Int) {
    self.threadLimit = threadLimit
    self.waitingLimit = waitingLimit
  }

  mutating func admit(_ job: Job) -> Admission {
    if running < threadLimit {
      running += 1
      return .start
    }
    guard waiting.count < waitingLimit else { return .refuse }
    waiting.append(job)
    return .wait
  }

  /// What a thread that has done its job does next, those first who came first; nil: it ends.
  mutating func next() -> Job? {
    guard waiting.isEmpty else { return waiting.removeFirst() }
    running -= 1
    return nil
  }
}

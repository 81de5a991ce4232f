import Foundation
import Testing

@testable import EndToEndTests
@testable import SpoolTrials

/// A `serve` that meets with one fault while a file is dropped and another is uploaded, and what follows.
struct ServiceTrial {
  private let scratch: Scratch
  private let fault: Fault?
  private var log: String { scratch.path("points") }

  /// Where the spool is alone: what SQLite does after a fault is its own affair, and tested by others.
  private var settings: [String: String] { ["MP3SPOOL_DATABASE": scratch.path("mp3spool.sqlite")] }
  private var story: String { fault.map(String.init) ?? "no fault" }

  static let dropped = "drop.mp4"
  static let uploaded = "upload.mp4"

  /// - Returns: the service's calls in the spool.
  @discardableResult
  static func run(_ fault: Fault? = nil) async throws -> [FaultPoint] {
    let clip = try await Clip.short.value
    return try await Scratch.use { scratch in
      try await Accounts.add(to: scratch)
      try FileManager.default.moveItem(
        atPath: scratch.spool.appending(path: "mp3spool.sqlite").path, toPath: scratch.path("mp3spool.sqlite"))
      try scratch.write(uploaded, clip)
      let trial = ServiceTrial(scratch: scratch, fault: fault)
      try await trial.run()
      return try Preload.points(in: trial.log)
    }
  }

  private func run() async throws {
    let service = await start()
    async let acknowledgement = upload(to: service)
    try drop()
    let isAcknowledged = await acknowledgement
    if let service, try await !hasHealed(service) {
      #expect(fault?.kind == .kill, "\(story) ended the service: \(service.command.log)")
    }
    await service?.stop()
    try await scratch.serve(settings) { next in
      let began = ContinuousClock.now
      try await eventually("both results after \(story)", within: .seconds(10)) {
        try await isDone(next, isAcknowledged)
      }
      Tally.noteRecovery(ContinuousClock.now - began)
      if !isAcknowledged { _ = try await next.ended(next.upload(scratch.path(Self.uploaded))) }
      try await expectEachOnce(next, isAcknowledged)
    }
    try await scratch.mp3spool("check", settings: settings)
  }

  /// The service with its fault; nil where that kept it from starting, of which it must say why.
  private func start() async -> Service? {
    let preload = Preload.environment(root: scratch.spool.path, log: log, fault)
    do { return try await Service.start(in: scratch, ["serve"], settings.merging(preload) { $1 }) } catch {
      #expect(fault?.kind == .kill || "\(error)".contains(/mp3spool: .*cannot .+/), "\(story): \(error)")
      return nil
    }
  }

  private func drop() throws {
    let folder = scratch.spool.appending(path: "incoming")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try FileManager.default.copyItem(
      at: scratch.directory.appending(path: Self.uploaded), to: folder.appending(path: Self.dropped))
  }

  /// Is the upload acknowledged? A service that has ended says nothing.
  private func upload(to service: Service?) async -> Bool {
    guard let service else { return false }
    let answer = try? await scratch.curl(
      "\(service.gateway)/upload", ["-F", "file=@\(scratch.path(Self.uploaded))", "-F", "duplicate=convert"],
      token: Accounts.adminToken)
    return answer?.status == 200
  }

  /// Waits until the service has done all without help, or has ended.
  private func hasHealed(_ service: Service) async throws -> Bool {
    try await eventually("an end of the jobs, or of the service, after \(story)") {
      guard service.command.process.isRunning else { return false }
      return (try? await isDone(service, false)) == true ? true : nil
    }
  }

  private func isDone(_ service: Service, _ isAcknowledged: Bool) async throws -> Bool {
    let jobs = try await service.jobs()
    let names = jobs.map(\.name)
    return jobs.allSatisfy(\.hasEnded) && names.contains(Self.dropped)
      && (!isAcknowledged || names.contains(Self.uploaded)) && scratch.names("done").contains("drop.mp3")
  }

  private func expectEachOnce(_ service: Service, _ isAcknowledged: Bool) async throws {
    let jobs = try await service.jobs()
    for job in jobs { try await service.expectWhole(job, story) }
    #expect(jobs.filter { $0.name == Self.dropped }.count == 1, "\(story)")
    // One that was not acknowledged, and so was sent again, may be there all the same.
    #expect(jobs.filter { $0.name == Self.uploaded }.count <= (isAcknowledged ? 1 : 2), "\(story)")
    let places = ["incoming", "active", "done", "failed", "corrupt"].flatMap(scratch.names)
    #expect(places.count == jobs.count + 1, "\(story) left \(places)")
  }
}

extension Service {
  /// Expects a result whose bytes are those of its hash.
  func expectWhole(_ job: Job, _ story: String) async throws {
    #expect(job.state == "done", "\(job.name) after \(story): \(String(describing: job.error))")
    guard let download = job.download else { return }
    let bytes = try await request(download).body
    #expect(sha256(of: bytes) == job.result?.sha256, "\(job.name) after \(story)")
  }
}

/// Files to convert, made once.
enum Clip {
  static let short = Task {
    try await Scratch.use { scratch in
      try Data(contentsOf: URL(filePath: await scratch.video("clip.mp4", seconds: 1)))
    }
  }
}

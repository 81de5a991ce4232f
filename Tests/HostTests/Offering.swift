import Foundation
import Synchronization

@testable import EndToEndTests

/// Clips that are handed to a fleet, each until it is acknowledged, every time under a new name: what was acknowledged
/// must have one result, and what was not may have one.
final class Offering: Sendable {
  private let fleet: Fleet
  private let names = Mutex<(acknowledged: Set<String>, unanswered: Set<String>)>(([], []))

  /// More than that do not wait at a time, so that they come in all along.
  private static let mostWaiting = 60
  private static let wave = 5

  init(to fleet: Fleet) { self.fleet = fleet }

  var acknowledged: Set<String> { names.withLock(\.acknowledged) }
  var unanswered: Set<String> { names.withLock(\.unanswered) }

  /// Uploads one half of the clips and drops the other.
  ///
  /// - Parameter pause: between two waves of each.
  func offer(_ clips: [Clip], pause: Duration) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for isUpload in [true, false] {
        let half = clips.filter { ($0.number % 2 == 0) == isUpload }
        group.addTask { try await self.offer(half, pause: pause, by: isUpload ? self.upload : self.drop) }
      }
      try await group.waitForAll()
    }
  }

  private func offer(_ clips: [Clip], pause: Duration, by way: ([Clip], Int) async throws -> Void) async throws {
    for start in stride(from: 0, to: clips.count, by: Self.wave) {
      try await untilFewWait()
      var wave = Array(clips[start..<min(start + Self.wave, clips.count)])
      for attempt in 0... {
        try await way(wave, attempt)
        wave = wave.filter { !acknowledged.contains(Self.name(of: $0, attempt)) }
        if wave.isEmpty { break }
      }
      try await Task.sleep(for: pause)
    }
  }

  private func upload(_ clips: [Clip], attempt: Int) async throws {
    try await eventually("a gateway to upload to", within: .seconds(240)) { !fleet.gateway.isTroubled }
    for clip in clips {
      let name = Self.name(of: clip, attempt)
      note(name, isAcknowledged: try await fleet.upload(clip, as: name) != nil)
    }
  }

  private func drop(_ clips: [Clip], attempt: Int) async throws {
    let host = try await eventually("a host to drop files from", within: .seconds(240)) {
      fleet.hosts.filter { !$0.isTroubled }.randomElement()
    }
    let offered = clips.map { ($0, Self.name(of: $0, attempt)) }
    let arrived = try await fleet.drop(offered, from: host)
    for (_, name) in offered { note(name, isAcknowledged: arrived.contains(name)) }
  }

  private func note(_ name: String, isAcknowledged: Bool) {
    names.withLock { names in
      if isAcknowledged { names.acknowledged.formUnion([name]) } else { names.unanswered.formUnion([name]) }
    }
  }

  private func untilFewWait() async throws {
    try await eventually("fewer waiting jobs", within: .seconds(600)) {
      guard let places = try? await fleet.places() else { return false }
      return places["incoming"].count < Self.mostWaiting
    }
  }

  /// `u` stands for an upload, `d` for a dropped file.
  private static func name(of clip: Clip, _ attempt: Int) -> String {
    "\(clip.number % 2 == 0 ? "u" : "d")-\(clip.number)-\(attempt).mkv"
  }

  /// The clip that was offered under a name.
  static func clip(named name: String) -> Clip? {
    let parts = name.split(separator: "-")
    return parts.count == 3 ? Int(parts[1]).map(Clip.init) : nil
  }

  static func isDrop(_ name: String) -> Bool { name.hasPrefix("d") }
}

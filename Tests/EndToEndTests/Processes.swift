import Foundation
import Testing

/// What a process has of memory, in bytes (proc(5), /proc/N/status).
struct Memory {
  /// VmRSS: at present.
  let resident: Int
  /// VmHWM: the most since its start.
  let peak: Int

  init(of process: Int32) throws {
    let status = try String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)
    func bytes(_ name: String) throws -> Int {
      let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("\(name):") })
      return try #require(line.split(separator: " ").dropFirst().first.flatMap { Int($0) }) << 10
    }
    (resident, peak) = (try bytes("VmRSS"), try bytes("VmHWM"))
  }
}

extension Service {
  /// The process whose children decode.
  var zygote: Int32? { Self.parents.first { $0.value == processIdentifier }?.key }

  /// The zygote and the decoders, the oldest first.
  var offspring: [Int32] {
    let parents = Self.parents
    return parents.keys.filter { number in
      var ancestor = parents[number]
      while let next = ancestor, next != processIdentifier { ancestor = parents[next] }
      return ancestor != nil
    }.sorted()
  }

  /// Of every process of this host its parent.
  private static var parents: [Int32: Int32] {
    let numbers = (try? FileManager.default.contentsOfDirectory(atPath: "/proc"))?.compactMap(Int32.init) ?? []
    return Dictionary(uniqueKeysWithValues: numbers.compactMap { number in parent(of: number).map { (number, $0) } })
  }

  /// The fourth field of /proc/N/stat, which follows a name in parentheses (proc(5)).
  private static func parent(of process: Int32) -> Int32? {
    guard let text = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8),
      let end = text.lastIndex(of: ")")
    else { return nil }
    return text[end...].split(separator: " ").dropFirst(2).first.flatMap { Int32($0) }
  }
}

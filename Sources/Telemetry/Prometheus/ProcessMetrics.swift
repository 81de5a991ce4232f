import Foundation
import Glibc
import Metrics
import Synchronization

/// What the metrics say of the process itself, under the names that Prometheus' own clients give it. It is read from /proc
/// (proc_pid_stat(5), proc_pid_statm(5)) when somebody asks.
final class ProcessMetrics: Sendable {
  private let memory = Gauge(label: "process_resident_memory_bytes")
  private let descriptors = Gauge(label: "process_open_fds")
  private let cpu = FloatingPointCounter(label: "process_cpu_seconds_total")
  private let start = Gauge(label: "process_start_time_seconds")
  private let counted = Mutex(0.0)

  private static let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
  private static let page = Double(sysconf(Int32(_SC_PAGESIZE)))

  /// What cannot be read keeps its value.
  func measure() {
    // The second field is the program's name in parentheses, which may hold anything.
    if let fields = Self.words(of: "/proc/self/stat", behind: ")"), fields.count > 19 {
      let used = ((Double(fields[11]) ?? 0) + (Double(fields[12]) ?? 0)) / Self.ticks
      counted.withLock { counted in
        cpu.increment(by: max(0, used - counted))
        counted = max(counted, used)
      }
      if let since = Double(fields[19]), let boot = Self.bootTime { start.record(boot + since / Self.ticks) }
    }
    if let pages = Self.words(of: "/proc/self/statm").flatMap({ $0.count > 1 ? Double($0[1]) : nil }) {
      memory.record(pages * Self.page)
    }
    // The descriptor that lists them is one of them.
    if let names = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd") {
      descriptors.record(names.count - 1)
    }
  }

  /// In seconds since 1970.
  private static let bootTime: Double? = {
    let lines = (try? String(contentsOfFile: "/proc/stat", encoding: .utf8))?.split(separator: "\n") ?? []
    return lines.first { $0.hasPrefix("btime ") }.flatMap { Double($0.dropFirst("btime ".count)) }
  }()

  private static func words(of file: String, behind mark: Character? = nil) -> [Substring]? {
    guard let text = try? String(contentsOfFile: file, encoding: .utf8) else { return nil }
    let begin = mark.flatMap { text.lastIndex(of: $0) }.map { text.index(after: $0) } ?? text.startIndex
    return text[begin...].split(whereSeparator: \.isWhitespace)
  }
}

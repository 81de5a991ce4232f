import Converter
import DurableFiles
import Foundation
import SystemPackage
import TerminalText
import WireFormats

/// One file after the other: each uses all cores by itself. What one file meets with does not keep the next from its turn.
struct ConvertRun {
  let tasks: [ConversionTask]
  let isSingle: Bool
  let options: ConversionOptions
  let conversion: Conversion
  let json: Bool
  private var placement: Placement
  private var summary = ConvertSummary()
  private var progress: ConvertProgress
  private let begin = ContinuousClock.now

  init(
    _ tasks: [ConversionTask], isSingle: Bool, _ options: ConversionOptions, _ conversion: Conversion,
    _ policy: OnExists, json: Bool
  ) {
    (self.tasks, self.isSingle, self.options, self.conversion) = (tasks, isSingle, options, conversion)
    self.json = json
    placement = Placement(policy)
    progress = ConvertProgress(
      sizes: isSingle
        ? []
        : tasks.map { task in
          guard case .file(let path) = task.source else { return 0 }
          return (try? Files.status(path))?.size ?? 0
        })
    summary.files = tasks.count
  }

  /// Converts them all.
  ///
  /// - Parameter handle: when it is cancelled, the conversion that runs is ended, and none is begun.
  /// - Throws: where there was but one file, what is wrong with it; where there were several, the first failure's exit code.
  mutating func convert(_ handle: CancelHandle) throws {
    for task in tasks {
      if handle.isCancelled { throw CancellationError() }
      do { try convert(task, handle) } catch {
        progress.clear()
        if handle.isCancelled { throw CancellationError() }
        try note(Problem(error), of: task)
      }
      progress.next()
    }
    try finish()
  }

  /// Says what would be done.
  mutating func rehearse() throws {
    for task in tasks {
      do {
        for (source, target) in try FileConversion(task, options).rehearse(conversion, &placement) {
          let report = RehearsalReport(source, of: task.source, target, options)
          if target == nil { summary.skipped += 1 }
          if json { try Output.json(report) } else { Output.line(report.sentence) }
        }
      } catch { try note(Problem(error), of: task) }
    }
    if summary.exitCode != 0 { throw Problem.told(exitCode: summary.exitCode) }
  }

  private mutating func convert(_ task: ConversionTask, _ handle: CancelHandle) throws {
    let label = task.source.label
    let written = try FileConversion(task, options).run(conversion, handle, &placement) {
      [progress] in progress.draw(label, $0)
    }
    progress.clear()
    if written.isEmpty {
      summary.skipped += 1
      if json { return try Output.json(OmittedReport(skipped: task.source)) }
      return Output.note("\(task.source): skipped, its MP3 is there already")
    }
    summary.done += 1
    for (target, outcome) in written {
      for warning in outcome.warnings { Output.note("mp3spool: warning: \(warning)") }
      let report = ConvertReport(outcome, of: task.source, target)
      if json { try Output.json(report) } else { Output.note("\(target): \(report.summary)") }
    }
  }

  private mutating func note(_ problem: Problem, of task: ConversionTask) throws {
    summary.failed += 1
    if summary.exitCode == 0 { summary.exitCode = problem.exitCode }
    if json { try Output.json(OmittedReport(problem, of: task.source)) }
    if isSingle { throw problem }
    // Many sentences name the file already.
    let name = task.source.description
    Output.error(problem.sentence.contains(name) ? problem.sentence : "\(name): \(problem.sentence)")
  }

  private mutating func finish() throws {
    guard !isSingle else { return }
    summary.seconds = (ContinuousClock.now - begin) / .seconds(1)
    if json { try Output.json(summary) } else { Output.note(summary.sentence) }
    if summary.exitCode != 0 { throw Problem.told(exitCode: summary.exitCode) }
  }
}

/// The bars: one of the file, and where there are several one of all of them.
private final class ConvertProgress {
  private let sizes: [Int64]
  private var index = 0
  private let begin = ContinuousClock.now
  private var screen = LiveScreen()

  init(sizes: [Int64]) { self.sizes = sizes }

  func next() { index += 1 }
  func clear() { screen.clear() }

  func draw(_ label: String, _ progress: ConversionProgress) {
    screen.draw {
      var bars = [Bar(label, progress.fraction, progress.summary)]
      if sizes.count > 1 { bars.append(total(progress.fraction ?? 0)) }
      return bars
    }
  }

  /// By the files' sizes: what is known of them before they are opened.
  private func total(_ current: Double) -> Bar {
    let all = max(1, sizes.reduce(0, +))
    let done = Double(sizes[..<index].reduce(0, +)) + current * Double(sizes[index])
    let fraction = done / Double(all)
    let passed = (ContinuousClock.now - begin) / .seconds(1)
    let left = fraction > 0.001 ? ", \(Readable.duration(passed * (1 - fraction) / fraction)) left" : ""
    return Bar("all", fraction, "file \(index + 1) of \(sizes.count)\(left)")
  }
}

extension ConversionProgress {
  /// `34.5x, 0:12 left`.
  fileprivate var summary: String {
    let left = timeLeft.map { ", \(Readable.duration($0 / .seconds(1))) left" } ?? ""
    return String(format: "%.1fx", speed) + left
  }
}

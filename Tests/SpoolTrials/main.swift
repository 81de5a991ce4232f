import Foundation
import Spool
import SystemPackage

// One step of the spool's protocol in a process of its own, so that it can be killed, stopped or refused anything at
// each of its calls: `SpoolTrials STEP ROOT [WORD…]`.
//
// Standard output is one line that says what the step reports: `done` and what, `lost`, or `nothing`. A refusal is a
// sentence on standard error and exit code 75.

let words = CommandLine.arguments
guard words.count >= 3, let step = Step(rawValue: words[1]) else {
  FileHandle.standardError.write(Data("SpoolTrials STEP ROOT [WORD…], where STEP is one of \(Step.allCases)\n".utf8))
  exit(64)
}
do {
  let trial = Trial(spool: try Spool(opening: FilePath(words[2])), words: Array(words.dropFirst(3)))
  print(try trial.run(step))
} catch {
  FileHandle.standardError.write(Data("\(error)\n".utf8))
  exit(75)
}

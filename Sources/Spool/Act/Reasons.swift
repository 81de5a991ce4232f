import DurableFiles
public import SystemPackage

// Why attempts at a job failed: a reason each, in the output of the claim that failed, or in one of its own.

extension Spool {
  /// The reasons that lie in a job at `job`, by attempt. Where the job has moved on there are none.
  public func failures(in job: FilePath) throws(SpoolError) -> [JobFailure] {
    let entries: [DirectoryEntry]
    do { entries = try Files.list(job) } catch {
      if error.isAbsent { return [] }
      throw SpoolError(error)
    }
    var found: [JobFailure] = []
    for entry in entries {
      guard let number = JobFiles.number(ofOutput: entry.name), let failure = try failure(of: number, in: job) else {
        continue
      }
      found.append(failure)
    }
    return found.sorted { $0.attempt < $1.attempt }
  }

  /// Leaves a reason in the job beside what its converter may be writing; false where the job has moved on.
  func leave(_ reason: JobFailure, for number: ClaimNumber, in job: FilePath) throws(SpoolError) -> Bool {
    let output = JobFiles.output(of: number, in: job)
    do {
      try Files.makeOwnersDirectoryIfAbsent(output)
      try Files.save(JSON.encode(reason), to: JobFiles.failure(inOutput: output))
      try Files.synchronize(directory: job)
      return true
    } catch {
      if try spooling({ () throws(FileError) in try Files.witness(job) }) { throw SpoolError(error) }
      return false
    }
  }
}

import SystemPackage
import Testing

@testable import Converter
@testable import DurableFiles
@testable import Spool

/// Whose fault a failure is decides how often a job is tried; see `Verdict`.
@Suite struct BlameTests {
  private func error(_ errno: Errno) -> FileError { FileError(operation: "read", path: "/spool", errno: errno) }

  @Test(arguments: [Errno.noSpace, .diskQuotaExceeded, .ioError, .staleNFSFileHandle])
  func aDiskOrServerInTroubleIsTheHostsFault(_ errno: Errno) {
    for failure in [ConversionFailure(error(errno)), ConversionFailure(SpoolError(error(errno)))] {
      #expect(failure.isOfHost && !failure.isCertain)
      #expect(failure.forJob.isOfHost)
    }
  }

  @Test func whatMayBeTheJobsOwnFaultIsNotTheHosts() {
    let failures = [
      ConversionFailure(error(.noSuchFileOrDirectory)), ConversionFailure(SpoolError(.unreadable, "what is this")),
      ConversionFailure(code: "empty-file", "the file is empty", isCertain: true),
    ]
    for failure in failures { #expect(!failure.isOfHost) }
  }
}

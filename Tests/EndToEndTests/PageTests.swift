import Foundation
import Testing

/// The Python with playwright in it that `etc/test web` makes.
private let python = ProcessInfo.processInfo.environment["MP3SPOOL_TEST_BROWSER"]

/// The page in Debian's chromium. What a case does stands in etc/lib/web/cases.py; each also fails by an error in the
/// console, a violation of the Content-Security-Policy, and a request of anything but the service.
@Suite(.enabled(if: python != nil, "etc/test web runs it, with a Python that drives a browser"), .serialized)
struct PageTests {
  @Test func threeVideosBecomeMP3s() async throws { try await run("whole_way") }
  @Test func coverAndChaptersAreShown() async throws { try await run("talk") }
  @Test func anUploadSurvivesAReload() async throws { try await run("reload") }
  @Test func anUploadCanBePaused() async throws { try await run("pause") }
  @Test func anUploadSurvivesTheService() async throws { try await run("restart") }
  @Test func aWrongPasswordIsASentence() async throws { try await run("wrong_password") }
  @Test func anExpiredTokenCostsOnlyALogin() async throws { try await run("expired_token") }
  @Test func aVideoWithoutAudioIsExplained() async throws { try await run("no_audio") }
  @Test func optionsReachTheJobAndAreRemembered() async throws { try await run("options") }
  @Test func rowsKeepTheirPlaceAmongManyJobs() async throws { try await run("many") }
  @Test func whatHappensWhileAListComesIsNotLost() async throws { try await run("late_lists") }
  @Test func aCancellingThatComesTooLateRemovesNothing() async throws { try await run("late_cancel") }
  @Test func theKeyboardIsEnough() async throws { try await run("keyboard") }
  @Test func aGermanBrowserGetsGerman() async throws { try await run("german") }
  @Test func eachTextIsThereInBothLanguages() async throws { try await run("texts") }
  @Test func aStalePageSaysSoAndRecovers() async throws { try await run("offline") }
  @Test func pollingStandsInForEvents() async throws { try await run("without_events") }
  @Test func whoMayNotUploadIsTold() async throws { try await run("others") }
  @Test func aTokenIsMadeShownOnceAndRevoked() async throws { try await run("account") }
  @Test func anAdminManagesUsers() async throws { try await run("administration") }
  @Test func labelsContrastAndWidthsAreRight() async throws { try await run("looks") }

  private func run(_ name: String) async throws {
    try await withScratch { scratch in
      try await Accounts.add(to: scratch)
      let said = try await scratch.tool(
        try #require(python),
        [
          Self.root.appending(path: "etc/lib/web").path, name, "--program", Program.path,
          "--directory", scratch.directory.path, "--password", Accounts.password,
          "--screenshots", Self.root.appending(path: ".build/screenshots").path,
        ])
      #expect(said.status == 0, "\(name): \(said)")
    }
  }

  private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
}

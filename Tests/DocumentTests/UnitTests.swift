import Foundation
import Settings
import Testing

/// The units of systemd, compared with what the program wants to be given.
struct UnitTests {
  private static let units = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "etc/systemd")

  @Test(arguments: zip(ServicePart.allCases, ["mp3spool", "mp3spool-gateway", "mp3spool-auth", "mp3spool-work@"]))
  func aUnitHasTheCredentialsThatItsPartUsesAndNoOthers(_ part: ServicePart, _ unit: String) throws {
    let text = try String(contentsOf: Self.units.appending(path: "\(unit).service"), encoding: .utf8)
    #expect(text.contains(" \(part.rawValue)"))
    let given = Set(text.matches(of: /\nLoadCredential=mp3spool\.([a-z-]+)/).map { String($0.1) })
    #expect(given == Set(part.credentials.map(\.rawValue)))
  }
}

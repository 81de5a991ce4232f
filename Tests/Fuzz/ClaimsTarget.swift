import Foundation

@testable import Tokens

/// Claims in tokens that are rightly signed: those of another version, or of somebody else who has the key.
enum ClaimsTarget {
  private static let signer = SidecarSigner(key: Keys.own)

  @Sendable static func run(_ bytes: [UInt8]) {
    let sidecarToken = Keys.sign(bytes, as: .sidecar)
    let accessToken = String(decoding: Keys.sign(bytes, as: .access), as: UTF8.self)
    waitFor {
      if let sidecar = try? await Keys.sidecars.verify(sidecarToken, expecting: Keys.job) {
        await check(sidecar)
      }
      if let token = try? await Keys.accessTokens.verify(accessToken, now: Keys.now) { await check(token) }
    }
  }

  private static func check(_ sidecar: Sidecar) async {
    guard let token = try? await signer.sign(sidecar) else { return require(false, "what is believed can be signed") }
    let again = try? await Keys.sidecars.verify(token, expecting: Keys.job)
    require(again == sidecar, "a sidecar is signed as it was read")
  }

  private static func check(_ token: AccessToken) async {
    let again = Keys.sign(token.claimsJSON(), as: .access)
    let read = try? await Keys.accessTokens.verify(String(decoding: again, as: UTF8.self), now: Keys.now)
    require(read == token, "claims are told as they were read")
  }
}

import Foundation
import NIOSSL
import Synchronization

/// The server's certificate and key: two files, read again when they change. Connections keep what they began with.
public final class Certificates: Sendable {
  /// What was in the files when they were last looked at.
  private struct Files: Equatable {
    let chain: Data
    let key: Data
  }

  private let chainFile: String
  private let keyFile: String
  private let state: Mutex<(files: Files, context: NIOSSLContext)>

  /// - Parameters:
  ///   - chain: a PEM file: the server's certificate, and those that lead to a known authority.
  ///   - key: a PEM file with the certificate's private key.
  public init(chain: String, key: String) throws(CertificateError) {
    (chainFile, keyFile) = (chain, key)
    let files = try Self.read(chain, key)
    state = Mutex((files, try Self.context(files, chain, key)))
  }

  /// Gives new connections what the files hold now. To be called where blocking is allowed.
  ///
  /// - Returns: whether they hold something new.
  /// - Throws: where that cannot be used, once for each content; the earlier certificate stays.
  public func reload() throws(CertificateError) -> Bool {
    let files = try Self.read(chainFile, keyFile)
    let isNew = state.withLock { state in
      defer { state.files = files }
      return state.files != files
    }
    guard isNew else { return false }
    let context = try Self.context(files, chainFile, keyFile)
    state.withLock { $0.context = context }
    return true
  }

  var current: NIOSSLContext { state.withLock(\.context) }

  private static func read(_ chain: String, _ key: String) throws(CertificateError) -> Files {
    guard let chainBytes = FileManager.default.contents(atPath: chain) else {
      throw CertificateError("the certificate \(chain) cannot be read")
    }
    guard let keyBytes = FileManager.default.contents(atPath: key) else {
      throw CertificateError("the key \(key) cannot be read")
    }
    return Files(chain: chainBytes, key: keyBytes)
  }

  private static func context(
    _ files: Files, _ chain: String, _ key: String
  ) throws(CertificateError) -> NIOSSLContext {
    guard let certificates = try? NIOSSLCertificate.fromPEMBytes(Array(files.chain)), !certificates.isEmpty else {
      throw CertificateError("\(chain) holds no certificate in PEM")
    }
    guard let privateKey = try? NIOSSLPrivateKey(bytes: Array(files.key), format: .pem) else {
      throw CertificateError("\(key) holds no private key in PEM")
    }
    var configuration = TLSConfiguration.makeServerConfiguration(
      certificateChain: certificates.map { .certificate($0) }, privateKey: .privateKey(privateKey))
    configuration.minimumTLSVersion = .tlsv12
    configuration.applicationProtocols = ["h2", "http/1.1"]
    // For a client's word that it has seen the end, which a silent one never says.
    configuration.shutdownTimeout = ClientLimits.lingeringTime
    do { return try NIOSSLContext(configuration: configuration) } catch {
      throw CertificateError("the key \(key) is not the one of the certificate \(chain)")
    }
  }
}

/// A certificate that cannot be used.
public struct CertificateError: Error, Sendable, Equatable, CustomStringConvertible {
  public let description: String
  init(_ sentence: String) { description = sentence }
}

import NIOSSL
import Synchronization

/// The server's certificate and key: two files, read again when they change. Connections keep what they began with.
public final class Certificates: Sendable {
  private let chainFile: String
  private let keyFile: String
  private let context: Mutex<NIOSSLContext>

  /// - Parameters:
  ///   - chain: a PEM file: the server's certificate, and those that lead to a known authority.
  ///   - key: a PEM file with the certificate's private key.
  public init(chain: String, key: String) throws(CertificateError) {
    (chainFile, keyFile) = (chain, key)
    context = Mutex(try Self.read(chain, key))
  }

  /// New connections get what the files hold now.
  ///
  /// - Throws: where they cannot be used; the earlier ones stay.
  public func reload() throws(CertificateError) {
    let fresh = try Self.read(chainFile, keyFile)
    context.withLock { $0 = fresh }
  }

  var current: NIOSSLContext { context.withLock(\.self) }

  private static func read(_ chain: String, _ key: String) throws(CertificateError) -> NIOSSLContext {
    let certificates: [NIOSSLCertificate]
    do { certificates = try NIOSSLCertificate.fromPEMFile(chain) } catch {
      throw CertificateError("the certificate \(chain) cannot be read: \(error)")
    }
    guard !certificates.isEmpty else { throw CertificateError("the file \(chain) holds no certificate") }
    let privateKey: NIOSSLPrivateKey
    do { privateKey = try NIOSSLPrivateKey(file: key, format: .pem) } catch {
      throw CertificateError("the key \(key) cannot be read: \(error)")
    }
    var configuration = TLSConfiguration.makeServerConfiguration(
      certificateChain: certificates.map { .certificate($0) }, privateKey: .privateKey(privateKey))
    configuration.minimumTLSVersion = .tlsv12
    configuration.applicationProtocols = ["h2", "http/1.1"]
    do { return try NIOSSLContext(configuration: configuration) } catch {
      throw CertificateError("the certificate \(chain) and the key \(key) do not belong together: \(error)")
    }
  }
}

/// A certificate that cannot be used.
public struct CertificateError: Error, Sendable, CustomStringConvertible {
  public let description: String
  init(_ sentence: String) { description = sentence }
}

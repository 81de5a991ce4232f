import NIOSSL

/// A receiver's certificate that this host does not believe. Whose certificates it believes the system decides: on Debian
/// what update-ca-certificates(8) has put into /etc/ssl/certs.
struct CertificateProblem {
  let sentence: String

  /// nil where `error` is something else.
  init?(_ error: any Error) {
    if let error = error as? NIOSSLExtraError, error == .failedToValidateHostname {
      sentence = "the receiver's certificate is of another name"
    } else if let error = error as? NIOSSLError, Self.isDistrust(error) {
      sentence = "the receiver's certificate is not trusted: it is of no authority that this host knows, or expired"
    } else {
      return nil
    }
  }

  /// BoringSSL gives no code for it, but its name.
  private static func isDistrust(_ error: NIOSSLError) -> Bool {
    switch error {
    case .handshakeFailed(let reason): "\(reason)".contains("CERTIFICATE_VERIFY_FAILED")
    case .unableToValidateCertificate, .noCertificateToValidate: true
    default: false
    }
  }
}

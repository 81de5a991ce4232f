import ArgumentParser
import Catalog
import Converter
import Decoder
import DurableFiles
import Foundation
import Keeper
import MP3Encoder
import Settings
import Spool
import Tokens
import UnixSignals
import WebServer

/// What ends a command with a sentence and an exit code.
struct Problem: Error {
  let sentence: String
  let exitCode: Int32

  /// The command or a setting is wrong (EX_USAGE of sysexits.h).
  static func usage(_ sentence: String) -> Problem { Problem(sentence: sentence, exitCode: 64) }
  /// The input cannot be converted, or the backup restored, now or later (EX_DATAERR).
  static func input(_ sentence: String) -> Problem { Problem(sentence: sentence, exitCode: 65) }
  /// The spool, database or backup that a command is about is not there (EX_NOINPUT).
  static func missing(_ sentence: String) -> Problem { Problem(sentence: sentence, exitCode: 66) }
  /// Something that is needed is not there; trying again may help (EX_UNAVAILABLE).
  static func unavailable(_ sentence: String) -> Problem { Problem(sentence: sentence, exitCode: 69) }
  /// It failed for a passing reason (EX_TEMPFAIL).
  static func temporary(_ sentence: String) -> Problem { Problem(sentence: sentence, exitCode: 75) }
  /// Another gateway is at work; starting again by itself would make this one take over when that one pauses (EX_CONFIG).
  static func rivalled(_ sentence: String) -> Problem { Problem(sentence: sentence, exitCode: 78) }
  /// A mistake in mp3spool (EX_SOFTWARE).
  static func bug(_ sentence: String) -> Problem { Problem(sentence: sentence, exitCode: 70) }

  /// A signal ended it; the exit code is the shells'.
  static func interrupted(by signal: UnixSignal) -> Problem {
    Problem(sentence: "interrupted; there is no partial file", exitCode: 128 + (signal == .sigint ? 2 : 15))
  }
  /// All has been said already.
  static func told(exitCode: Int32) -> ExitCode { ExitCode(exitCode) }

  var isTemporary: Bool { exitCode == 75 }

  /// The exit code and sentence for any error that a command may end with.
  init(_ error: any Error) {
    self =
      switch error {
      case let problem as Problem: problem
      case let lost as ConnectionLost: lost.problem
      case let error as EncoderError: .unavailable(error.description)
      case let error as SettingsError: .usage(error.description)
      case let error as ConversionFailure: Problem(error)
      case let error as DecodeFailure: Problem(error)
      case let error as CatalogError: Problem(error)
      case let error as SpoolError: error.isTemporary ? .temporary(error.description) : .unavailable(error.description)
      case let error as FileError: error.isTemporary ? .temporary(error.description) : .unavailable(error.description)
      case let error as SeatTaken: .rivalled(error.description)
      case let error as SeatLost: .unavailable(error.description)
      case let error as CertificateError: .usage(error.description)
      case let error as TokenError:
        error.kind == .weakSecret ? .usage(error.description) : .unavailable(error.description)
      default: .bug("an error inside mp3spool: \(error)")
      }
  }

  private init(_ failure: DecodeFailure) {
    switch failure.kind {
    case .unavailable: self = .unavailable(failure.description)
    default: self = failure.isCertain ? .input(failure.description) : .temporary(failure.description)
    }
  }

  private init(_ failure: ConversionFailure) {
    if let cause = failure.cause {
      self.init(cause)
    } else {
      self = failure.isCertain ? .input(failure.description) : .temporary(failure.description)
    }
  }

  private init(_ error: CatalogError) {
    switch error.kind {
    case .duplicateUser, .unknownUser, .invalid, .unknownToken, .tooManyTokens, .unknownWebhook, .surplusWebhook,
      .unknownDelivery, .lostDelivery, .notReplaced:
      self = .usage(error.description)
    case .noBackup: self = .input(error.description)
    case .missingBackup: self = .missing(error.description)
    default: self = error.isTemporary ? .temporary(error.description) : .unavailable(error.description)
    }
  }

  private init(sentence: String, exitCode: Int32) {
    self.sentence = sentence
    self.exitCode = exitCode
  }
}

/// Does a command's work; every error leaves it as a `Problem`.
func command(_ work: () async throws -> Void) async throws {
  do { try await work() } catch let code as ExitCode { throw code } catch { throw Problem(error) }
}

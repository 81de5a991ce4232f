import CLinux
import Glibc

/// What the lines of the log look like.
public enum LogFormat: String, Sendable, CaseIterable {
  /// The journal where standard error goes there, else text.
  case auto
  /// For people, and for what has always read it: `TIME LEVEL LOGGER: key=value [MODULE] MESSAGE`.
  case text
  /// An object a line.
  case json
  /// `key=value` pairs, with quotes where a value needs them.
  case logfmt
  /// systemd's journal, with fields of its own; text on standard error where there is no journal.
  case journal

  /// The form that is written, by what standard error is.
  var settled: LogFormat { self == .auto ? (clinux_stderr_is_journal() ? .journal : .text) : self }
}

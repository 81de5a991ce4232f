/// The names of files that are worth a try, where a whole folder is to be converted: a file's name proves nothing, and one
/// that was named by a person is tried whatever it is called.
public enum MediaNames {
  /// Endings of the containers in `Formats`, in small letters.
  public static let endings: Set<String> = [
    "3g2", "3gp", "aac", "ac3", "aif", "aifc", "aiff", "amr", "ape", "asf", "au", "avi", "caf", "divx", "dsf", "dts",
    "dtshd", "dv", "eac3", "f4v", "flac", "flv", "gxf", "m2t", "m2ts", "m4a", "m4b", "m4v", "mka", "mkv", "mov", "mp2",
    "mp3", "mp4", "mpc", "mpeg", "mpg", "mts", "mxf", "nut", "oga", "ogg", "ogm", "ogv", "oma", "opus", "ra", "rm",
    "rmvb",
    "tak", "thd", "ts", "tta", "voc", "vob", "w64", "wav", "webm", "wma", "wmv", "wtv", "wv",
  ]
}

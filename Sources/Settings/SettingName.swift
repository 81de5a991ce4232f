/// Every setting there is. The same word is a flag (`--auth-listen`), a line in the YAML file (`auth-listen:`) and,
/// in capitals with underscores, an environment variable (`MP3SPOOL_AUTH_LISTEN`).
public enum SettingName: String, CaseIterable, Sendable {
  case spool
  case database
  case listen
  case authListen = "auth-listen"
  case publicURL = "public-url"
  case authService = "auth-service"
  case jwtSecret = "jwt-secret"
  case uploadBy = "upload-by"
  case loginRate = "login-rate"
  case converters
  case encoderThreads = "encoder-threads"
  case maximumUpload = "maximum-upload"
  case reservedSpace = "reserved-space"
  case uploadExpiry = "upload-expiry"
  case quotaBytes = "quota-bytes"
  case quotaMinutes = "quota-minutes"
  case quotaWaiting = "quota-waiting"
  case keepDone = "keep-done"
  case keepFailed = "keep-failed"
  case keepFree = "keep-free"
  case dropOwner = "drop-owner"
  case webhookPrivateAddresses = "webhook-private-addresses"
  case smtpURL = "smtp-url"
  case mailFrom = "mail-from"
  case preset, track, language, rate, channels, trim, loudness
  case sandbox
  case outdatedFFmpeg = "outdated-ffmpeg"
  case patchedFFmpeg = "patched-ffmpeg"
  case limitStreams = "limit-streams"
  case limitProbe = "limit-probe"
  case limitAnalysis = "limit-analysis"
  case limitAllocation = "limit-allocation"
  case limitMemory = "limit-memory"
  case limitCPU = "limit-cpu"
  case limitDuration = "limit-duration"
  case limitWait = "limit-wait"
  case headerTimeout = "header-timeout"
  case bodyTimeout = "body-timeout"
  case idleTimeout = "idle-timeout"
  case writeTimeout = "write-timeout"
  case connections
  case connectionsPerAddress = "connections-per-address"
  case tlsCertificate = "tls-certificate"
  case tlsKey = "tls-key"
  case trustedProxies = "trusted-proxies"
  case shutdownGrace = "shutdown-grace"
  case logLevel = "log-level"
  case logFormat = "log-format"
  case accessLog = "access-log"
  case metricsListen = "metrics-listen"
  case otlpEndpoint = "otlp-endpoint"

  /// The environment variable of this setting.
  public var environmentName: String {
    "MP3SPOOL_" + rawValue.uppercased().replacing("-", with: "_")
  }

  /// Those that every conversion has; the same words are flags, form fields and query parameters.
  public static let conversionOptions: [SettingName] = [.preset, .track, .language, .rate, .channels, .trim, .loudness]

  /// Those that no log and no message may show.
  var isSecret: Bool { self == .jwtSecret || self == .smtpURL }

  /// What it is called elsewhere, in the system that mp3spool replaces or by OpenTelemetry; honoured where the own name is
  /// not set.
  var olderEnvironmentName: String? {
    switch self {
    case .jwtSecret: "JWT_SECRET"
    case .authService: "AUTH_SVC_ADDRESS"
    case .otlpEndpoint: "OTEL_EXPORTER_OTLP_ENDPOINT"
    default: nil
    }
  }

  /// One sentence for people: what it does, its form, its default.
  public var explanation: String {
    switch self {
    case .spool: "The spool directory; `spool` by default."
    case .database: "The SQLite file, on a local disk; `mp3spool.sqlite` in the spool by default."
    case .listen: "HOST:PORT of the gateway; `127.0.0.1:8080` by default."
    case .authListen: "HOST:PORT of the auth service; `127.0.0.1:5000` by default."
    case .publicURL: "Where clients reach the gateway, for links and feeds; by default as each request says."
    case .authService: "HOST:PORT or URL of the auth service that the gateway asks; its own database by default."
    case .jwtSecret: "Signs access tokens with HS256; 32 bytes or more. By default they are signed with Ed25519."
    case .uploadBy: "Who may upload: admin, or user for everybody with an account; `admin` by default."
    case .loginRate: "How many logins a minute one client address may try; 30 by default."
    case .converters: "How many files one process converts at the same time; the number of cores by default."
    case .encoderThreads: "How many threads encode, over all files; the number of cores by default."
    case .maximumUpload: "The largest upload, in bytes or with K, M, G, T (powers of 1024); `20G` by default."
    case .reservedSpace: "Uploads are refused when less than this is free on the spool's disk; `256M` by default."
    case .uploadExpiry: "How many seconds a broken-off resumable upload is kept; 86400, a day, by default."
    case .quotaBytes: "How many bytes one user may have stored, with K, M, G, T, or none; `none` by default."
    case .quotaMinutes: "How many minutes of audio one user may have converted in 30 days; `none` by default."
    case .quotaWaiting: "How many jobs of one user may wait at once; `none` by default."
    case .keepDone: "How long `clean` keeps done jobs, as 12h, 7d, 2w, or none: for ever; `none` by default."
    case .keepFailed: "How long `clean` keeps failed jobs; `none` by default."
    case .keepFree: "How much `clean` keeps free on the spool's disk, in bytes or with K, M, G, T; `none` by default."
    case .dropOwner: "Who owns files that are dropped into the folder; `drop` by default."
    case .webhookPrivateAddresses:
      "Addresses and networks, as 10.0.0.0/8, with commas between, that webhooks may go to although they are not public; none by default."
    case .smtpURL:
      "The server that takes mails, such as smtps://USER:PASSWORD@mail.example.org; none, and no mail, by default."
    case .mailFrom: "The address that mails come from; `smtp-url` needs it."
    case .preset: "The quality where a job does not say it: v0 … v9, cbr-128, abr-192, voice; `v2` by default."
    case .track: "The audio track where a job does not say it: a number, or all; the file's own choice by default."
    case .language: "The audio track's language where a job does not say it, such as deu; none by default."
    case .rate: "The MP3's sample rate in Hz where a job does not say it; the source's own by default."
    case .channels: "source, mono, stereo or auto, where a job does not say it; `source` by default."
    case .trim: "The part START-END where a job does not say it; the whole by default."
    case .loudness: "The loudness in LUFS where a job does not say it, such as -16; as it is by default."
    case .sandbox:
      """
      required refuses to start where the decoder's jail lacks a layer, best-effort says what it lacks; `automatic` by \
      default, which is required where the kernel offers all of it.
      """
    case .outdatedFFmpeg: "`warn` of an FFmpeg with known holes at start, or refuse to start; `warn` by default."
    case .patchedFFmpeg:
      "Versions of FFmpeg, with commas between, whose distributor has closed the holes; none by default."
    case .limitStreams: "How many streams of all kinds a file may have; 64 by default."
    case .limitProbe: "How much of a file may be read to find out what it is, in bytes; `5M` by default."
    case .limitAnalysis: "How many seconds of media may be read to find out what they are; 10 by default."
    case .limitAllocation: "The largest single piece of memory that a decoder may ask for; `256M` by default."
    case .limitMemory: "How much memory a decoder may take in all, beyond its libraries; `512M` by default."
    case .limitCPU: "How many seconds of processor time a decoder may take; 1800 by default."
    case .limitDuration: "How many seconds of audio a file may have; 43200, 12 hours, by default."
    case .limitWait: "How many seconds a decoder may keep one waiting, and half the audio's length; 60 by default."
    case .headerTimeout: "How many seconds a request's head, or a TLS handshake, may take to come; 15 by default."
    case .bodyTimeout:
      """
      After how many seconds without a byte of it an upload is broken off; over so many it must also bring 1 KiB a \
      second on average; 60 by default.
      """
    case .idleTimeout: "How many seconds a connection may wait for its next request; 60 by default."
    case .writeTimeout: "After how many seconds a client that takes nothing of its answer is cut off; 60 by default."
    case .connections: "How many connections a server has at the same time, others wait; 20000 by default."
    case .connectionsPerAddress: "How many of them one address may have, others get 503; 0, no limit, by default."
    case .tlsCertificate: "A PEM file with the servers' certificate chain, read again when it changes; none by default."
    case .tlsKey: "A PEM file with the key of `tls-certificate`; none by default."
    case .trustedProxies:
      "Addresses and networks, as 10.0.0.0/8, with commas between, whose Forwarded is believed; none by default."
    case .shutdownGrace: "How many seconds running work may take to finish at a stop; 30 by default."
    case .logLevel: "trace, debug, info, notice, warning, error or critical; `info` by default."
    case .logFormat:
      "text, json, logfmt or journal; `auto` by default: the journal where systemd has standard error go there, else text."
    case .accessLog: "`on` tells of each request, by route, status, bytes and time; `off` by default."
    case .metricsListen:
      "HOST:PORT where work and auth tell their metrics, as serve and gateway do at /metrics; `none` by default."
    case .otlpEndpoint:
      "The base URL of an OpenTelemetry collector that takes OTLP over HTTP, such as http://127.0.0.1:4318; `none` by default."
    }
  }
}

import Foundation
public import SystemPackage

extension Settings {
  /// Puts the four layers together: `flags` first, then `environment`, then the YAML file, then the defaults.
  ///
  /// - Parameters:
  ///   - flags: the settings that were given on the command line.
  ///   - file: the YAML file that was asked for. Without one, `etc/mp3spool.yaml` and then `/etc/mp3spool/mp3spool.yaml`
  ///     are read where they exist.
  ///   - credentials: what `credential:NAME` means.
  /// - Throws: for a value that cannot be used and for a name that does not exist, so that a typing error stops the
  ///   start instead of being overlooked.
  public static func load(
    flags: [SettingName: String], environment: [String: String], file: FilePath?,
    credentials: Credentials = .leftAlone
  ) async throws(SettingsError) -> Settings {
    try await Settings(SettingsLayers(flags: flags, environment: environment, file: file, credentials: credentials))
  }

  init(_ layers: SettingsLayers) async throws(SettingsError) {
    let cores = ProcessInfo.processInfo.activeProcessorCount
    let spool = FilePath(try await layers.value(.spool, or: "spool", "a path") { $0 })
    self.spool = spool
    database = FilePath(
      try await layers.value(.database, or: spool.appending("mp3spool.sqlite").string, "a path") { $0 })
    listen = try await layers.value(.listen, or: "127.0.0.1:8080", "HOST:PORT") { HostAndPort($0) }
    authListen = try await layers.value(.authListen, or: "127.0.0.1:5000", "HOST:PORT") { HostAndPort($0) }
    publicURL = try await layers.value(.publicURL, "an http or https URL", baseURL)
    authService = try await layers.value(.authService, "HOST:PORT, or an http or https URL", baseURL)
    jwtSecret = try await layers.text(.jwtSecret)
    usersMayUpload = try await layers.value(.uploadBy, or: "admin", "admin or user") {
      ["admin": false, "user": true][$0]
    }
    loginRate = try await layers.value(.loginRate, or: "30", "a number from 1 to 1000000") { text in
      Int(text).flatMap { (1...1_000_000).contains($0) ? $0 : nil }
    }
    converters = try await layers.value(.converters, or: "\(cores)", "a number from 1 to 256", count)
    encoderThreads = try await layers.value(.encoderThreads, or: "\(cores)", "a number from 1 to 256", count)
    maximumUpload = try await layers.value(.maximumUpload, or: "20G", "bytes, as 500M or 20G", byteCount)
    reservedSpace = try await layers.value(.reservedSpace, or: "256M", "bytes, as 500M or 20G", byteCount)
    uploadExpiry = try await layers.value(.uploadExpiry, or: "86400", someSeconds, seconds)
    quota = try await UserQuota(layers)
    retention = try await RetentionSettings(layers)
    dropOwner = try await layers.value(.dropOwner, or: "drop", "a name") { $0.isEmpty ? nil : $0 }
    notices = try await NoticeSettings(layers)
    var options: [String: String] = [:]
    for name in SettingName.conversionOptions { options[name.rawValue] = try await layers.text(name) }
    conversionOptions = options
    let sandboxes = "one of \(Sandbox.allCases.map(\.rawValue).joined(separator: ", "))"
    sandbox = try await layers.value(.sandbox, or: "automatic", sandboxes, Sandbox.init)
    refusesOutdatedFFmpeg = try await layers.value(.outdatedFFmpeg, or: "warn", "warn or refuse") {
      ["warn": false, "refuse": true][$0]
    }
    patchedFFmpeg = Set(try await layers.list(.patchedFFmpeg))
    limits = try await Limits(layers)
    web = try await WebSettings(layers)
    shutdownGrace = try await layers.value(.shutdownGrace, or: "30", "seconds from 0 to 86400") { text in
      Int(text).flatMap { (0...86400).contains($0) ? .seconds($0) : nil }
    }
    logLevel = try await layers.value(.logLevel, or: "info", "one of \(logLevels.joined(separator: ", "))") {
      logLevels.contains($0.lowercased()) ? $0.lowercased() : nil
    }
    logFormat = try await layers.value(.logFormat, or: "auto", "one of \(logFormats.joined(separator: ", "))") {
      logFormats.contains($0) ? $0 : nil
    }
    hasAccessLog = try await layers.value(.accessLog, or: "off", "on or off") { ["on": true, "off": false][$0] }
    metricsListen = try await layers.value(.metricsListen, or: "none", "HOST:PORT, or none") {
      orNone($0) { HostAndPort($0) }
    }
    otlpEndpoint = try await layers.value(.otlpEndpoint, or: "none", "an http or https URL, or none") {
      orNone($0) { $0.contains("://") ? baseURL($0) : nil }
    }
    effective = SettingName.allCases.compactMap { layers.effective[$0] }
  }
}

extension UserQuota {
  fileprivate init(_ layers: SettingsLayers) async throws(SettingsError) {
    bytes = try await layers.value(.quotaBytes, or: "none", "bytes, as 500M or 20G, or none") {
      orNone($0, UserQuota.bytes)
    }
    minutes = try await layers.value(.quotaMinutes, or: "none", numberOrNone) { orNone($0, UserQuota.number) }
    waiting = try await layers.value(.quotaWaiting, or: "none", numberOrNone) { orNone($0, UserQuota.number) }
  }

  /// Reads bytes, with K, M, G, T for powers of 1024; nil for what is no such number.
  public static func bytes(_ text: String) -> Int64? { byteCount(text) }

  /// Reads a number of minutes or jobs.
  public static func number(_ text: String) -> Int64? {
    Int64(text).flatMap { (0...1_000_000_000).contains($0) ? $0 : nil }
  }
}

private let numberOrNone = "a number from 0 to 1000000000, or none"

private func orNone<Value>(_ text: String, _ parse: (String) -> Value?) -> Value?? {
  text == "none" ? .some(nil) : parse(text).map { .some($0) }
}

extension RetentionSettings {
  fileprivate init(_ layers: SettingsLayers) async throws(SettingsError) {
    done = try await layers.value(.keepDone, or: "none", ageOrNone) { orNone($0, Self.age) }
    failed = try await layers.value(.keepFailed, or: "none", ageOrNone) { orNone($0, Self.age) }
    freeBytes = try await layers.value(.keepFree, or: "none", "bytes, as 500M or 20G, or none") {
      orNone($0, byteCount)
    }
  }

  /// Reads an age: `45s`, `30m`, `12h`, `7d`, `2w`; nil for what is none.
  public static func age(_ text: String) -> Duration? {
    let units: [Character: Double] = ["s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604_800]
    guard let unit = text.last.flatMap({ units[$0] }), let number = Double(text.dropLast()), number >= 0, number <= 1e9
    else { return nil }
    return .seconds(number * unit)
  }
}

private let ageOrNone = "an age, as 12h, 7d or 2w, or none"

extension NoticeSettings {
  fileprivate init(_ layers: SettingsLayers) async throws(SettingsError) {
    privateAddresses = try await layers.list(.webhookPrivateAddresses)
    switch (try await layers.text(.smtpURL), try await layers.text(.mailFrom)) {
    case (let server?, let sender?): mail = (server, sender)
    case (nil, nil): mail = nil
    case (_?, nil): throw SettingsError("the setting smtp-url needs the setting mail-from")
    case (nil, _?): throw SettingsError("the setting mail-from needs the setting smtp-url")
    }
  }
}

extension Limits {
  fileprivate init(_ layers: SettingsLayers) async throws(SettingsError) {
    streams = try await layers.value(.limitStreams, or: "64", "a number from 1 to 1000") { text in
      Int(text).flatMap { (1...1000).contains($0) ? $0 : nil }
    }
    probe = try await layers.value(.limitProbe, or: "5M", memorySize, amountOfMemory)
    analysis = try await layers.value(.limitAnalysis, or: "10", someSeconds, seconds)
    allocation = try await layers.value(.limitAllocation, or: "256M", memorySize, amountOfMemory)
    memory = try await layers.value(.limitMemory, or: "512M", memorySize, amountOfMemory)
    cpu = try await layers.value(.limitCPU, or: "1800", someSeconds, seconds)
    duration = try await layers.value(.limitDuration, or: "43200", someSeconds, seconds)
    wait = try await layers.value(.limitWait, or: "60", someSeconds, seconds)
  }
}

extension WebSettings {
  fileprivate init(_ layers: SettingsLayers) async throws(SettingsError) {
    headerTimeout = try await layers.value(.headerTimeout, or: "15", someSeconds, seconds)
    bodyTimeout = try await layers.value(.bodyTimeout, or: "60", someSeconds, seconds)
    idleTimeout = try await layers.value(.idleTimeout, or: "60", someSeconds, seconds)
    writeTimeout = try await layers.value(.writeTimeout, or: "60", someSeconds, seconds)
    connections = try await layers.value(.connections, or: "20000", "a number from 1 to 1000000") { text in
      Int(text).flatMap { (1...1_000_000).contains($0) ? $0 : nil }
    }
    connectionsPerAddress = try await layers.value(.connectionsPerAddress, or: "0", "a number up to 1000000") { text in
      Int(text).flatMap { (0...1_000_000).contains($0) ? $0 : nil }
    }
    let (certificate, key) = (try await layers.text(.tlsCertificate), try await layers.text(.tlsKey))
    switch (certificate, key) {
    case (let certificate?, let key?): tls = (FilePath(certificate), FilePath(key))
    case (nil, nil): tls = nil
    case (_?, nil): throw SettingsError("the setting tls-certificate needs the setting tls-key")
    case (nil, _?): throw SettingsError("the setting tls-key needs the setting tls-certificate")
    }
    trustedProxies = try await layers.list(.trustedProxies)
  }
}

private let memorySize = "bytes from 1M to 1T, as 256M"

private func amountOfMemory(_ text: String) -> Int64? {
  byteCount(text).flatMap { (1 << 20...1 << 40).contains($0) ? $0 : nil }
}

private let someSeconds = "seconds from 1 to 604800"

private func seconds(_ text: String) -> Duration? {
  Int(text).flatMap { (1...604_800).contains($0) ? .seconds($0) : nil }
}

private let logFormats = ["auto", "text", "json", "logfmt", "journal"]
private let logLevels = ["trace", "debug", "info", "notice", "warning", "error", "critical"]

private func count(_ text: String) -> Int? { Int(text).flatMap { (1...256).contains($0) ? $0 : nil } }

private func byteCount(_ text: String) -> Int64? {
  let units: [Character: Int64] = ["K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40]
  guard let last = text.uppercased().last else { return nil }
  guard let unit = units[last] else { return Int64(text).flatMap { $0 >= 0 ? $0 : nil } }
  guard let number = Int64(text.dropLast()), number >= 0 else { return nil }
  let (bytes, overflow) = number.multipliedReportingOverflow(by: unit)
  return overflow ? nil : bytes
}

/// What paths can be put behind; nil for what is no such URL. The older system wrote `auth:5000`, without a scheme.
private func baseURL(_ address: String) -> String? {
  let url = address.contains("://") ? address : "http://\(address)"
  guard let parts = URLComponents(string: url), ["http", "https"].contains(parts.scheme?.lowercased()),
    parts.host?.isEmpty == false, parts.query == nil, parts.fragment == nil,
    parts.port.map({ (1...65535).contains($0) }) ?? true
  else { return nil }
  return url.hasSuffix("/") ? String(url.dropLast()) : url
}

import Foundation
import Glibc
import Testing

/// What stops a start: with an exit code that says whether to try again, and a sentence that says what to do.
@Suite struct StartTests {
  private func expectRefusal(
    _ outcome: Outcome, status: Int32, _ words: String..., sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(outcome.status == status, "\(outcome)", sourceLocation: sourceLocation)
    let sentence = outcome.errors.split(separator: "\n").first { $0.hasPrefix("mp3spool: ") } ?? ""
    for word in words { #expect(sentence.contains(word), "\(outcome)", sourceLocation: sourceLocation) }
  }

  @Test func portInUseIsNamed() async throws {
    try await withService { service in
      let address = String(service.gateway.dropFirst("http://".count))
      for (setting, name) in [("MP3SPOOL_LISTEN", "gateway"), ("MP3SPOOL_AUTH_LISTEN", "auth service")] {
        let outcome = try await service.scratch.mp3spool(
          "serve", settings: [setting: address, "MP3SPOOL_SPOOL": service.scratch.path("other")], status: nil)
        expectRefusal(outcome, status: 69, name, address, "another program uses this port")
      }
      #expect(try await service.request("/healthz").status == 200)
    }
  }

  @Test(arguments: [("serve", "MP3SPOOL_LISTEN", "gateway"), ("work", "MP3SPOOL_METRICS_LISTEN", "metrics")])
  func aNameThatIsNoHostsIsNamed(_ part: String, _ setting: String, _ name: String) async throws {
    try await withScratch { scratch in
      try await scratch.makeSpool()
      let outcome = try await scratch.mp3spool(part, settings: [setting: "no-host.invalid:8080"], status: nil)
      expectRefusal(outcome, status: 69, name, "no-host.invalid:8080", "no address is known for this name")
    }
  }

  /// libdispatch tells the journal of each thread that may not be as nice to itself as it is to be.
  @Test func noThreadsAskForAPriorityThatAServiceMayNotHave() async throws {
    let poorer = geteuid() == 0 ? ["setpriv", "--bounding-set=-sys_nice", "--inh-caps=-sys_nice"] : []
    try await withScratch { scratch in
      try await Accounts.add(to: scratch)
      let service = try await Service.start(
        in: scratch, ["serve"], ["LIBDISPATCH_LOG": "stderr"], wrapper: poorer)
      _ = try await service.ended(try await service.upload(try await scratch.sound("talk.wav", seconds: 0.5)))
      #expect(await service.stop().status == 0)
      // Its own, which comes with any timer, is none of ours.
      let complaints = service.command.log.split(separator: "\n").filter { $0.contains("set thread priority") }
      #expect(complaints.count <= 1, "\(complaints)")
    }
  }

  @Test func secondServiceOnOneDatabaseIsRefused() async throws {
    try await withService { service in
      for command in ["serve", "gateway"] {
        let outcome = try await service.scratch.mp3spool(command, status: nil)
        expectRefusal(outcome, status: 69, "another mp3spool service", "mp3spool.sqlite")
      }
      try await eventually("readiness") { try await service.request("/readyz").status == 200 }
    }
  }

  @Test func badSettingIsNamed() async throws {
    try await withScratch { scratch in
      let cases = [
        ("MP3SPOOL_CONVERTERS", "0", "converters"), ("MP3SPOOL_LISTEN", "8080", "listen"),
        ("MP3SPOOL_MAXIMUM_UPLOAD", "much", "maximum-upload"), ("MP3SPOOL_LOG_LEVEL", "loud", "log-level"),
        ("MP3SPOOL_SHUTDOWN_GRACE", "-1", "shutdown-grace"), ("MP3SPOOL_COLOUR", "red", "MP3SPOOL_COLOUR"),
        ("MP3SPOOL_CONFIG", "nowhere.yaml", "nowhere.yaml"),
      ]
      for (name, value, word) in cases {
        expectRefusal(try await scratch.mp3spool("serve", settings: [name: value], status: nil), status: 64, word)
      }
      try scratch.write("unknown.yaml", "listen: 127.0.0.1:0\ncolour: red\n".utf8)
      try scratch.write("broken.yaml", "listen: [\n".utf8)
      for (file, word) in [("unknown.yaml", "colour"), ("broken.yaml", "YAML")] {
        let outcome = try await scratch.mp3spool("serve", "--config", file, status: nil)
        expectRefusal(outcome, status: 64, word, file)
      }
    }
  }

  @Test func shortSecretIsABadSetting() async throws {
    try await withScratch { scratch in
      for name in ["JWT_SECRET", "MP3SPOOL_JWT_SECRET"] {
        let outcome = try await scratch.mp3spool("serve", settings: [name: "too short"], status: nil)
        expectRefusal(outcome, status: 64, "JWT_SECRET", "32")
        #expect(!outcome.errors.contains("too short"), "a secret is not shown")
      }
    }
  }

  @Test func flagsComeBeforeTheEnvironmentAndThatBeforeTheFile() async throws {
    try await withScratch { scratch in
      try scratch.write("settings.yaml", "spool: from-file\nlog-level: debug\n".utf8)
      let file = ["--config", "settings.yaml"]
      for (arguments, environment, expected) in [
        ([], [:], "from-file"), ([], ["MP3SPOOL_SPOOL": "from-environment"], "from-environment"),
        (["--spool", "from-flag"], ["MP3SPOOL_SPOOL": "from-environment"], "from-flag"),
      ] as [([String], [String: String], String)] {
        let outcome = try await scratch.start(
          ["config", "--json"] + file + arguments, ["MP3SPOOL_SPOOL": ""].merging(environment) { $1 }
        ).outcome()
        let spool = outcome.lines.first { $0.contains("\"setting\":\"spool\"") }
        #expect(spool?.contains("\"value\":\"\(expected)\"") == true, "\(outcome)")
        #expect(spool?.contains("\"from\":\"\(expected.dropFirst("from-".count))\"") == true, "\(outcome)")
      }
    }
  }

  @Test(.enabled(if: geteuid() == 0, "only root may become another user"))
  func spoolWithoutWritePermissionIsRefused() async throws {
    try await withScratch { scratch in
      try await scratch.makeSpool()
      try await scratch.mp3spool("check")
      let program = try await scratch.programForEverybody()
      for place in ["/incoming", "/.state/tmp", "/done"] {
        try await scratch.run("chmod", ["-R", "777", scratch.spool.path])
        try await scratch.run("chmod", ["755", scratch.spool.path + place])
        let outcome = try await scratch.tool("env", Scratch.nobody + [program, "work", "--spool", scratch.spool.path])
        expectRefusal(outcome, status: 69, scratch.spool.path + place)
      }
    }
  }

  @Test func optionsInTheSettingsHoldWhereAJobSaysNothingElse() async throws {
    try await withService(["MP3SPOOL_PRESET": "cbr-64", "MP3SPOOL_RATE": "32000"]) { service in
      let video = try await service.scratch.video("clip.mp4", seconds: 1)
      try await service.drop(video)
      let dropped = try await eventually("a dropped job's end") { try await service.jobs().first { $0.hasEnded } }
      #expect((dropped.result?.bitrate, dropped.result?.sampleRate) == (64_000, 32_000))
      let fid = try await service.upload(video, "-F", "preset=cbr-96", "-F", "rate=")
      let uploaded = try await service.ended(fid)
      #expect((uploaded.result?.bitrate, uploaded.result?.sampleRate) == (96_000, 32_000))
    }
  }

  @Test(arguments: [("MP3SPOOL_PRESET", "loud", "preset"), ("MP3SPOOL_TRACK", "all", "track")])
  func optionThatNoJobCanHaveStopsTheStart(name: String, value: String, word: String) async throws {
    try await withScratch { scratch in
      expectRefusal(try await scratch.mp3spool("serve", settings: [name: value], status: nil), status: 64, word)
    }
  }

  @Test func limitsHoldForEveryFile() async throws {
    try await withScratch { scratch in
      let video = try await scratch.video("clip.mp4", seconds: 4)
      for (name, value, words) in [
        ("MP3SPOOL_LIMIT_STREAMS", "1", "more streams"), ("MP3SPOOL_LIMIT_DURATION", "2", "longer than a job may be"),
      ] {
        let outcome = try await scratch.mp3spool("convert", video, settings: [name: value], status: 65)
        #expect(outcome.errors.contains(words), "\(outcome)")
      }
    }
  }

  @Test func healthTellsOfTheJailAndOfFFmpeg() async throws {
    try await withScratch { scratch in
      try await scratch.makeSpool()
      let health = try await scratch.mp3spool("health", "--json").health
      let jail = try #require(health["jail"])
      for layer in ["no new privileges", "system call filter", "Landlock", "resource limits"] {
        #expect(jail.contains("\(layer): "))
      }
      let sentence = try #require(health["ffmpeg"])
      let version = try #require(sentence.split(separator: " ").dropFirst().first.map(String.init))
      let patched = ["MP3SPOOL_PATCHED_FFMPEG": "0.1, \(version)"]
      if sentence.contains("older than") {
        let refused = ["MP3SPOOL_OUTDATED_FFMPEG": "refuse"]
        expectRefusal(try await scratch.mp3spool("work", settings: refused, status: nil), status: 69, version)
        let accepted = try await scratch.mp3spool("health", "--json", settings: refused.merging(patched) { $1 })
        #expect(try accepted.health["ffmpeg"]?.contains("listed as patched") == true)
      }
    }
  }

  @Test func startTellsOfTheJailAndOfFFmpeg() async throws {
    try await withService { service in
      let health = try await service.scratch.mp3spool("health", "--json").health
      let (jail, ffmpeg) = (try #require(health["jail"]), try #require(health["ffmpeg"]))
      try await eventually("a log of what holds the decoder") { service.command.log.contains("layers=\(jail) ") }
      try await eventually("a log of FFmpeg's version") { service.command.log.contains(ffmpeg) }
      let metrics = try await service.request("/metrics").text
      let version = ffmpeg.split(separator: " ")[1]
      let isOutdated = ffmpeg.contains("older than") ? 1 : 0
      #expect(metrics.contains("mp3spool_ffmpeg_outdated{version=\"\(version)\"} \(isOutdated)\n"), "\(metrics)")
      let isComplete = try await service.scratch.mp3spool("health", settings: ["MP3SPOOL_SANDBOX": "required"]).status
      #expect(metrics.contains("mp3spool_jail_layers_missing 0\n") == (isComplete == 0), "\(metrics)")
    }
  }

  /// Root without the right to become another user: a layer that the jail lacks then.
  @Test(.enabled(if: geteuid() == 0 && Tool.isThere("setpriv"), "only root may give up a right of root's"))
  func jailThatLacksALayerIsRefusedWhereItIsRequired() async throws {
    let wrapper = ["setpriv", "--bounding-set", "-setuid"]
    let missing = "another user: missing (Operation not permitted)"
    try await withScratch { scratch in
      try await scratch.makeSpool()
      for command in ["serve", "work", "health"] {
        let required = try await scratch.mp3spool(
          command, settings: ["MP3SPOOL_SANDBOX": "required"], wrapper: wrapper, status: nil)
        expectRefusal(required, status: 69, "the decoder's jail is not complete", missing)
      }
      for policy in ["best-effort", "automatic"] {
        let settings = ["MP3SPOOL_SANDBOX": policy]
        let health = try await scratch.mp3spool("health", "--json", settings: settings, wrapper: wrapper).health
        #expect(health["jail"]?.contains(missing) == true, "\(health)")
        let video = try await scratch.video("clip.mp4", seconds: 0.5)
        try await scratch.mp3spool("convert", video, settings: settings, wrapper: wrapper)
        let service = try await Service.start(in: scratch, ["serve"], settings, wrapper: wrapper)
        try await eventually("a warning") {
          service.command.log.split(separator: "\n").contains { $0.contains(" warning ") && $0.contains(missing) }
        }
        #expect(try await service.request("/metrics", token: nil).text.contains("mp3spool_jail_layers_missing 1\n"))
        await service.stop()
      }
    }
  }

  @Test func nameInTheSpoolIsNoEntryOfTheLog() async throws {
    try await withScratch { scratch in
      try await scratch.makeSpool()
      try await scratch.mp3spool("check")
      let forged = "x\n2026-01-01T00:00:00+0000 critical mp3spool: forged"
      let place = scratch.spool.appending(path: "active/\(forged)")
      try FileManager.default.createDirectory(at: place, withIntermediateDirectories: false)
      try await scratch.serve { service in
        let entry = try await eventually("a log of what was put away") {
          service.command.log.split(separator: "\n").first { $0.contains("moved to corrupt/") }
        }
        #expect(entry.contains(#"name=x\n2026-01-01T00:00:00+0000 critical mp3spool: forged"#))
      }
    }
  }

  @Test func spoolThatIsAFileIsRefused() async throws {
    try await withScratch { scratch in
      let file = try scratch.write("file", "not a directory".utf8)
      let outcome = try await scratch.mp3spool("serve", "--spool", file, status: nil)
      expectRefusal(outcome, status: 69, file)
    }
  }

  /// A library put before libc makes statfs(2) call one directory NFS: that is all that mp3spool goes by.
  @Test(.enabled(if: Tool.isThere("clang"), "the C compiler that comes with Swift is not in the PATH"))
  func databaseOnNFSIsRefused() async throws {
    try await withScratch { scratch in
      let preload = try await scratch.pretendingNFS(at: scratch.path("share"))
      let outcome = try await scratch.mp3spool(
        "serve", settings: preload.merging(["MP3SPOOL_DATABASE": scratch.path("share/mp3spool.sqlite")]) { $1 },
        status: nil)
      expectRefusal(outcome, status: 69, "NFS", "share")
    }
  }

  @Test(.enabled(if: Tool.isThere("clang"), "the C compiler that comes with Swift is not in the PATH"))
  func spoolOnNFSIsPolled() async throws {
    try await withScratch { scratch in
      try await Accounts.add(to: scratch)
      try FileManager.default.moveItem(atPath: scratch.spool.path + "/mp3spool.sqlite", toPath: scratch.path("db"))
      let preload = try await scratch.pretendingNFS(at: scratch.spool.path)
      let settings = preload.merging(["MP3SPOOL_DATABASE": scratch.path("db")]) { $1 }
      try await scratch.serve(settings) { service in
        let health = try await scratch.mp3spool("health", settings: settings)
        #expect(health.output.contains("(NFS)"), "\(health)")
        let fid = try await service.upload(try await scratch.video("clip.mp4", seconds: 0.5))
        #expect(try await service.ended(fid).state == "done")
      }
    }
  }
}

extension Scratch {
  /// The environment in which statfs(2) calls this directory NFS.
  fileprivate func pretendingNFS(at directory: String) async throws -> [String: String] {
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    let source = #"""
      #define _GNU_SOURCE
      #include <dlfcn.h>
      #include <string.h>
      #include <sys/vfs.h>
      int statfs(const char *path, struct statfs *answer) {
        int (*real)(const char *, struct statfs *) = dlsym(RTLD_NEXT, "statfs");
        int result = real(path, answer);
        if (!strncmp(path, SHARE, strlen(SHARE))) answer->f_type = 0x6969;
        return result;
      }
      """#
    let library = path("nfs.so")
    try write("nfs.c", source.utf8)
    try await run(
      "clang", ["-shared", "-fPIC", "-DSHARE=\"\(directory)\"", "-o", library, path("nfs.c"), "-ldl"])
    return ["LD_PRELOAD": library]
  }
}

extension Outcome {
  fileprivate var health: [String: String] {
    get throws { try JSONDecoder().decode([String: String].self, from: Data(output.utf8)) }
  }
}

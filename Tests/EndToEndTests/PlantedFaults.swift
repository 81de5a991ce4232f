import Foundation

/// A file that breaks its decoder, and what must become of its job.
struct PlantedFault: Sendable {
  /// What `Scratch.plantingFaults` has libavformat do; it is the file's content.
  let name: String
  /// As `failure.json` has it.
  let code: String
  /// How often it is tried: where the file alone is to blame, once.
  let attempts: Int
  /// What the reason must say.
  let words: String

  static let all = [
    PlantedFault(name: "crash", code: "crashed", attempts: 3, words: "killed by signal 11 (SIGSEGV)"),
    PlantedFault(name: "abort", code: "crashed", attempts: 3, words: "killed by signal 6 (SIGABRT)"),
    PlantedFault(name: "open", code: "crashed", attempts: 3, words: "(SIGSYS): it made a system call that its jail"),
    PlantedFault(name: "leave", code: "exited", attempts: 3, words: "ended with status 3"),
    PlantedFault(name: "loop", code: "limit-exceeded", attempts: 3, words: "more than 1 s of processor time"),
    PlantedFault(name: "bomb", code: "limit-exceeded", attempts: 1, words: "more memory than a job may take"),
    PlantedFault(name: "noise", code: "violated-protocol", attempts: 1, words: "a message of type 255 out of order"),
    PlantedFault(name: "samples", code: "violated-protocol", attempts: 1, words: "more samples than a job may have"),
  ]

  /// Limits that each of them meets soon, and an ordinary clip never.
  static let limits = [
    "MP3SPOOL_LIMIT_CPU": "1", "MP3SPOOL_LIMIT_MEMORY": "64M", "MP3SPOOL_LIMIT_DURATION": "300",
  ]
}

extension Scratch {
  /// The environment in which libavformat misbehaves as the file says that it is to open, in mp3spool's own jail: a
  /// library put before it does that.
  ///
  /// - Parameter forbidden: opening a decoder of this kind ends the process; source: libavutil's enum AVMediaType, where
  ///   0 are moving pictures and 1 is sound.
  func plantingFaults(forbidding forbidden: Int = -1) async throws -> [String: String] {
    let library = path("faults.so")
    try write("faults.c", Self.faults.utf8)
    try await run(
      "clang",
      [
        "-shared", "-fPIC", "-O0", "-DSELF=\"\(library)\"", "-DFORBIDDEN=\(forbidden)", "-o", library, path("faults.c"),
        "-ldl",
      ])
    return ["LD_PRELOAD": library]
  }

  /// The floods follow the greeting: noise, or the description of a WAV file in stereo at 48 kHz and blocks of silence.
  private static let faults = #"""
    #define _GNU_SOURCE
    #include <dlfcn.h>
    #include <errno.h>
    #include <fcntl.h>
    #include <spawn.h>
    #include <stdarg.h>
    #include <stdlib.h>
    #include <string.h>
    #include <sys/syscall.h>
    #include <unistd.h>

    static int (*open_input)(void **, const char *, const void *, void **);
    static unsigned char block[5 + 16384 * 8];

    // As libavcodec/codec.h begins it.
    struct codec { const char *name, *long_name; int type; };
    static int (*open_codec)(void *, const struct codec *, void **);

    // In the jail nothing can be looked up any more.
    __attribute__((constructor)) static void find(void) {
      open_input = dlsym(RTLD_NEXT, "avformat_open_input");
      open_codec = dlsym(RTLD_NEXT, "avcodec_open2");
    }

    int avcodec_open2(void *context, const struct codec *codec, void **options) {
      int result = open_codec(context, codec, options);
      if (result == 0 && codec && codec->type == FORBIDDEN) abort();
      return result;
    }

    // A file server that takes its time: whoever asks for a path that ends so waits.
    static const char *slow;
    __attribute__((constructor)) static void slow_down(void) { slow = getenv("SLOW"); }
    int open(const char *path, int flags, ...) {
      va_list rest;
      va_start(rest, flags);
      int mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(rest, int) : 0;
      va_end(rest);
      size_t all = strlen(path), end = slow ? strlen(slow) : all + 1;
      if (end <= all && !strcmp(path + all - end, slow)) usleep(1500000);
      return syscall(SYS_openat, AT_FDCWD, path, flags, mode);
    }

    // The decoder's zygote begins without an environment, and so would begin without this library.
    int posix_spawn(pid_t *child, const char *path, const posix_spawn_file_actions_t *actions,
                    const posix_spawnattr_t *attributes, char *const *words, char *const *environment) {
      __typeof__(&posix_spawn) real = dlsym(RTLD_NEXT, "posix_spawn");
      (void)environment;
      char *preload[] = {"LD_PRELOAD=" SELF, NULL};
      return real(child, path, actions, attributes, words, preload);
    }

    static void flood(void) { while (write(1, block, sizeof block) > 0) continue; }

    static int exhaust(void) {
      void **pieces = NULL;
      for (void **piece; (piece = malloc(1 << 20)); pieces = piece) {
        memset(piece, 1, 1 << 20);
        *piece = pieces;
      }
      for (void **piece; (piece = pieces); free(piece)) pieces = *piece;
      return -ENOMEM;
    }

    static void describe(void) {
      static const unsigned char header[] = {
          1, 56, 0, 0, 0, 0, 0x80, 0xBB, 0, 0, 2, 0x80, 0xBB, 0, 0, 2, 0, 255, 255, 255, 255, 255, 255, 255, 255, 255,
          255, 255, 255, 255, 255, 255, 255, 1, 0, 1, 0, 3, 0, 0, 0, 'w', 'a', 'v', 9, 0, 0, 0, 'p', 'c', 'm', '_', 's',
          '1', '6', 'l', 'e', 0, 0, 0, 0};
      (void)!write(1, header, sizeof header);
      memcpy(block, "\3\0\0\2", 4);
    }

    int avformat_open_input(void **context, const char *name, const void *format, void **options) {
      char what[24] = {0};
      (void)!pread(0, what, sizeof what - 1, 0);
      if (!strcmp(what, "planted: crash")) *(volatile int *)8 = 1;
      if (!strcmp(what, "planted: abort")) abort();
      if (!strcmp(what, "planted: open")) return open("/etc/passwd", O_RDONLY);
      if (!strcmp(what, "planted: leave")) _exit(3);
      if (!strcmp(what, "planted: loop")) for (volatile int turn = 0;; turn ^= 1) continue;
      if (!strcmp(what, "planted: bomb")) return exhaust();
      if (!strcmp(what, "planted: noise")) { memset(block, 255, sizeof block); flood(); }
      if (!strcmp(what, "planted: samples")) { describe(); flood(); }
      return open_input(context, name, format, options);
    }
    """#
}

import CLinux
import Decoder
import Glibc
import SystemPackage

/// The decoder's zygote with children that misbehave: what the tests of the jail run in the place of mp3spool.
///
/// `DecoderTrials decoder-zygote [LAYER…]`: the children lack these layers, and try what the request's language says.

/// A variable of the zygote's environment, which is empty otherwise.
let secret = "MP3SPOOL_TRIAL"

/// Descriptor of the pipe in the jail.
let pipe: CInt = 1

/// tgkill(2), which Swift's Glibc does not show.
let signalThread = unsafe unsafeBitCast(
  dlsym(nil, "tgkill")!, to: (@convention(c) (pid_t, pid_t, CInt) -> CInt).self)

/// A call of the system, by its result.
func attempt(_ result: Int) throws(DecodeFailure) {
  let word = result < 0 ? "\(Errno(rawValue: errno))" : "allowed"
  throw DecodeFailure(.unavailable, word)
}

func attempt(_ result: CInt) throws(DecodeFailure) { try attempt(Int(result)) }

/// Creates a file where everybody may, and removes it.
func createFile() -> CInt {
  let path = "/tmp/mp3spool-trial-\(getpid())"
  let file = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL, 0o600)
  if file >= 0 { unsafe unlink(path) }
  return file
}

/// Connects to a port of this machine, where nobody listens.
func connectToPort() -> CInt {
  let end = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
  guard end >= 0 else { return end }
  var address = sockaddr_in()
  address.sin_family = sa_family_t(AF_INET)
  (address.sin_port, address.sin_addr.s_addr) = (UInt16(9).bigEndian, UInt32(0x7F00_0001).bigEndian)
  return unsafe withUnsafePointer(to: &address) { address in
    unsafe address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      unsafe connect(end, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
    }
  }
}

/// Runs a program that is on each system.
func execute() -> CInt {
  var words: [UnsafeMutablePointer<CChar>?] = unsafe [strdup("/bin/true"), nil]
  return unsafe execv("/bin/true", &words)
}

/// Allocates and touches memory until there is none, then says so.
func exhaustMemory() throws(DecodeFailure) {
  while let block = unsafe malloc(1 << 20) { unsafe memset(block, 1, 1 << 20) }
  throw DecodeFailure(.limitExceeded(.memory), "no memory is left")
}

/// Writes these bytes again and again, for ever.
func flood(_ bytes: [UInt8]) {
  let many = Array(repeatElement(bytes, count: 1 + 65536 / bytes.count).joined())
  while unsafe write(pipe, many, many.count) > 0 {}
}

/// Recurses until there is no stack.
func overflow(_ depth: Int) -> Int { depth == .max ? 0 : overflow(depth + 1) + 1 }

func attemptCall(_ what: String) throws(DecodeFailure) {
  switch what {
  case "open": try attempt(unsafe open("/etc/passwd", O_RDONLY))
  case "create": try attempt(createFile())
  case "socket": try attempt(socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0))
  case "connect": try attempt(connectToPort())
  case "fork": try attempt(clinux_fork())
  case "exec": try attempt(execute())
  case "write": try attempt(unsafe write(0, "x", 1))
  case "signal": try attempt(kill(getppid(), 0))
  case "abort-zygote": try attempt(signalThread(getppid(), getppid(), SIGABRT))
  case "root": try attempt(setuid(0))
  case "executable": try attempt(mapExecutable())
  case "raise": try attempt(kill(getpid(), SIGUSR1))
  case "environment": throw DecodeFailure(.unavailable, unsafe getenv(secret) == nil ? "empty" : "full")
  default: throw DecodeFailure(.unavailable, "nobody knows how to try \(what)")
  }
}

/// Memory that may be run.
func mapExecutable() -> Int {
  let memory = unsafe mmap(nil, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
  return unsafe memory == MAP_FAILED ? -1 : 0
}

func misbehave(_ request: DecodeRequest) throws(DecodeFailure) {
  switch request.language ?? "" {
  case "crash": unsafe UnsafeMutablePointer<Int>(bitPattern: 8)!.pointee = 1
  case "abort": abort()
  case "trap": fatalError("a planted one")
  case "overflow": _ = overflow(0)
  case "loop": while getpid() > 0 {}
  case "allocate": try exhaustMemory()
  case "noise": flood([0xFF])
  case "progress": flood([5, 8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0])
  case "samples":
    describe()
    flood(blockOfSamples)
  case "stall":
    describe()
    for _ in 0..<12 { _ = unsafe write(pipe, blockOfSamples, blockOfSamples.count) }
    while getpid() > 0 {}
  case "leave": _exit(3)
  case let what: try attemptCall(what)
  }
}

/// A full block for two channels.
let blockOfSamples = [3, 0, 0, 2, 0] + [UInt8](repeating: 0, count: 16384 * 8)

/// Describes a WAV file in stereo at 48 kHz.
func describe() {
  var header: [UInt8] = [0, 0x80, 0xBB, 0, 0, 2, 0x80, 0xBB, 0, 0, 2, 0]
  header += [UInt8](repeating: 0xFF, count: 16) + [1, 0, 1, 0]
  for name in ["wav", "pcm_s16le"] { header += [UInt8(name.utf8.count), 0, 0, 0] + Array(name.utf8) }
  header += [0, 0, 0, 0]
  let message = [1, UInt8(header.count), 0, 0, 0] + header
  _ = unsafe write(pipe, message, message.count)
}

/// The layers that the words of the command line name.
let leftOut = CommandLine.arguments.dropFirst(2).compactMap { word in
  JailLayer.allCases.first { "\($0)" == word }
}

unsafe setenv(secret, "seen", 1)
DecoderZygote.run(leavingOut: Set(leftOut)) { request throws(DecodeFailure) in try misbehave(request) }

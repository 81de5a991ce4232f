import DurableFiles
import SystemPackage
import Testing

@Suite(.timeLimit(.minutes(5))) struct DirectoryWatchTests {
  let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  func changed(_ name: FilePath.Component, _ kind: DirectoryWatch.Kind, in place: FilePath? = nil)
    -> DirectoryWatch.Event
  {
    .changed(directory: place ?? directory.path, name: name.string, component: name, kind: kind)
  }

  @Test func aFileIsToldWhenItIsClosed() async throws {
    let watch = try DirectoryWatch([directory.path])
    var events = watch.events.makeAsyncIterator()
    var first = try NewFile(creating: directory("first"))
    try first.write([1].span)
    try NewFile(creating: directory("second")).close()
    #expect(await events.next() == changed("second", .closed))
    try first.close()
    #expect(await events.next() == changed("first", .closed))
  }

  @Test func aRenameAndADirectoryAreTold() async throws {
    let other = try TemporaryDirectory()
    try other.file("file")
    let watch = try DirectoryWatch([directory.path])
    var events = watch.events.makeAsyncIterator()
    try Files.rename(other("file"), to: directory("moved"))
    #expect(await events.next() == changed("moved", .moved))
    try Files.makeDirectory(directory("made"))
    #expect(await events.next() == changed("made", .directoryMade))
    try Files.unlink(directory("moved"))
    try Files.rename(directory("made"), to: directory("again"))
    #expect(await events.next() == changed("again", .moved))
  }

  @Test func eachDirectoryIsTold() async throws {
    let other = try TemporaryDirectory()
    let watch = try DirectoryWatch([directory.path, other.path])
    var events = watch.events.makeAsyncIterator()
    try other.file("x")
    #expect(await events.next() == changed("x", .closed, in: other.path))
    try NewFile(creating: directory("y")).close()
    #expect(await events.next() == changed("y", .closed))
  }

  @Test func aNameThatIsNotUTF8ComesAsItIs() async throws {
    let component = try #require(FilePath.Component(platformString: [CChar(bitPattern: 0xFE), 0]))
    let watch = try DirectoryWatch([directory.path])
    var events = watch.events.makeAsyncIterator()
    try NewFile(creating: directory.path.appending(component)).close()
    #expect(await events.next() == changed(component, .closed))
  }

  @Test func whatHappenedBeforeTheListenerCameIsTold() async throws {
    let watch = try DirectoryWatch([directory.path])
    let names: [FilePath.Component] = ["a", "b", "c"]
    for name in names { try NewFile(creating: directory.path.appending(name)).close() }
    var events = watch.events.makeAsyncIterator()
    for name in names { #expect(await events.next() == changed(name, .closed)) }
  }

  @Test func aSlowListenerThatScansAtAnOverflowMissesNothing() async throws {
    let watch = try DirectoryWatch([directory.path], limit: 3)
    let names = Set((0..<200).map { "\($0)" })
    for name in names { try NewFile(creating: directory(name)).close() }
    var known: Set<String> = []
    for await event in watch.events {
      switch event {
      case .changed(_, let name, _, _): known.insert(name)
      case .overflow: known.formUnion(try directory.names)
      }
      if known == names { break }
    }
  }

  @Test func aDirectoryThatIsGoneIsAnOverflow() async throws {
    let watched = directory("watched")
    try Files.makeDirectory(watched)
    let watch = try DirectoryWatch([watched])
    var events = watch.events.makeAsyncIterator()
    try Files.removeDirectory(watched)
    #expect(await events.next() == .overflow)
  }

  @Test func onlyADirectoryCanBeWatched() throws {
    try directory.file("file")
    let file = #expect(throws: FileError.self) { try DirectoryWatch([directory("file")]) }
    #expect(file?.errno == .notDirectory)
    let absent = #expect(throws: FileError.self) { try DirectoryWatch([directory("absent")]) }
    #expect(absent?.description.hasPrefix("cannot watch \(directory("absent"))") == true)
  }

  @Test func cancellingEndsTheEvents() async throws {
    let watch = try DirectoryWatch([directory.path])
    watch.cancel()
    watch.cancel()
    for await _ in watch.events { Issue.record("nothing happened") }
  }

  @Test func cancellingTheListenerEndsTheEvents() async throws {
    let watch = try DirectoryWatch([directory.path])
    let listener = Task {
      var count = 0
      for await _ in watch.events { count += 1 }
      return count
    }
    listener.cancel()
    #expect(await listener.value == 0)
  }

  @Test func theEventsEndWithTheWatch() async throws {
    let events = try DirectoryWatch([directory.path]).events
    for await _ in events { Issue.record("nothing happened") }
  }

  @Test func manyWatchesLeaveNoDescriptorBehind() async throws {
    func descriptors() throws -> Int { try Files.list("/proc/self/fd").count }
    let before = try descriptors()
    for _ in 0..<200 {
      let watch = try DirectoryWatch([directory.path])
      watch.cancel()
      for await _ in watch.events {}
    }
    #expect(try descriptors() < before + 100)
  }
}

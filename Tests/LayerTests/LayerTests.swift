import Foundation
import Testing

/// The house's own rules, read from the sources themselves: who may import whom, and where the sharp tools lie.
@Suite struct LayerTests {
  let house = House.thisOne

  @Test func thereAreSourcesToRead() {
    #expect(Set(house.files.map(\.room)) == Set(House.rooms))
  }

  @Test func importsAreReadInEveryForm() {
    let text = """
      import A
      public import B  // import X
      @testable import C
      internal import struct D.Thing
      // import Y
        @preconcurrency package import E
      let text = "import Z"
      let url = "http://example.org"; unsafe f()
      """
    let file = SourceText("Room/File.swift", text)
    #expect(file.imports == ["A", "B", "C", "D", "E"])
    #expect(file.room == "Room")
    #expect(file.code.last?.hasSuffix("unsafe f()") == true)
    #expect(file.code[4] == "")
  }

  @Test func aRoomImportsOnlyRoomsBelow() {
    for file in house.files {
      for module in file.imports where House.order.contains(module) {
        let isBelow = House.floor(of: file.room) < House.floor(of: module)
        #expect(
          isBelow,
          """
          \(file) imports \(module), which does not stand below \(file.room): a room that knows what stands on it \
          cannot be understood, tested or replaced without it
          """)
      }
    }
  }

  @Test func aPackageIsUsedOnlyWhereItBelongs() {
    for file in house.files {
      for module in file.imports where !House.order.contains(module) && !House.everybodys.contains(module) {
        guard let guest = House.guests[module] else {
          Issue.record(
            "\(file) imports \(module), of which nobody has decided where it belongs: say so in House.guests")
          continue
        }
        #expect(guest.rooms.contains(file.room), "\(file) imports \(module): \(guest.reason)")
      }
    }
  }

  @Test func aWallIsTouchedFromOneSide() {
    for file in house.files {
      for (wall, rooms) in House.walls where file.imports.contains(wall) {
        #expect(
          rooms.contains(file.room),
          "\(file) imports \(wall): what C offers is made safe in \(rooms.sorted().joined(separator: ", ")) and nowhere else"
        )
      }
    }
  }

  @Test func pointersStayBehindTheirBorder() {
    for file in house.files where !House.mayBeUnsafe(file) {
      for (number, line) in file.code.enumerated() {
        #expect(
          line.firstMatch(of: /\bunsafe\b|\bUnsafe\w*Pointer\b|\bOpaquePointer\b/) == nil,
          """
          \(file):\(number + 1) is unsafe: pointers stop in Decoder, Loudness, MP3Encoder, DurableFiles and Catalog's password \
          hash, so that only there a mistake can be more than a wrong answer
          """)
      }
    }
  }

  @Test func onlyTheSpoolMovesJobs() {
    for file in house.files where !House.mayRename(file) {
      for (number, line) in file.code.enumerated() {
        #expect(
          line.firstMatch(of: /\brename(at2?)?\(|\bmoveItem\(/) == nil,
          """
          \(file):\(number + 1) renames: a job's state is the name of its directory, so whoever renames changes states, \
          and the spool alone knows which changes there are
          """)
      }
    }
  }

  @Test func onlyTheSpoolKnowsItsPaths() {
    for file in house.files where file.path != "Spool/Layout.swift" {
      for (number, line) in file.code.enumerated() {
        #expect(
          line.firstMatch(of: /"(incoming|\.state|job\.jwt|audio\.mp3|result\.json|failure\.json|jwks\.json)["\/]/)
            == nil,
          "\(file):\(number + 1) spells one of the spool's paths: they are put together in SpoolLayout and JobFiles")
      }
    }
  }

  @Test func theManifestIsReadInEveryForm() {
    let manifest = Manifest(
      """
      let system: Target.Dependency = .product(name: "SystemPackage", package: "swift-system")
        .target(name: "A"),
        .executableTarget(
          name: "B",
          dependencies: [
            "A", system,
            .product(name: "C", package: "c"),
          ]),
      """)
    #expect(manifest.dependencies == ["A": [], "B": ["A", "SystemPackage", "C"]])
  }

  @Test func theManifestSaysWhatTheSourcesImport() throws {
    let manifest = Manifest(try String(contentsOf: house.root.appending(path: "Package.swift"), encoding: .utf8))
    for room in House.rooms {
      let imported = Set(house.files.filter { $0.room == room }.flatMap(\.imports)).subtracting(House.ofTheSystem)
      let declared = try #require(manifest.dependencies[room], "Package.swift has no target \(room)")
      let modules = Set(imported.map { House.products[$0] ?? $0 })
      #expect(modules.subtracting(declared) == [], "Package.swift leaves out what \(room) imports")
      #expect(declared.subtracting(modules) == [], "Package.swift gives \(room) what it does not import")
    }
  }
}

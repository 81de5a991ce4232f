"""What the page must do, each as a function of a Case; `Tests/EndToEndTests/PageTests.swift` runs them."""

import json
import re
import time
from urllib.parse import parse_qs, urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from browser import visits
from service import ADMIN, READER, Sources, duration


class Case:
    """A service and a browser for one case."""

    def __init__(self, service, screenshots):
        self.service, self.screenshots = service, screenshots
        self.sources = Sources(service.directory)
        self.password = service.password

def whole_way(case):
    """From three videos to an MP3 that is played, downloaded, shared and deleted."""
    # What is played is long enough to be seen playing on a slow machine, too.
    one, two, three = (case.sources.video(f"{name}.mp4", seconds, tone)
                       for name, seconds, tone in [("one", 3, 300), ("two", 20, 400), ("three", 3, 500)])
    with visits(case.service) as visit:
        visit = visit()
        page = visit.page
        visit.enter(ADMIN, case.password)
        drop(page, [one, two, three])
        for name in ("one.mp4", "two.mp4", "three.mp4"):
            expect(visit.job(name, "done")).to_be_visible()
        expect(page.locator(".upload")).to_have_count(0)
        row = visit.job("two.mp4")
        row.get_by_role("button", name="Play").click()
        expect(row.get_by_role("button", name="Pause", exact=True)).to_be_visible()
        expect(row.locator(".player .time")).to_have_text(re.compile(r"0:(0[1-9]|1\d) / 0:20"))
        expect(row.get_by_text("Morning at the harbour")).to_be_visible()
        with page.expect_download() as download:
            row.get_by_role("button", name="Download").click()
        assert download.value.suggested_filename == "two.mp3", download.value.suggested_filename
        assert 19.9 < duration(download.value.path()) < 20.1
        row.get_by_role("button", name="Copy link").click()
        expect(page.locator(".toast")).to_contain_text("link is copied")
        link = page.evaluate("navigator.clipboard.readText()")
        assert parse_qs(urlsplit(link).query)["signature"], link
        assert case.service.request("GET", link.removeprefix(case.service.address))[:3] == b"ID3"
        row.get_by_role("button", name="Delete").click()
        page.get_by_role("dialog").get_by_role("button", name="Delete").click()
        expect(visit.job("two.mp4")).to_have_count(0)
        expect(visit.job("one.mp4")).to_be_visible()
        page.get_by_role("button", name="Log out").click()
        expect(page.get_by_label("Password")).to_be_visible()
        assert page.evaluate("localStorage.getItem('mp3spool.token')") is None


def talk(case):
    """The cover is shown, and chapters lead to their beginnings."""
    with visits(case.service) as visit:
        visit = visit()
        visit.enter(ADMIN, case.password)
        visit.choose(case.sources.talk())
        row = visit.job("talk.mp4", "done")
        expect(row.locator("> .cover img")).to_be_visible()
        row.get_by_role("button", name="Details").click()
        expect(row.get_by_role("img", name="Cover")).to_be_visible()
        expect(row.get_by_text("Evening talk")).to_be_visible()
        row.get_by_role("button", name="Questions").click()
        expect(row.locator(".player .time")).to_have_text("0:02 / 0:04")
        expect(row.get_by_role("button", name="Questions")).to_have_attribute("aria-current", "true")
        peaks = visit.page.evaluate("""() => {
          const canvas = document.querySelector('.wave canvas');
          const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
          return data.filter((value, index) => index % 4 === 3 && value).length / data.length * 4;
        }""")
        assert 0.01 < peaks < 0.9, f"{peaks} of the waveform is drawn"


def drop(page, paths):
    """Drops files on the page, as a person does from a folder."""
    page.evaluate("document.body.append(Object.assign(document.createElement('input'), {type: 'file', multiple: true, id: 'dropped'}))")
    page.set_input_files("#dropped", paths)
    page.evaluate("""() => {
      const [input, transfer] = [document.querySelector('#dropped'), new DataTransfer()];
      for (const file of input.files) transfer.items.add(file);
      input.remove();
      const say = name => document.body.dispatchEvent(new DragEvent(name, {dataTransfer: transfer, bubbles: true, cancelable: true}));
      say('dragenter'); say('dragover'); say('drop');
    }""")


def eventually(page, condition):
    """As playwright's wait_for_function, which needs an eval that the page's policy forbids."""
    deadline = time.monotonic() + 30
    while not page.evaluate(condition):
        assert time.monotonic() < deadline, condition
        page.wait_for_timeout(50)


def begin_slow_upload(visit, path, name, fraction=0.3):
    visit.slow_down(400_000)
    visit.choose(path)
    row = visit.upload(name)
    eventually(visit.page, f"document.querySelector('.upload progress')?.value > {fraction}")
    return row


def reload(case):
    """After a reload the same file goes on where it was, another one is refused."""
    path = case.sources.noise(megabytes=4)
    other = case.sources.video("other.mp4")
    with visits(case.service) as visit:
        visit = visit()
        visit.may_lose_requests = True
        visit.enter(ADMIN, case.password)
        begin_slow_upload(visit, path, "noise.wav")
        visit.page.reload()
        row = visit.upload("noise.wav")
        expect(row).to_contain_text("Choose the file again to go on")
        eventually(visit.page, "document.querySelector('.upload progress').value > 0")
        row.locator("input[type=file]").set_input_files(other)
        expect(visit.page.get_by_role("alert")).to_contain_text("That is another file")
        visit.patches.clear()
        row.locator("input[type=file]").set_input_files(path)
        expect(visit.job("noise.wav", "done")).to_be_visible()
        assert visit.patches[0] > 0, visit.patches
        assert visit.page.evaluate("localStorage.getItem('mp3spool.uploads')") == "[]"


def pause(case):
    """A pause lasts until it is ended, and nothing is sent twice."""
    path = case.sources.noise(megabytes=3)
    with visits(case.service) as visit:
        visit = visit()
        visit.may_lose_requests = True
        visit.enter(ADMIN, case.password)
        row = begin_slow_upload(visit, path, "noise.wav")
        row.get_by_role("button", name="Pause").click()
        expect(row).to_contain_text("Paused at")
        expect(row.get_by_role("button", name="Go on")).to_be_focused()
        visit.slow_down(0)
        row.get_by_role("button", name="Go on").click()
        expect(visit.job("noise.wav", "done")).to_be_visible()
        assert visit.patches[-1] > 0, visit.patches


def restart(case):
    """The service dies in the middle of an upload: the page says so, and both go on by themselves."""
    path = case.sources.noise(megabytes=6)
    with visits(case.service) as visit:
        visit = visit()
        visit.may_lose_requests = True
        visit.enter(ADMIN, case.password)
        row = begin_slow_upload(visit, path, "noise.wav", 0.6)
        assert len(visit.patches) > 1, "what is tested begins after the first piece"
        case.service.kill()
        expect(row).to_contain_text("Trying again soon")
        expect(visit.page.locator(".stale:visible")).to_contain_text("No connection to the service since")
        case.service.start()
        visit.slow_down(0)
        expect(visit.job("noise.wav", "done")).to_be_visible()
        expect(visit.page.locator(".stale")).to_be_hidden()
        assert visit.patches[-1] > 0, visit.patches


def wrong_password(case):
    with visits(case.service) as visit:
        visit = visit()
        visit.may_lose_requests = True
        visit.open()
        visit.log_in(ADMIN, "nonsense")
        expect(visit.page.get_by_role("alert")).to_have_text("Email and password do not fit together.")
        expect(visit.page.get_by_label("Password")).to_be_focused()
        visit.log_in(ADMIN, case.password)
        expect(visit.page.locator("#login")).to_have_count(0)
        expect(visit.page.get_by_role("link", name="Administration")).to_be_visible()


def expired_token(case):
    """A token that is no good any more costs a login, and what was under way goes on."""
    path = case.sources.noise(megabytes=3)
    with visits(case.service) as visit:
        visit = visit()
        visit.may_lose_requests = True
        visit.enter(ADMIN, case.password)
        begin_slow_upload(visit, path, "noise.wav")
        case.service.command("user", "passwd", ADMIN, "--password-stdin", given="another password\n")
        # The piece that is under way may still be taken; the page asks for other things, too.
        # By script, since the question for the password may stand above the page already.
        visit.page.evaluate("document.querySelector('.chip[data-state=done]').click()")
        expect(visit.page.locator("#login")).to_contain_text("Your login has ended")
        visit.slow_down(0)
        visit.log_in(ADMIN, "another password")
        expect(visit.job("noise.wav", "done")).to_be_visible()
        # And one that has run out while the page was closed.
        visit.page.evaluate("""() => {
          const parts = localStorage.getItem('mp3spool.token').split('.');
          parts[1] = btoa(JSON.stringify({username: 'admin@example.com', admin: true, exp: 1})).replaceAll('=', '');
          localStorage.setItem('mp3spool.token', parts.join('.'));
        }""")
        visit.page.reload()
        expect(visit.page.locator("#login")).to_contain_text("Your login has ended")


def no_audio(case):
    """The reason is in plain words, the service's own sentence beside it, and another try can be had."""
    with visits(case.service) as visit:
        visit = visit()
        visit.enter(ADMIN, case.password)
        visit.choose(case.sources.silent())
        row = visit.job("silent.mp4", "failed")
        expect(row).to_contain_text("The file has no sound.")
        row.get_by_role("button", name="Details").click()
        expect(row).to_contain_text("The service says:")
        with visit.page.expect_response(lambda answer: answer.url.endswith("/retry")) as answer:
            row.get_by_role("button", name="Try again").click()
        assert answer.value.status == 202
        expect(row).to_contain_text("The file has no sound.")
        expect(visit.page.locator("#news")).to_contain_text("silent.mp4 could not be converted")


def options(case):
    """Options reach the job, and are there again after a reload; wrong ones are told at their place."""
    with visits(case.service) as visit:
        visit = visit()
        page = visit.page
        visit.enter(ADMIN, case.password)
        page.locator("summary").click()
        page.get_by_label("Quality").select_option("voice")
        page.get_by_label("From").fill("2")
        page.get_by_label("To").fill("1")
        visit.choose(case.sources.video("short.mp4"))
        assert page.get_by_label("To").evaluate("input => input.validationMessage") == "The end must lie after the beginning."
        expect(page.locator(".upload")).to_have_count(0)
        page.get_by_label("From").fill("1")
        page.get_by_label("To").fill("2")
        page.get_by_label("To").press("Tab")
        visit.choose(case.sources.video("short.mp4"))
        row = visit.job("short.mp4", "done")
        expect(row).to_contain_text("0:01")
        row.get_by_role("button", name="Details").click()
        expect(row).to_contain_text("mono")
        expect(row).to_contain_text("Speech · 1–2")
        page.reload()
        expect(page.locator("summary")).to_contain_text("Speech · 1–2")


def many(case):
    """200 jobs: pages, filter, search; a row stays the same element, with the focus in it, when others come."""
    with visits(case.service) as visit:
        visit = visit()
        page = visit.page
        visit.enter(ADMIN, case.password)
        ask = visit.client()
        for number in range(200):
            ask("PUT", f"/upload/note-{number:03}.txt", f"text {number}".encode())
        page.reload()
        expect(page.locator(".job")).to_have_count(50)
        expect(visit.job("note-199.txt", "failed")).to_be_visible()
        row = visit.job("note-190.txt", "failed")
        expect(row).to_be_visible()
        row.evaluate("element => { element.mark = 'the same'; }")
        expand = row.get_by_role("button", name="Details")
        expand.focus()
        ask("PUT", "/upload/late.txt", b"another text")
        expect(visit.job("late.txt", "failed")).to_be_visible()
        expect(page.locator(".job h3").first).to_have_text("late.txt")
        assert row.evaluate("element => element.mark") == "the same"
        expect(expand).to_be_focused()
        for count in (101, 151, 201):
            page.keyboard.press("End")
            page.locator(".job").last.scroll_into_view_if_needed()
            eventually(page, f"document.querySelectorAll('.job').length >= {count}")
        names = page.locator(".job h3").all_inner_texts()
        known = json.loads(ask("GET", "/jobs?limit=1000"))["jobs"]
        assert len(known) == 201 and names == [job["name"] for job in known], (names, known)
        page.get_by_role("searchbox").fill("NOTE-07")
        expect(page.locator(".job")).to_have_count(10)
        page.get_by_role("button", name="Done").click()
        expect(page.get_by_text("Nothing fits the filter.")).to_be_visible()
        page.get_by_role("button", name="Show all").click()
        eventually(page, "document.querySelectorAll('.job').length >= 50")


def late_cancel(case):
    """Whoever confirms that a conversion is to be cancelled when it has ended meanwhile loses nothing by it."""
    with visits(case.service) as visit:
        visit = visit()
        page = visit.page
        visit.enter(ADMIN, case.password)
        ask = visit.client()
        visit.choose(case.sources.silence("long.flac", seconds=7200))
        row = visit.job("long.flac", "active")
        row.get_by_role("button", name="Cancel").click()
        [job] = json.loads(ask("GET", "/jobs"))["jobs"]
        ask("POST", f"/jobs/{job['fid']}/cancel")
        expect(visit.job("long.flac", "failed")).to_be_visible()
        visit.may_lose_requests = True  # the console tells of a 409 too
        with page.expect_response(lambda answer: answer.url.endswith("/cancel")) as answer:
            page.get_by_role("button", name="Cancel the conversion").click()
        assert answer.value.status == 409
        expect(page.locator("dialog")).to_have_count(0)
        # Not just the text, which screen readers are told as well.
        expect(page.locator(".toast", has_text="long.flac had come to its end already.")).to_be_visible()
        expect(visit.job("long.flac", "failed")).to_be_visible()
        assert json.loads(ask("GET", f"/jobs/{job['fid']}"))["state"] == "failed"


def late_lists(case):
    """A list that was on its way while something happened: what is known of that by events, or comes by them, holds."""
    with visits(case.service) as visit:
        visit = visit()
        page = visit.page
        visit.enter(ADMIN, case.password)
        ask = visit.client()

        def send(name):
            return json.loads(ask("PUT", f"/upload/{name}", f"text of {name}".encode()))["fid"]

        fids = [send(f"note-{number}.txt") for number in range(60)]
        expect(visit.job("note-59.txt", "failed")).to_be_visible()

        def late_first(route):
            answer = route.fetch()
            late = send("late.txt")
            while json.loads(ask("GET", f"/jobs/{late}?wait=30"))["state"] not in ("done", "failed"):
                pass  # it answers also where it has only begun
            route.fulfill(response=answer)

        page.route("**/jobs?*", late_first, times=1)
        page.reload()
        expect(visit.job("late.txt", "failed")).to_be_visible()
        expect(page.locator(".job")).to_have_count(51)

        def late_next(route):
            answer = route.fetch()
            assert fids[3] in answer.text()
            for fid in (fids[3], fids[50]):
                ask("DELETE", f"/jobs/{fid}")
            expect(visit.job("note-50.txt")).to_have_count(0)
            route.fulfill(response=answer)

        page.route("**/jobs?*before=*", late_next, times=1)
        page.get_by_role("button", name="Show more").click()
        expect(visit.job("note-0.txt")).to_have_count(1)
        expect(page.locator(".job")).to_have_count(59)
        expect(visit.job("note-3.txt")).to_have_count(0)


def keyboard(case):
    """The whole way without a pointer; the focus is always somewhere and visible."""
    path = case.sources.video(seconds=20)
    with visits(case.service) as visit:
        visit = visit()
        page = visit.page
        page.on("filechooser", lambda chooser: chooser.set_files(path))
        visit.open()
        page.keyboard.type(ADMIN)
        page.keyboard.press("Tab")
        page.keyboard.type(case.password)
        page.keyboard.press("Enter")
        expect(page.locator("#login")).to_have_count(0)
        tab_to(page, "Choose files")
        page.keyboard.press("Enter")
        expect(visit.job("clip.mp4", "done")).to_be_visible()
        tab_to(page, "Details: clip.mp4")
        page.keyboard.press("Enter")
        tab_to(page, "Play")
        page.keyboard.press("Enter")
        expect(page.get_by_role("button", name="Pause", exact=True)).to_be_focused()
        tab_to(page, "Position")
        page.keyboard.press("Home")
        page.keyboard.press("PageUp")
        assert float(page.locator(".player input").input_value()) > 0
        tab_to(page, "Delete")
        page.keyboard.press("Enter")
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
        expect(page.get_by_role("button", name="Delete")).to_be_focused()
        page.keyboard.press("Enter")
        # The safe button comes first.
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(visit.job("clip.mp4")).to_have_count(0)
        assert page.evaluate("document.activeElement !== document.body")


def tab_to(page, name, limit=60):
    """Presses Tab until what has this name has the focus, which can be seen at each step."""
    for _ in range(limit):
        page.keyboard.press("Tab")
        found = page.evaluate("""() => {
          const one = document.activeElement;
          const style = getComputedStyle(one.matches('.wave input') ? one.parentElement : one);
          return { name: one.ariaLabel || one.textContent.trim(), isSeen: style.outlineStyle !== 'none' || one === document.body };
        }""")
        assert found["isSeen"], f"the focus on '{found['name']}' cannot be seen"
        if found["name"] == name:
            return
    raise AssertionError(f"Tab does not lead to '{name}'")


def german(case):
    """A German browser gets German, numbers and times, too; a person can choose, and the choice stays."""
    with visits(case.service, locale="de-DE") as visit:
        visit = visit()
        page = visit.page
        visit.enter(ADMIN, case.password, labels=("E-Mail", "Passwort"))
        assert page.locator("html").get_attribute("lang") == "de"
        visit.choose(case.sources.silent("stumm.mp4"), case.sources.video("lied.mp4"))
        expect(visit.job("stumm.mp4", "failed")).to_contain_text("Die Datei hat keinen Ton.")
        row = visit.job("lied.mp4", "done")
        expect(row.locator(".meta").first).to_contain_text(re.compile(r"\d,\d kB"))
        for part, heading in [("account", "API-Tokens"), ("admin", "Rechner"), ("", "Umwandlungen")]:
            visit.open(part)
            expect(page.get_by_role("heading", name=heading, level=2)).to_be_visible()
        page.get_by_label("Sprache", exact=True).select_option("en")
        expect(page.get_by_role("heading", name="Conversions", level=2)).to_be_visible()
        expect(visit.job("stumm.mp4")).to_contain_text("The file has no sound.")
        page.reload()
        expect(page.get_by_role("heading", name="Conversions", level=2)).to_be_visible()
        assert page.locator("html").get_attribute("lang") == "en"


def texts(case):
    """Each text is there in both languages, with the same values in it, and each that the page names is there."""
    with visits(case.service) as visit:
        page = visit().page
        page.goto(case.service.address)
        table = page.evaluate("import('/page/texts.js').then(module => module.texts)")
        assert len(table) > 150, len(table)
        for key, pair in table.items():
            assert len(pair) == 2 and all(pair), key
            values = [sorted(re.findall(r"\{(\w+)\}", text)) for text in pair]
            assert values[0] == values[1], key
        named = re.compile(r"\b(?:t|tLabel|tTitle|tHint): '([\w.-]+)'|\bt\('([\w.-]+)'|\b(?:button|field|checkbox|panel)\(\s*'([\w.-]+)'")
        for name in page.evaluate("performance.getEntriesByType('resource').map(one => new URL(one.name).pathname)"):
            for found in named.findall(page.evaluate("path => fetch(path).then(answer => answer.text())", name)):
                assert "".join(found) in table, f"{name}: {found}"


def offline(case):
    """Without a network the page says so; with it again it shows what has happened meanwhile."""
    with visits(case.service) as visit:
        visit = visit()
        visit.may_lose_requests = True
        visit.enter(ADMIN, case.password)
        visit.choose(case.sources.silent("first.mp4"))
        expect(visit.job("first.mp4", "failed")).to_be_visible()
        ask = visit.client()
        visit.context.set_offline(True)
        expect(visit.page.locator(".stale:visible")).to_contain_text("You are offline.")
        ask("PUT", "/upload/meanwhile.txt", b"text")
        visit.context.set_offline(False)
        expect(visit.page.locator(".stale")).to_be_hidden()
        expect(visit.job("meanwhile.txt", "failed")).to_be_visible()


def without_events(case):
    """Where no events come through, the list is looked at again and again."""
    with visits(case.service) as visit:
        visit = visit()
        visit.may_lose_requests = True
        visit.context.route("**/events", lambda route: route.abort())
        visit.enter(ADMIN, case.password)
        visit.choose(case.sources.video())
        expect(visit.job("clip.mp4", "done")).to_be_visible()
        expect(visit.page.locator(".stale")).to_be_hidden()


def others(case):
    """Somebody who is no admin sees no administration, and is told that sending is not for them."""
    with visits(case.service) as visit:
        visit = visit()
        visit.may_lose_requests = True
        visit.enter(READER, case.password)
        expect(visit.page.get_by_role("link", name="Administration")).to_have_count(0)
        visit.choose(case.sources.silent())
        row = visit.upload("silent.mp4")
        expect(row).to_contain_text("You may not upload here.")
        row.get_by_role("button", name="Give up").click()
        expect(row).to_have_count(0)


def account(case):
    """A token is made, shown once, works and is revoked."""
    with visits(case.service) as visit:
        visit = visit()
        page = visit.page
        visit.enter(ADMIN, case.password, "account")
        page.get_by_role("button", name="Make a token").click()
        page.get_by_label("Name").fill("backup")
        page.get_by_role("dialog").get_by_role("button", name="Make a token").click()
        secret = page.locator("input.secret").input_value()
        case.service.request("GET", "/jobs", Authorization=f"Bearer {secret}")
        page.get_by_role("button", name="OK", exact=True).click()
        assert secret not in page.content()
        page.get_by_role("row").filter(has_text="backup").get_by_role("button", name="Revoke").click()
        page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
        expect(page.get_by_text("There are no tokens.")).to_be_visible()


def administration(case):
    """An admin adds somebody, sets a limit, disables the account; the hosts are shown."""
    with visits(case.service) as visit:
        admin = visit()
        page = admin.page
        admin.enter(ADMIN, case.password, "admin")
        expect(page.locator(".host .badge")).to_have_text("alive")
        page.get_by_role("button", name="Add a user").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("Email").fill("new@example.com")
        dialog.get_by_label("Password").fill("a long enough password")
        dialog.get_by_role("button", name="Add a user").click()
        row = page.get_by_role("row").filter(has_text="new@example.com")
        row.get_by_role("button", name="Change").click()
        dialog.get_by_label("Stored, in GB").first.select_option("own")
        dialog.get_by_role("spinbutton", name="Stored, in GB").fill("1.5")
        dialog.get_by_role("button", name="Save").click()
        expect(row).to_contain_text("of 1.5 GB")
        other = visit()
        other.may_lose_requests = True
        other.enter("new@example.com", "a long enough password")
        row.get_by_role("button", name="Change").click()
        dialog.get_by_label("Disabled").check()
        dialog.get_by_role("button", name="Save").click()
        expect(row).to_contain_text("Disabled")
        other.page.evaluate("document.querySelector('.chip[data-state=done]').click()")
        expect(other.page.locator("#login")).to_contain_text("Your login has ended")


LONG = "A recording with a name as cameras and people give it, from the harbour to the lighthouse (part 2 of 3, final).mp4"


def looks(case):
    """Labels and contrast by axe-core, no part wider than the screen, and pictures for a person to look at."""
    faults = []
    with visits(case.service) as visit:
        first = visit()
        first.enter(ADMIN, case.password)
        first.choose(case.sources.video("harbour.mp4", seconds=4), case.sources.silent(), case.sources.video(LONG, tone=500),
                     case.sources.talk())
        for name, state in [("harbour.mp4", "done"), ("silent.mp4", "failed"), (LONG, "done"), ("talk.mp4", "done")]:
            expect(first.job(name, state)).to_be_visible()
        kept = json.loads(json.dumps(first.context.storage_state()))
        for width in (360, 1920):
            for scheme in ("light", "dark"):
                wishes = dict(viewport=dict(width=width, height=740 if width < 700 else 1080), color_scheme=scheme,
                              reduced_motion="reduce")
                for name, shown in scenes(case, visit, wishes, kept):
                    faults += look(case, shown.page, f"{name}-{width}-{scheme}")
                    shown.context.close()
    assert not faults, "\n".join(faults)


def scenes(case, visit, wishes, kept):
    """The page's main states, each in a visit of its own."""
    shown = visit(**wishes)
    shown.open()
    expect(shown.page.get_by_label("Email")).to_be_visible()
    yield "login", shown
    shown = visit(**wishes)
    shown.enter(READER, case.password)
    yield "empty", shown
    shown = visit(**wishes, storage_state=kept)
    shown.open()
    expect(shown.job("harbour.mp4", "done")).to_be_visible()
    yield "list", shown
    shown = visit(**wishes, storage_state=kept)
    shown.open()
    shown.page.locator("summary").click()
    for name in ("talk.mp4", "silent.mp4"):
        shown.job(name).get_by_role("button", name="Details").click()
    expect(shown.page.locator(".player .time")).to_have_text("0:00 / 0:04")
    yield "details", shown
    shown = visit(**wishes, storage_state=kept)
    shown.may_lose_requests = True
    shown.open()
    name = f"noise-{wishes['viewport']['width']}-{wishes['color_scheme']}.wav"
    begin_slow_upload(shown, case.sources.noise(name, 2), name)
    yield "upload", shown
    shown = visit(**wishes, storage_state=kept)
    shown.open()
    shown.job("harbour.mp4").get_by_role("button", name="Details").click()
    shown.page.get_by_role("button", name="Delete").click()
    yield "question", shown
    for part, heading in [("account", "API tokens"), ("admin", "Hosts")]:
        shown = visit(**wishes, storage_state=kept)
        shown.open(part)
        expect(shown.page.get_by_role("heading", name=heading)).to_be_visible()
        expect(shown.page.locator("[data-t=loading]")).to_have_count(0)
        yield part, shown


def look(case, page, name):
    page.screenshot(path=case.screenshots / f"{name}.png", full_page=True)
    faults = [f"{name}: {one['id']}: {one['nodes'][0]['html'][:160]} {one['nodes'][0]['failureSummary']}"
              for one in Axe().run(page).response["violations"]]
    width, screen = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    if width > screen:
        faults.append(f"{name}: the page is {width} wide on a screen of {screen}")
    return faults

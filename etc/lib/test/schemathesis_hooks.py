"""What schemathesis cannot know of mp3spool: values that its description has no grammar for, and jobs that are there.

The environment has the names of some: MP3SPOOL_TEST_FIDS, the first of which is in the feed MP3SPOOL_TEST_FEED.
"""

import base64
import hashlib
import os
import re
import unicodedata

import schemathesis
from hypothesis import strategies as st

FIDS = os.environ.get("MP3SPOOL_TEST_FIDS", "").split()
USER = os.environ["MP3SPOOL_TEST_USER"]
FEED = os.environ.get("MP3SPOOL_TEST_FEED", "")
# The id of an account that nobody needs, above those that are needed.
SPARE = os.environ["MP3SPOOL_TEST_SPARE"]
CHECKSUM = re.compile("(sha1|sha256) [A-Za-z0-9+/=]+")
FID = re.compile("[0-7][0-9A-HJKMNP-TV-Z]{25}")
SECRET = re.compile("[A-Za-z0-9_-]{43}")

# Whoever destroys would leave nothing for the others.
DESTRUCTIVE = {"deleteJob", "endUpload"}

# The objects that only requests have; clients may put more into them.
OF_REQUESTS = {"UploadForm", "TokenWish", "TokenForm", "NewUser", "ChangedUser"}


@schemathesis.hook
def before_load_schema(context, raw_schema):
    """An answer with a member that is not described is an undocumented answer."""
    for name, schema in raw_schema["components"]["schemas"].items():
        if schema.get("type") == "object" and name not in OF_REQUESTS:
            schema["additionalProperties"] = False


# What the formats mean. Their patterns leave open what a grammar cannot say.

times = st.integers(0, 300).map(str) | st.integers(0, 59).map(lambda n: f"1:{n:02}.5")
schemathesis.openapi.format(
    "trim", st.just("") | times.map(lambda t: f"-{t}9") | times.map(lambda t: f"{t}-") | st.just("0:01-1:00:00.25")
)


def is_seen(text: str) -> bool:
    return not any(unicodedata.category(character) in ("Cc", "Cf", "Cs", "Cn") for character in text)


schemathesis.openapi.format("visible-text", st.text(min_size=1, max_size=60).filter(is_seen))


schemathesis.openapi.format("account-email", st.integers(0, 1 << 60).map(lambda number: f"user-{number}@example.org"))
schemathesis.openapi.format("account-password", st.text(min_size=8, max_size=60))


def is_name(text: str) -> bool:
    hidden = {"/", "\\", "\u2028", "\u2029"}
    return is_seen(text) and text not in (".", "..") and not hidden & set(text) and len(text.encode()) <= 255


schemathesis.openapi.format("file-name", st.text(min_size=1, max_size=60).filter(is_name))


def metadata(pairs: dict) -> str:
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in pairs.items())


schemathesis.openapi.format(
    "tus-metadata",
    st.fixed_dictionaries(
        {},
        optional={
            "filename": st.text(min_size=1, max_size=40).filter(is_name),
            "preset": st.sampled_from(["v2", "cbr-128", "voice"]),
            "filetype": st.just("video/mp4"),
        },
    ).map(metadata),
)

# A network for documentation, which the service is allowed to send to; nobody is there.
schemathesis.openapi.format("webhook-url", st.integers(1, 99).map(lambda number: f"http://192.0.2.1/{number}"))
# Whether there is a signing secret already depends on what was asked for before.
schemathesis.openapi.format("webhook-wish", st.just(""))

schemathesis.openapi.format("idempotency-key", st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=126), min_size=1))


def checksum(algorithm: str, count: int) -> st.SearchStrategy[str]:
    digests = st.binary(min_size=count, max_size=count)
    return digests.map(lambda digest: f"{algorithm} {base64.b64encode(digest).decode()}")


schemathesis.openapi.format("tus-checksum", checksum("sha1", 20) | checksum("sha256", 32))

schemathesis.openapi.media_type("application/offset+octet-stream", st.binary(max_size=200))
schemathesis.openapi.media_type("application/octet-stream", st.binary(max_size=200))


# Headers that must fit each other, and the body.


def is_length(value) -> bool:
    """What is no 64-bit number is meant to be wrong."""
    return str(value).isdecimal() and int(value) < 1 << 63


@schemathesis.hook
def map_case(context, case):
    headers, name = case.headers, context.operation.definition.raw.get("operationId")
    if name == "beginUpload" and headers.get("Upload-Defer-Length") in (None, "1"):
        length = str(headers.get("Upload-Length", "0"))
        if is_length(length):
            # One of the two, long enough for a body and within the limit.
            headers.pop("Upload-Length", None)
            headers.pop("Upload-Defer-Length", None)
            headers["Upload-Length"] = str(min(int(length), 1_000_000) + 1000)
    if name == "postToUpload" and headers.get("X-HTTP-Method-Override") == "PATCH":
        # A description cannot say that one value of a header wants another header.
        headers.setdefault("Upload-Offset", "0")
    if name in ("continueUpload", "postToUpload") and is_length(headers.get("Upload-Length", "")):
        # It can be said once, and these uploads have said theirs: another one is wrong for what was before.
        headers.pop("Upload-Length")
    checksum = headers.get("Upload-Checksum", "")
    if CHECKSUM.fullmatch(checksum) and isinstance(case.body, bytes):
        right = base64.b64encode(hashlib.sha256(case.body).digest()).decode()
        headers["Upload-Checksum"] = real(checksum, f"sha256 {right}")
    return case


@schemathesis.hook
def filter_case(context, case):
    """In a form a number is text: -5, which is meant to be wrong, is the first five seconds."""
    return not (isinstance(case.body, dict) and isinstance(case.body.get("trim"), int))


# Jobs that are there.


def real(value, known: str) -> str:
    """A value that is as described becomes one that exists, every other time."""
    return known if sum(map(ord, value)) % 2 else value


def replaced(parameters, operation):
    if not parameters or operation.definition.raw.get("operationId") in DESTRUCTIVE:
        return parameters
    parameters = dict(parameters)
    fid = parameters.get("fid")
    if FIDS and isinstance(fid, str) and FID.fullmatch(fid):
        parameters["fid"] = real(fid, FIDS[ord(fid[-1]) % len(FIDS)])
    user = parameters.get("user")
    if isinstance(user, str):
        parameters["user"] = real(user, USER)
    track = parameters.get("track")
    if isinstance(track, int) and track > 1:
        # These jobs have one track each.
        parameters["track"] = 1 if track % 4 else track
    wait = parameters.get("wait")
    if isinstance(wait, int) and 2 < wait <= 60:
        parameters["wait"] = 2
    secret = parameters.get("secret")
    if FEED and isinstance(secret, str) and SECRET.fullmatch(secret.removesuffix(".xml")):
        parameters["secret"] = FEED + secret[43:]
    episode = parameters.get("episode")
    if FIDS and isinstance(episode, str) and FID.fullmatch(episode[:26]):
        parameters["episode"] = real(episode, f"{FIDS[0]}-1.mp3")
    return parameters


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    return replaced(path_parameters, context.operation)


@schemathesis.hook
def before_call(context, case, kwargs):
    """The jobs that are known stay, also where a link has led to one of them."""
    if case.method == "DELETE" and (case.path_parameters or {}).get("fid") in FIDS:
        case.path_parameters["fid"] = "0" * 26
    identifier = (case.path_parameters or {}).get("id")
    if case.method == "PATCH" and str(identifier).isdecimal():
        # Nor does anybody disable the accounts of those who ask.
        case.path_parameters["id"] = real(str(identifier), SPARE)
        if int(case.path_parameters["id"]) <= int(SPARE):
            case.path_parameters["id"] = SPARE


@schemathesis.hook
def map_query(context, query):
    return replaced(query, context.operation)

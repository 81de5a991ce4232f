"""A mail server by aiosmtpd that notes what comes: python3 mail.py --help.

Its first line of output is its port. Each mail is one line of JSON in the file: envelope, how it came, headers, text. An
address that begins with `later` is refused for now, one that begins with `never` for good.
"""

import argparse
import email
import email.policy
import json
import socket
import ssl
import sys
import threading

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult


class Handler:
    def __init__(self, log: str):
        self.log = log

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("later"):
            return "450 4.2.1 not now"
        if address.startswith("never"):
            return "550 5.1.1 no such user"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    async def handle_DATA(self, server, session, envelope):
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        line = json.dumps(
            {
                "from": envelope.mail_from,
                "to": envelope.rcpt_tos,
                "tls": session.ssl is not None,
                "login": bool(session.authenticated),
                "headers": {name.lower(): str(value) for name, value in message.items()},
                "defects": len(message.defects),
                "text": message.get_content(),
            }
        )
        with open(self.log, "a") as file:
            file.write(line + "\n")
        return "250 2.0.0 queued"


def main() -> None:
    parser = argparse.ArgumentParser(description="A mail server that notes what comes.")
    parser.add_argument("--log", required=True)
    parser.add_argument("--certificate")
    parser.add_argument("--key")
    parser.add_argument("--implicit", action="store_true", help="TLS from the first byte on, without STARTTLS")
    parser.add_argument("--user")
    parser.add_argument("--password")
    words = parser.parse_args()

    def check(server, session, envelope, mechanism, data):
        right = (data.login, data.password) == (words.user.encode(), words.password.encode())
        return AuthResult(success=right, handled=False)

    options = {}
    if words.certificate:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(words.certificate, words.key)
        options = {"ssl_context": context} if words.implicit else {"tls_context": context, "require_starttls": True}
    if words.user:
        # aiosmtpd takes TLS from the first byte on for no TLS.
        options |= {"authenticator": check, "auth_required": True, "auth_require_tls": not words.implicit}
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(Handler(words.log), hostname="127.0.0.1", port=port, enable_SMTPUTF8=True, **options)
    controller.start()
    print(port, flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    sys.exit(main())

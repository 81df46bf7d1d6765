"""A real mail server on loopback, for whatever sends mails."""

import asyncio
import threading
import time
from email import message_from_bytes
from email.policy import default as modern

from aiosmtpd.controller import Controller


class PostOffice:
    """A real mail server on loopback that says what the test has it say, and keeps what it took."""

    def __init__(self, port):
        self.port = port
        self.says_to_sender = "250 OK"
        self.says_to_recipient = {}
        self.says_to_data = []  # one answer for each message, then "250 OK"
        self.offered = []
        self.taken = []
        self.taken_ids = []  # kept, since a header is parsed anew each time that it is asked for
        self.recipients = []
        self.lock = threading.Lock()

    def opened(self, **options):
        """Open its door; gives what closes it."""
        door = Door(self, hostname="127.0.0.1", port=self.port, **options)
        door.start()
        return door

    async def handle_MAIL(self, server, session, envelope, address, options):
        envelope.mail_from = address
        return self.says_to_sender

    async def handle_RCPT(self, server, session, envelope, address, options):
        answer = self.says_to_recipient.get(address, "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server, session, envelope):
        message = message_from_bytes(envelope.content, policy=modern)
        with self.lock:
            answer = self.says_to_data.pop(0) if self.says_to_data else "250 OK"
            self.offered.append(identity := str(message["Message-ID"]))
            if answer.startswith("250"):
                self.taken.append(message)
                self.taken_ids.append(identity)
                self.recipients.append(list(envelope.rcpt_tos))
        return answer

    def wait_for_a_mail(self):
        deadline = time.monotonic() + 20
        while not self.taken and time.monotonic() < deadline:
            time.sleep(0.02)


class Door(Controller):
    """Hangs up on everybody when it closes; aiosmtpd leaves whoever came in that moment to the garbage collector."""

    def __init__(self, *arguments, **options):
        self.lines = []
        super().__init__(*arguments, **options)

    def factory(self):
        line = super().factory()
        self.lines.append(line)
        return line

    def stop(self, no_assert=False):
        asyncio.run_coroutine_threadsafe(self.hang_up(), self.loop).result()
        super().stop(no_assert)

    async def hang_up(self):
        # Not closed yet: asyncio drops whoever it has let in when its server is closed before their turn.
        for listener in self.server.sockets:
            self.loop.remove_reader(listener)
        while others := asyncio.all_tasks() - {asyncio.current_task()}:
            for line in self.lines:
                if line.transport is not None:
                    line.transport.abort()
            await asyncio.wait(others, timeout=0.05)

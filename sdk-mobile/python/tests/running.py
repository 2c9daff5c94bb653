"""A real server on a port and a database of its own."""

import asyncio
import json
import os
import pathlib
import re
import shutil
import signal
import tempfile
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[3]

# How long a test waits for anything before it fails.
PATIENCE_S = 60


def server_program():
    program = pathlib.Path(os.environ.get("PARLOR_BIN", ROOT / "target/debug/parlor"))
    if not program.exists():
        raise FileNotFoundError(
            f"there is no server at {program}: run `cargo build -p parlor-server`, or set PARLOR_BIN"
        )
    return str(program)


class Server:
    """Start with `Server.start`, and `stop` when done."""

    def __init__(self):
        self._folder = tempfile.mkdtemp(prefix="parlor-python-")
        self._environment = {
            **os.environ,
            "PARLOR_JWT_SECRET": "a secret that is long enough for tests",
            "PARLOR_DATABASE": f"sqlite://{self._folder}/parlor.db",
        }
        self._address = "127.0.0.1:0"
        self._process = None
        self._tenant = None
        self.token = None

    @classmethod
    async def start(cls):
        server = cls()
        server.token = await server._make_token()
        await server.launch()
        return server

    @property
    def url(self):
        return f"http://{self._address}"

    async def launch(self):
        """Starts it, on the same port and database as before."""
        self._process = await asyncio.create_subprocess_exec(
            server_program(),
            "serve",
            "--listen",
            self._address,
            env=self._environment,
            cwd=self._folder,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        line = await within(self._process.stdout.readline())
        match = re.search(r"http://(\S+)", line.decode())
        if match is None:
            raise RuntimeError(f"the server did not start: {line!r}")
        self._address = match.group(1)

    async def kill(self):
        """Ends it as a power cut would."""
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(signal.SIGKILL)
            await self._process.wait()

    async def stop(self):
        await self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    async def command(self, field, input_type, made, **given):
        """Has staff do what the package has no method for. Returns the id of the object of type `made`."""
        query = (
            f"mutation($input: {input_type}!) {{ {field}(input: $input) {{ ... on {made} {{ id }} }} }}"
        )
        body = json.dumps({"query": query, "variables": {"input": given}}).encode()

        def ask():
            request = urllib.request.Request(f"{self.url}/graphql", body)
            request.add_header("content-type", "application/json")
            request.add_header("authorization", f"Bearer {self.token}")
            with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
                return json.load(answer)

        answer = await within(asyncio.to_thread(ask))
        made_one = (answer.get("data") or {}).get(field) or {}
        if "id" not in made_one:
            raise RuntimeError(answer)
        return made_one["id"]

    async def viewer_token(self, ttl="1h", subject="ada"):
        """A viewer's token that holds for `ttl`, such as `3s`."""
        arguments = ["--tenant", self._tenant, "--subject", subject, "--ttl", ttl]
        token, _ = await self._run_token(*arguments)
        return token

    async def _make_token(self):
        arguments = ["--create-tenant", "python", "--role", "staff", "--subject", "tester"]
        token, said = await self._run_token(*arguments)
        self._tenant = re.search(r"tenant (\S+)", said).group(1)
        return token

    async def _run_token(self, *arguments):
        """What `parlor token` writes, and what it says beside it."""
        process = await asyncio.create_subprocess_exec(
            server_program(),
            "token",
            *arguments,
            env=self._environment,
            cwd=self._folder,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        token, said = await within(process.communicate())
        if process.returncode != 0:
            raise RuntimeError(said.decode())
        return token.decode().strip(), said.decode()


async def within(awaitable):
    """Waits, though not for ever."""
    return await asyncio.wait_for(awaitable, PATIENCE_S)


async def next_delivery(client):
    """The next delivery, or None if the client has ended."""
    return await anext(client.deliveries(), None)

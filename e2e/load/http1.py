"""A small HTTP/1.1 client on asyncio streams: one request at a time on a connection, nothing repeated."""
import asyncio
import dataclasses


class Broken(Exception):
    """The connection failed or the peer did not speak HTTP. `kind` is one word, for counting."""

    def __init__(self, kind, detail):
        super().__init__(f"{kind}: {detail}")
        self.kind = kind
        self.detail = detail


@dataclasses.dataclass
class Head:
    status: int
    headers: dict  # names in lower case


class Connection:
    """One TCP connection. After an exchange `reusable` tells whether it may carry another one."""

    def __init__(self, reader, writer):
        self.reader = reader
        self.writer = writer
        self.reusable = True
        self.used = False

    @classmethod
    async def open(cls, host, port):
        try:
            return cls(*await asyncio.open_connection(host, port, limit=1 << 20))
        except OSError as error:
            raise Broken("connect", str(error)) from error

    @property
    def alive(self):
        """False once the peer has closed: what every connection pool looks at before it takes a connection."""
        return self.reusable and not self.reader.at_eof() and not self.writer.is_closing()

    def close(self):
        self.reusable = False
        self.writer.close()

    async def send(self, host, path, headers, body):
        lines = [f"POST {path} HTTP/1.1", f"host: {host}", "content-type: application/json",
                 f"content-length: {len(body)}", *(f"{name}: {value}" for name, value in headers.items())]
        try:
            self.writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
            self.used = True
            await self.writer.drain()
        except OSError as error:
            raise Broken("reset", f"while sending: {error}") from error

    async def _line(self, what):
        try:
            line = await self.reader.readline()
        except (OSError, ValueError) as error:
            raise Broken("reset", f"while waiting for {what}: {error}") from error
        if not line.endswith(b"\n"):
            raise Broken("reset", f"closed while waiting for {what}")
        return line.rstrip(b"\r\n")

    async def head(self):
        words = (await self._line("the answer")).decode("latin-1").split(" ", 2)
        if len(words) < 2 or not words[0].startswith("HTTP/1.") or not words[1].isdigit():
            raise Broken("protocol", f"no status line: {' '.join(words)[:80]!r}")
        headers = {}
        while line := await self._line("headers"):
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.strip().lower()] = value.strip()
        if headers.get("connection", "").lower() == "close" or words[0] == "HTTP/1.0":
            self.reusable = False
        return Head(int(words[1]), headers)

    async def body(self, head):
        """Yields pieces of the body as they come; raises Broken when it ends too early."""
        try:
            if head.headers.get("transfer-encoding", "").lower() == "chunked":
                while size := int((await self._line("a chunk")).split(b";")[0], 16):
                    yield await self.reader.readexactly(size)
                    await self._line("the end of a chunk")
                while await self._line("trailers"):
                    pass
            elif "content-length" in head.headers:
                if length := int(head.headers["content-length"]):
                    yield await self.reader.readexactly(length)
            else:
                self.reusable = False
                while piece := await self.reader.read(65536):
                    yield piece
        except asyncio.IncompleteReadError as error:
            raise Broken("reset", f"closed in the body, {error.expected} bytes expected") from error
        except ValueError as error:
            raise Broken("protocol", f"bad chunk or length: {error}") from error
        except OSError as error:
            raise Broken("reset", f"in the body: {error}") from error

"""What tests share of the network: free ports, a web server, a certificate, foreign programs that listen."""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@asynccontextmanager
async def listening(
    handler: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]], shows: ssl.SSLContext | None = None
) -> AsyncIterator[str]:
    """A web server on a free port: its address."""
    runner = web.ServerRunner(web.Server(handler), shutdown_timeout=1.0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=shows).start()
    try:
        yield f"{'https' if shows else 'http'}://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def certified(host: str = "localhost", days: int = 1) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A certificate that nobody has signed but itself, for so many days: what a server shows, and what trusts it."""
    key, name = Ed25519PrivateKey.generate(), x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    shown: x509.GeneralName = x509.DNSName(host)
    with contextlib.suppress(ValueError):
        shown = x509.IPAddress(ip_address(host))
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=90))
        .not_valid_after(now + timedelta(days=days, hours=1))
        .add_extension(x509.SubjectAlternativeName([shown]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, None)
        .public_bytes(Encoding.PEM)
    )
    shows = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.NamedTemporaryFile() as file:
        file.write(made + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        file.flush()
        shows.load_cert_chain(file.name)
    return shows, ssl.create_default_context(cadata=made.decode())


@contextlib.contextmanager
def started(
    command: Sequence[str | Path],
    port: int,
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    log: Path | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """A program, from when it listens on its port until the end. `log`: where to keep what it says."""
    # To a file in any case: nobody reads while it runs, and a full pipe would stop it.
    with log.open("w+b") if log else tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, cwd=cwd, env={**os.environ, **(env or {})}, stdout=said, stderr=said)
        try:
            for _ in range(600):
                if process.poll() is not None:
                    said.seek(0)
                    pytest.fail(f"{command[0]} ended: {said.read()[-2000:].decode(errors='replace')}")
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                    break
                time.sleep(0.1)
            else:
                pytest.fail(f"{command[0]} does not listen on {port}")
            yield process
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(10)

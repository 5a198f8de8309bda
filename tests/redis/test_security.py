"""TLS and users with few rights: what suffices works, and what does not is told in words before anything is lost."""

import datetime
import ipaddress
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from redis.asyncio import Redis

from bot.redis.connection import RedisProblem, open_redis
from bot.redis.permissions import GRANTS
from tests.e2e.answers import SERVICE
from tests.e2e.world import ANN, RITA, ROOT, open_world
from tests.needs import needs
from tests.redis.servers import free_port, server

NOW = datetime.datetime.now(datetime.UTC)
DAY = datetime.timedelta(days=1)


async def test_a_server_of_the_right_authority_is_spoken_to_and_one_of_another_is_refused_with_words(
    tmp_path: Path,
) -> None:
    port, program = free_port(), needs("redis-server")
    ours, other = certificate(tmp_path / "ours"), certificate(tmp_path / "other")
    shown = ("--tls-cert-file", f"{ours}.crt", "--tls-key-file", f"{ours}.key", "--tls-ca-cert-file", f"{ours}.crt")
    async with server(tmp_path, port, *shown, "--tls-auth-clients", "no", program=program, tls=True):
        async with open_redis(f"rediss://127.0.0.1:{port}/0?ssl_ca_certs={ours}.crt", tmp_path) as redis:
            assert await redis.client.set("key", "value")
        with pytest.raises(RedisProblem, match="certificate verify failed"):
            async with open_redis(f"rediss://127.0.0.1:{port}/0?ssl_ca_certs={other}.crt", tmp_path):
                pass
        with pytest.raises(RedisProblem, match="REDIS_URL"):
            async with open_redis(f"redis://127.0.0.1:{port}/0", tmp_path):
                pass


@pytest.mark.long
async def test_the_rights_that_are_documented_suffice_for_a_whole_change(tmp_path: Path) -> None:
    port = free_port()
    async with server(tmp_path / "server", port), Redis(port=port, decode_responses=True) as admin:
        await grant(admin, GRANTS)
        url = f"redis://tenfour:secret@127.0.0.1:{port}/0"
        async with open_world(tmp_path) as world, world.bot(REDIS_URL=url):
            number = await world.request(RITA, "/a2p-service", "create", *SERVICE)
            await world.approve(ANN, number)
            await world.done(number)
        assert await admin.acl_log() == []


@pytest.mark.parametrize(
    ("missing", "told"),
    [
        ("-eval", "do EVAL"),
        ("-set", "do SET"),
        ("resetchannels", "do PUBLISH"),
        ("resetchannels &tenfour-tasks:*", "do PSUBSCRIBE"),
        ("resetkeys ~tenfour:*", "do XADD"),
    ],
)
async def test_a_user_who_may_not_do_what_the_bot_does_is_refused_with_what_to_grant(
    missing: str, told: str, tmp_path: Path
) -> None:
    port = free_port()
    async with server(tmp_path, port), Redis(port=port) as admin:
        await grant(admin, f"{GRANTS} {missing}")
        with pytest.raises(RedisProblem, match=told) as caught:
            async with open_redis(f"redis://tenfour:secret@127.0.0.1:{port}/0", tmp_path):
                pass
        assert GRANTS in str(caught.value)
        assert "secret" not in str(caught.value)


def test_the_rights_are_documented_as_they_are_asked_for() -> None:
    assert GRANTS in " ".join((ROOT / "docs" / "topology.md").read_text().split())


async def grant(admin: Redis, rights: str) -> None:
    words = rights.split()
    await admin.execute_command("ACL", "SETUSER", "tenfour", "on", ">secret", *words)  # type: ignore[no-untyped-call]


def certificate(path: Path) -> Path:
    """A certificate for this machine that vouches for itself, as `path`.crt and .key."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, path.name)])
    here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - DAY)
        .not_valid_after(NOW + DAY)
        .add_extension(here, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    encoding, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    path.with_suffix(".crt").write_bytes(made.public_bytes(encoding))
    path.with_suffix(".key").write_bytes(key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, plain))
    return path

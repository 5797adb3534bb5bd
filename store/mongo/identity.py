"""The key by which the embedded server and its clients authenticate each other."""

import ipaddress
import ssl
from datetime import UTC, datetime
from pathlib import Path

from store.disk import replacing

_FIRST, _LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)


def ensure_identity(path: Path, address: str) -> Path:
    """Return ``path``, a PEM file of a key and its certificate for ``address``; create it if it is not usable.

    The certificate is self-signed, and both ends of a connection present it. Only the owner may read the file. Only one
    process at a time may call this.
    """
    if not _is_usable(path):
        with replacing(path, 0o600) as file:
            file.write(_new_identity(address))
    return path


def _is_usable(path: Path) -> bool:
    try:
        ssl.create_default_context().load_cert_chain(path)
    except (OSError, ssl.SSLError):
        return False
    return True


def _new_identity(address: str) -> bytes:
    from cryptography import x509  # imported here, because it takes a fifth of a second and is needed only once
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "tastemap")])
    alternative = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
    certificate = (
        x509.CertificateBuilder(issuer_name=name, subject_name=name, public_key=key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_FIRST)
        .not_valid_after(_LAST)
        .add_extension(alternative, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    encoding = serialization.Encoding.PEM
    plain = serialization.NoEncryption()
    return certificate.public_bytes(encoding) + key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, plain)

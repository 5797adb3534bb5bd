"""Encryption of tokens and client secrets in the database."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from store.errors import TastemapError

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

_KEY_BYTES = 32


class VaultError(TastemapError):
    """Text cannot be encrypted or decrypted: ``message`` says why, ``hint`` what to do."""

    code = "vault_unusable"


class Vault:
    """Encrypts text with Fernet (AES-128-CBC and HMAC-SHA-256).

    The key is derived from ``secret_key`` (any string). Without one, it is derived from the file ``var/secret.key``,
    which is made on first use and which only its owner can read.

    ``cryptography`` is imported where something is encrypted or decrypted: it takes 6 MB, and most installations store
    no secrets.
    """

    def __init__(self, var: Path, secret_key: str = "") -> None:
        self._path = var / "secret.key"
        self._secret_key = secret_key

    def seal(self, text: str) -> str:
        """Return ``text`` encrypted; raises VaultError if the key file can be neither read nor made."""
        return self._fernet().encrypt(text.encode()).decode()

    def unseal(self, sealed: str) -> str:
        """Return the text that :meth:`seal` was given; raises VaultError if the key has changed since."""
        from cryptography.fernet import InvalidToken

        try:
            return self._fernet().decrypt(sealed.encode()).decode()
        except InvalidToken as fault:
            raise VaultError(
                "The stored text was encrypted with another key.",
                "Put the former TASTEMAP_SECRET_KEY or var/secret.key back, or enter the credentials again.",
            ) from fault

    def derive(self, purpose: bytes) -> bytes:
        """Return 32 bytes that are different for each ``purpose``; raises VaultError like :meth:`seal`."""
        secret = self._secret_key or self._kept()
        return hmac.new(secret.encode(), b"tastemap " + purpose, hashlib.sha256).digest()

    def _fernet(self) -> Fernet:
        from cryptography.fernet import Fernet

        secret = self._secret_key or self._kept()
        return Fernet(base64.urlsafe_b64encode(hashlib.sha256(b"tastemap vault\0" + secret.encode()).digest()))

    def _kept(self) -> str:
        try:
            if not self._path.exists():
                self._make()
            secret = self._path.read_text().strip()
            if not secret:
                raise ValueError("it is empty")
            return secret
        except (OSError, ValueError) as fault:
            raise VaultError(
                f"The key file {self._path.name} cannot be used: {fault}",
                "Set TASTEMAP_SECRET_KEY, or let Tastemap read and write its data folder.",
            ) from fault

    def _make(self) -> None:
        """Write a key to a draft file and link it to its name, so that one of several processes wins."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        draft = self._path.with_name(f"secret.{secrets.token_hex(8)}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_hex(_KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        try:
            self._path.hardlink_to(draft)
        except FileExistsError:
            pass
        finally:
            draft.unlink()

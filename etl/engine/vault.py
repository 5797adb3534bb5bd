"""Encryption of what must not lie readable in the database: tokens, client secrets."""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from store.errors import TastemapError

_KEY_BYTES = 32


class VaultError(TastemapError):
    """Something sealed cannot be opened: ``message`` says why, ``hint`` what to do."""

    code = "vault_unusable"


class Vault:
    """Seals text with Fernet (AES-128-CBC and HMAC-SHA-256).

    The key is derived from ``secret_key`` (any string), or lies in ``var/secret.key``, made on first use and
    readable by its owner alone.
    """

    def __init__(self, var: Path, secret_key: str = "") -> None:
        self._path = var / "secret.key"
        self._secret_key = secret_key

    def seal(self, text: str) -> str:
        """Return ``text`` encrypted; raises VaultError where no key can be kept."""
        return self._fernet().encrypt(text.encode()).decode()

    def unseal(self, sealed: str) -> str:
        """Return what :meth:`seal` was given; raises VaultError where the key is another one now."""
        try:
            return self._fernet().decrypt(sealed.encode()).decode()
        except InvalidToken as fault:
            raise VaultError(
                "What is stored was encrypted with another key.",
                "Put the former TASTEMAP_SECRET_KEY or var/secret.key back, or enter the credentials again.",
            ) from fault

    def _fernet(self) -> Fernet:
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
        """Write a key that is whole before it has its name; of processes that do so at once, one is first."""
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

"""What is sealed can be read with the same key, and with no other."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from etl.engine import Vault, VaultError

TEXT = "a token \N{CAT FACE}"


def test_a_key_is_made_once_and_is_its_owners_alone(tmp_path: Path) -> None:
    var = tmp_path / "not" / "there" / "yet"
    sealed = Vault(var).seal(TEXT)
    assert "token" not in sealed
    assert Vault(var).unseal(sealed) == TEXT
    assert stat.S_IMODE((var / "secret.key").stat().st_mode) == 0o600
    assert [path.name for path in var.iterdir()] == ["secret.key"]


def test_all_who_begin_at_once_get_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        sealed = list(pool.map(lambda _: Vault(tmp_path).seal(TEXT), range(16)))
    assert {Vault(tmp_path).unseal(one) for one in sealed} == {TEXT}
    assert [path.name for path in tmp_path.iterdir()] == ["secret.key"]


@pytest.mark.parametrize("key", ["k", "correct horse battery staple", "\N{KEY}" * 200])
def test_any_string_is_a_key(tmp_path: Path, key: str) -> None:
    sealed = Vault(tmp_path, key).seal(TEXT)
    assert Vault(tmp_path / "elsewhere", key).unseal(sealed) == TEXT
    assert not (tmp_path / "secret.key").exists()


def test_another_key_and_damage_are_told_with_a_remedy(tmp_path: Path) -> None:
    sealed = Vault(tmp_path, "one").seal(TEXT)
    for vault, what in ((Vault(tmp_path, "two"), sealed), (Vault(tmp_path), sealed), (Vault(tmp_path, "one"), "zz")):
        with pytest.raises(VaultError) as caught:
            vault.unseal(what)
        assert "TASTEMAP_SECRET_KEY" in caught.value.hint


def test_an_unusable_key_file_is_told_with_a_remedy(tmp_path: Path) -> None:
    (tmp_path / "secret.key").mkdir()
    with pytest.raises(VaultError) as caught:
        Vault(tmp_path).seal(TEXT)
    assert "TASTEMAP_SECRET_KEY" in caught.value.hint


def test_an_empty_key_file_is_no_key(tmp_path: Path) -> None:
    (tmp_path / "secret.key").touch()
    with pytest.raises(VaultError):
        Vault(tmp_path).seal(TEXT)

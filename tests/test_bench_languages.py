"""What language the title of a song tells."""

import pytest

from bench.languages import language_of


@pytest.mark.parametrize(
    ("title", "language"),
    [
        ("晴天", "Chinese or Japanese"),
        ("그대라는 시", "Hangul"),
        ("Группа крови", "Cyrillic"),
        ("Ne me quitte pas", "French"),
        ("Ich will nicht", "German"),
        ("Smells Like Teen Spirit", None),
        ("You're the One That I Want", "English"),
        ("99 Luftballons", None),
    ],
)
def test_letters_or_words_tell_the_language(title: str, language: str | None) -> None:
    assert language_of(title) == language

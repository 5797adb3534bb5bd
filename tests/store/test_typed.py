"""Typed words compared with a track: artist and title together, and no word left over."""

import pytest

from store.catalogue.typed import artist_likeness, fit
from store.text import normalise
from tests.store.catalogues import a_track


@pytest.mark.parametrize(
    ("typed", "title", "artist", "low", "high"),
    [
        ("Queen Bohemian Rhapsody", "Bohemian Rhapsody - Remastered 2011", "Queen", 1.0, 1.0),
        ("Bohemian Rhapsody Queen", "Bohemian Rhapsody", "Queen", 1.0, 1.0),
        ("bohemian rapsody quen", "Bohemian Rhapsody", "Queen", 0.6, 0.99),
        ("Bohemian Rhapsody", "Bohemian Rhapsody", "Queen", 0.8, 0.8),
        ("The The This Is the Day", "This Is The Day", "The Cranberries", 0.0, 0.5),
        ("Foals Out of the Woods", "Out of the Woods", "Nickel Creek", 0.0, 0.5),
        ("Taylor Swift 22", "15", "Taylor Swift", 0.0, 0.5),
        ("Summer of 69 Bryan Adams", "Summer of 68", "Bryan Adams", 0.0, 0.5),
        ("Taylor Swift Shake It Off", "Shake It Off (Originally Performed by Taylor Swift)", "Sean Redmond", 0.0, 0.5),
        ("Shake It Off", "Shake It Off (Karaoke Version)", "Sing Out", 0.0, 0.5),
        ("Metallica Enter Sandman", "Enter Sandman (Live)", "Metallica", 0.8, 0.8),
        ("Metallica Enter Sandman Live", "Enter Sandman (Live)", "Metallica", 1.0, 1.0),
        ("Eagles Hotel California live", "Hotel California - Live On MTV, 1994", "Eagles", 1.0, 1.0),
        ("hotel california eagles live", "Hotel California - Live On MTV, 1994", "Eagles", 1.0, 1.0),
        ("live and let die wings", "Live and Let Die", "Wings", 1.0, 1.0),
        ("moonlight sonata", "Moonlight Sonata (First Movement)", "Ludwig van Beethoven", 0.8, 0.8),
        ("Glee Cast Toxic", "Toxic (Cover of Britney Spears)", "Glee Cast", 1.0, 1.0),
        ("So What Davis", "So What", "Miles Davis", 0.8, 0.8),
        ("Black Sabbath Black Sabbath", "Paranoid", "Black Sabbath", 0.0, 0.5),
        ("Smells Like Teen", "Smells Like Teen Spirit", "Nirvana", 0.55, 0.8),
        ("mozart requiem", "Requiem in D Minor, K. 626: Lacrimosa", "Wolfgang Amadeus Mozart", 0.7, 0.8),
        ("four seasons vivaldi", "Vivaldi: The Four Seasons, RV 297: I. Allegro", "Antonio Vivaldi", 0.7, 0.8),
        ("o fortuna", "Carmina Burana: O Fortuna", "Carl Orff", 0.7, 0.75),
        ("metallica s", "S&M: Master of Puppets", "Metallica", 0.0, 0.5),
    ],
)
def test_how_well_a_track_answers(typed: str, title: str, artist: str, low: float, high: float) -> None:
    assert low <= fit(normalise(typed).split(), a_track(1, title, artist)).likeness <= high


def test_what_the_words_were_taken_for() -> None:
    found = fit(["umbrella", "rihanna"], a_track(1, "Umbrella - Live", "Rihanna"))
    assert (found.artist, found.title, found.kinds) == ("Rihanna", "umbrella", {"live"})


@pytest.mark.parametrize(
    ("given", "artists", "low", "high"),
    [
        ("Queen", ("Queensrÿche",), 0.0, 0.5),
        ("Queen", ("Queen Latifah",), 0.0, 0.5),
        ("Beatles", ("The Beatles",), 1.0, 1.0),
        ("Bob Marley", ("Bob Marley & The Wailers",), 0.9, 1.0),
        ("Rihanna & JAY-Z", ("JAY-Z", "Rihanna"), 0.9, 1.0),
    ],
)
def test_an_artist_is_no_other_whose_name_contains_it(
    given: str, artists: tuple[str, ...], low: float, high: float
) -> None:
    assert low <= artist_likeness(given, artists) <= high

"""Sixty famous tracks, each with the genres that a listener would accept as an answer.

The list was written from general knowledge before any model was asked. It covers all genre families, all eras and many
languages.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Famous:
    """A track as people type it, and those of the 114 genres that are accepted as an answer."""

    title: str
    artist: str
    genres: frozenset[str]


_ROCK = "rock hard-rock psych-rock alt-rock british"
_METAL = "metal heavy-metal hard-rock"
_POP = "pop dance party"
_SOUL = "soul funk r-n-b disco"
_HIP_HOP = "hip-hop"
_FOLK = "folk acoustic singer-songwriter songwriter"
_COUNTRY = "country honky-tonk bluegrass"
_LATIN = "latin latino reggaeton spanish"
_BRAZIL = "brazil mpb samba"
_HOUSE = "house deep-house progressive-house chicago-house edm dance electronic club"
_ELECTRONIC = "electronic electro breakbeat dance club edm idm"
_CLASSICAL = "classical piano"
_JAZZ = "jazz blues"
_ALTERNATIVE = "alternative alt-rock indie indie-pop rock"

_LINES = (
    ("Stairway to Heaven", "Led Zeppelin", _ROCK),
    ("Paint It Black", "The Rolling Stones", f"{_ROCK} rock-n-roll"),
    ("Hey Jude", "The Beatles", f"{_ROCK} pop rock-n-roll"),
    ("Johnny B. Goode", "Chuck Berry", "rock-n-roll rockabilly rock blues"),
    ("Jailhouse Rock", "Elvis Presley", "rock-n-roll rockabilly rock country"),
    ("Wish You Were Here", "Pink Floyd", _ROCK),
    ("Smells Like Teen Spirit", "Nirvana", f"grunge {_ALTERNATIVE}"),
    ("Creep", "Radiohead", f"{_ALTERNATIVE} british"),
    ("Mr. Brightside", "The Killers", f"{_ALTERNATIVE} pop"),
    ("Friday I'm in Love", "The Cure", f"{_ALTERNATIVE} goth synth-pop british pop"),
    ("Master of Puppets", "Metallica", _METAL),
    ("Raining Blood", "Slayer", f"{_METAL} death-metal"),
    ("Paranoid", "Black Sabbath", f"{_METAL} rock"),
    ("Du Hast", "Rammstein", f"{_METAL} industrial german alt-rock"),
    ("Blitzkrieg Bop", "Ramones", "punk punk-rock rock"),
    ("Basket Case", "Green Day", "punk punk-rock rock alt-rock pop"),
    ("Welcome to the Black Parade", "My Chemical Romance", "emo punk punk-rock rock alt-rock alternative pop"),
    ("One Step Beyond", "Madness", "ska punk british rock"),
    ("Billie Jean", "Michael Jackson", f"{_POP} {_SOUL}"),
    ("Like a Prayer", "Madonna", f"{_POP} synth-pop"),
    ("Dancing Queen", "ABBA", "pop disco swedish dance party"),
    ("Shake It Off", "Taylor Swift", f"{_POP} country singer-songwriter"),
    ("Rolling in the Deep", "Adele", "pop soul british singer-songwriter songwriter"),
    ("Enjoy the Silence", "Depeche Mode", "synth-pop electronic alternative goth pop british"),
    ("Around the World", "Daft Punk", f"{_HOUSE} electro disco"),
    ("Firestarter", "The Prodigy", f"{_ELECTRONIC} drum-and-bass industrial techno british"),
    ("Teardrop", "Massive Attack", "trip-hop electronic chill ambient"),
    ("Strings of Life", "Derrick May", f"{_HOUSE} techno detroit-techno"),
    ("Levels", "Avicii", f"{_HOUSE} swedish pop"),
    ("Scary Monsters and Nice Sprites", "Skrillex", "dubstep edm electronic electro dance"),
    ("Adagio for Strings", "Tiësto", "trance edm progressive-house electronic dance house"),
    ("Music for Airports 1/1", "Brian Eno", "ambient new-age electronic sleep study chill"),
    ("Moonlight Sonata", "Ludwig van Beethoven", _CLASSICAL),
    ("Nessun Dorma", "Luciano Pavarotti", "opera classical"),
    ("Gymnopédie No. 1", "Erik Satie", _CLASSICAL),
    ("So What", "Miles Davis", _JAZZ),
    ("Feeling Good", "Nina Simone", "jazz blues soul"),
    ("The Thrill Is Gone", "B.B. King", "blues soul jazz rock"),
    ("Respect", "Aretha Franklin", f"{_SOUL} blues gospel"),
    ("Superstition", "Stevie Wonder", _SOUL),
    ("Juicy", "The Notorious B.I.G.", _HIP_HOP),
    ("HUMBLE.", "Kendrick Lamar", _HIP_HOP),
    ("Lose Yourself", "Eminem", _HIP_HOP),
    ("Blowin' in the Wind", "Bob Dylan", f"{_FOLK} rock"),
    ("The Sound of Silence", "Simon & Garfunkel", f"{_FOLK} rock pop"),
    ("Ring of Fire", "Johnny Cash", f"{_COUNTRY} folk rockabilly rock-n-roll"),
    ("Jolene", "Dolly Parton", f"{_COUNTRY} folk"),
    ("One Love", "Bob Marley & The Wailers", "reggae dub ska"),
    ("La Vida Es Un Carnaval", "Celia Cruz", f"salsa {_LATIN}"),
    ("Gasolina", "Daddy Yankee", f"{_LATIN} dancehall hip-hop"),
    ("Libertango", "Astor Piazzolla", "tango classical latin jazz"),
    ("The Girl from Ipanema", "João Gilberto", f"{_BRAZIL} jazz"),
    ("Gangnam Style", "PSY", "k-pop pop dance party"),
    ("Plastic Love", "Mariya Takeuchi", "j-pop pop"),
    ("七里香", "Jay Chou", "mandopop cantopop"),
    ("Tum Hi Ho", "Arijit Singh", "indian pop-film"),
    ("Şımarık", "Tarkan", "turkish pop dance"),
    ("Zombie", "Fela Kuti", "afrobeat world-music funk jazz"),
    ("La Vie en rose", "Édith Piaf", "french jazz romance"),
    ("Let It Go", "Idina Menzel", "disney show-tunes children kids pop"),
)
FAMOUS = tuple(Famous(title, artist, frozenset(genres.split())) for title, artist, genres in _LINES)

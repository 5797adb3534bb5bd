"""Two lists of sixty famous tracks, each with the genres that a listener would accept as an answer.

Both were written from general knowledge before any model was asked about them. Each covers all genre families, all eras
and many languages. No artist is in both.
"""

from collections.abc import Iterable
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
# The second list was written when the first had long been looked at.
_FURTHER_LINES = (
    ("Born to Run", "Bruce Springsteen", f"{_ROCK} singer-songwriter songwriter"),
    ("Riders on the Storm", "The Doors", f"{_ROCK} rock-n-roll"),
    ("Heroes", "David Bowie", f"{_ROCK} alternative pop"),
    ("Roxanne", "The Police", f"{_ROCK} reggae pop"),
    ("Purple Haze", "Jimi Hendrix", f"{_ROCK} blues guitar"),
    ("Great Balls of Fire", "Jerry Lee Lewis", "rock-n-roll rockabilly rock country"),
    ("Africa", "Toto", f"{_ROCK} pop"),
    ("Highway to Hell", "AC/DC", f"{_METAL} rock"),
    ("The Trooper", "Iron Maiden", _METAL),
    ("Chop Suey!", "System of a Down", f"{_METAL} alt-rock rock metalcore"),
    ("Freezing Moon", "Mayhem", "black-metal death-metal metal"),
    ("Hammer Smashed Face", "Cannibal Corpse", "death-metal grindcore metal black-metal"),
    ("London Calling", "The Clash", "punk punk-rock rock british"),
    ("Rise Above", "Black Flag", "hardcore punk punk-rock"),
    ("Sugar, We're Goin Down", "Fall Out Boy", "emo punk punk-rock pop rock alt-rock alternative"),
    ("A Message to You Rudy", "The Specials", "ska punk british reggae"),
    ("Wonderwall", "Oasis", f"{_ALTERNATIVE} british"),
    ("Love Will Tear Us Apart", "Joy Division", f"{_ALTERNATIVE} punk goth british synth-pop"),
    ("Where Is My Mind?", "Pixies", f"{_ALTERNATIVE} grunge punk"),
    ("Black Hole Sun", "Soundgarden", f"grunge {_ALTERNATIVE} {_METAL}"),
    ("Take On Me", "a-ha", "synth-pop pop rock dance party"),
    ("Poker Face", "Lady Gaga", f"{_POP} electro"),
    ("Bad Guy", "Billie Eilish", f"{_POP} indie-pop alternative electro"),
    ("Wannabe", "Spice Girls", f"{_POP} british"),
    ("Stayin' Alive", "Bee Gees", "disco pop soul funk dance party"),
    ("I Feel Love", "Donna Summer", "disco dance pop soul funk electronic electro"),
    ("What's Going On", "Marvin Gaye", _SOUL),
    ("Get Up (I Feel Like Being a) Sex Machine", "James Brown", _SOUL),
    ("No Scrubs", "TLC", "r-n-b pop hip-hop soul"),
    ("Oh Happy Day", "The Edwin Hawkins Singers", "gospel soul"),
    ("Fight the Power", "Public Enemy", _HIP_HOP),
    ("Sicko Mode", "Travis Scott", _HIP_HOP),
    ("Windowlicker", "Aphex Twin", "idm electronic ambient breakbeat drum-and-bass electro techno"),
    ("Inner City Life", "Goldie", "drum-and-bass breakbeat electronic"),
    ("Sandstorm", "Darude", "trance techno dance edm house electronic party"),
    ("Trans-Europe Express", "Kraftwerk", "electronic electro synth-pop techno german idm"),
    ("Glory Box", "Portishead", "trip-hop electronic chill alternative"),
    ("Your Love", "Frankie Knuckles", f"{_HOUSE} disco"),
    ("Clair de lune", "Claude Debussy", _CLASSICAL),
    ("Casta Diva", "Maria Callas", "opera classical"),
    ("Take Five", "Dave Brubeck", "jazz"),
    ("Cross Road Blues", "Robert Johnson", "blues"),
    ("Both Sides Now", "Joni Mitchell", f"{_FOLK} rock"),
    ("Hey, Good Lookin'", "Hank Williams", f"{_COUNTRY} folk"),
    ("Israelites", "Desmond Dekker", "reggae ska dub"),
    ("Temperature", "Sean Paul", "dancehall reggae hip-hop pop dance"),
    ("Suavemente", "Elvis Crespo", f"salsa {_LATIN}"),
    ("Por una cabeza", "Carlos Gardel", "tango latin"),
    ("Águas de Março", "Elis Regina", f"{_BRAZIL} jazz"),
    ("Ne me quitte pas", "Jacques Brel", "french"),
    ("99 Luftballons", "Nena", "german pop rock synth-pop"),
    ("L'italiano", "Toto Cutugno", "pop singer-songwriter songwriter rock romance"),
    ("Gurenge", "LiSA", "anime j-pop j-rock"),
    ("Dynamite", "BTS", "k-pop pop dance party"),
    ("月亮代表我的心", "Teresa Teng", "mandopop cantopop"),
    ("Chaiyya Chaiyya", "A.R. Rahman", "indian pop-film"),
    ("Gülümse", "Sezen Aksu", "turkish"),
    ("Enta Omri", "Umm Kulthum", "world-music"),
    ("Baby Shark", "Pinkfong", "children kids disney"),
    ("Amish Paradise", '"Weird Al" Yankovic', "comedy"),
)


def _listed(lines: Iterable[tuple[str, str, str]]) -> tuple[Famous, ...]:
    return tuple(Famous(title, artist, frozenset(genres.split())) for title, artist, genres in lines)


FAMOUS, FURTHER = _listed(_LINES), _listed(_FURTHER_LINES)

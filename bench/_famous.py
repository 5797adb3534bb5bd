"""Three lists of sixty famous tracks, each with the genres that a listener would accept as an answer.

Each was written from general knowledge before any model was asked about it. Each covers all genre families, all eras
and many languages. No artist is in two of them.
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
# The third list was written when the first two had been used for choices.
_LATER_LINES = (
    ("Tom Sawyer", "Rush", f"{_ROCK} heavy-metal"),
    ("Baba O'Riley", "The Who", f"{_ROCK} rock-n-roll"),
    ("Dreams", "Fleetwood Mac", f"{_ROCK} pop folk"),
    ("More Than a Feeling", "Boston", f"{_ROCK} heavy-metal power-pop"),
    ("Tutti Frutti", "Little Richard", "rock-n-roll rockabilly rock blues soul"),
    ("Summertime Blues", "Eddie Cochran", "rock-n-roll rockabilly rock"),
    ("Sweet Child O' Mine", "Guns N' Roses", f"{_METAL} rock"),
    ("Ace of Spades", "Motörhead", f"{_METAL} rock punk"),
    ("Crazy Train", "Ozzy Osbourne", f"{_METAL} rock"),
    ("Symphony of Destruction", "Megadeth", f"{_METAL} rock"),
    ("The End of Heartache", "Killswitch Engage", f"metalcore {_METAL} hardcore emo"),
    ("Scum", "Napalm Death", "grindcore death-metal metal hardcore punk black-metal"),
    ("Anarchy in the U.K.", "Sex Pistols", "punk punk-rock rock british"),
    ("Ruby Soho", "Rancid", "punk punk-rock ska rock hardcore"),
    ("The Middle", "Jimmy Eat World", "emo punk punk-rock rock alt-rock alternative power-pop pop"),
    ("There Is a Light That Never Goes Out", "The Smiths", f"{_ALTERNATIVE} british goth synth-pop pop"),
    ("Last Nite", "The Strokes", f"{_ALTERNATIVE} garage punk"),
    ("Everlong", "Foo Fighters", f"{_ALTERNATIVE} grunge hard-rock punk"),
    ("Alive", "Pearl Jam", f"grunge {_ALTERNATIVE} hard-rock"),
    ("The Less I Know the Better", "Tame Impala", f"{_ALTERNATIVE} psych-rock pop"),
    ("Bela Lugosi's Dead", "Bauhaus", "goth punk alternative alt-rock rock british industrial"),
    ("Closer", "Nine Inch Nails", f"industrial {_ALTERNATIVE} metal electronic"),
    ("Blue Monday", "New Order", f"synth-pop {_ELECTRONIC} alternative british pop club"),
    ("I Wanna Dance with Somebody", "Whitney Houston", f"{_POP} {_SOUL}"),
    ("Toxic", "Britney Spears", f"{_POP} electro"),
    ("Royals", "Lorde", f"{_POP} indie-pop electro alternative"),
    ("Firework", "Katy Perry", _POP),
    ("Le Freak", "Chic", "disco funk soul dance pop party"),
    ("Give Up the Funk", "Parliament", "funk soul disco groove"),
    ("A Change Is Gonna Come", "Sam Cooke", f"{_SOUL} blues gospel"),
    ("Halo", "Beyoncé", f"{_POP} {_SOUL}"),
    ("Take My Hand, Precious Lord", "Mahalia Jackson", "gospel soul blues jazz"),
    ("N.Y. State of Mind", "Nas", _HIP_HOP),
    ("Still D.R.E.", "Dr. Dre", _HIP_HOP),
    ("Born Slippy", "Underworld", f"{_ELECTRONIC} techno house progressive-house trance british"),
    ("Valley of the Shadows", "Origin Unknown", "drum-and-bass breakbeat electronic hardcore"),
    ("For an Angel", "Paul van Dyk", "trance progressive-house dance edm electronic house"),
    ("Spastik", "Plastikman", "minimal-techno techno detroit-techno electronic idm"),
    ("Show Me Love", "Robin S.", f"{_HOUSE} pop"),
    ("Roygbiv", "Boards of Canada", "idm ambient electronic chill trip-hop breakbeat"),
    ("Four Seasons: Spring", "Antonio Vivaldi", _CLASSICAL),
    ("Cello Suite No. 1 Prelude", "Johann Sebastian Bach", _CLASSICAL),
    ("Con te partirò", "Andrea Bocelli", "opera classical pop romance"),
    ("My Favorite Things", "John Coltrane", "jazz"),
    ("Strange Fruit", "Billie Holiday", "jazz blues soul"),
    ("Hoochie Coochie Man", "Muddy Waters", "blues soul rock rock-n-roll"),
    ("Foggy Mountain Breakdown", "Flatt & Scruggs", "bluegrass country folk honky-tonk"),
    ("Friends in Low Places", "Garth Brooks", _COUNTRY),
    ("Fast Car", "Tracy Chapman", f"{_FOLK} pop rock soul"),
    ("Legalize It", "Peter Tosh", "reggae dub ska"),
    ("Oye Como Va", "Tito Puente", f"salsa {_LATIN} jazz"),
    ("Livin' la Vida Loca", "Ricky Martin", f"{_LATIN} pop dance party"),
    ("Garota Nacional", "Skank", f"{_BRAZIL} rock pop reggae alternative"),
    ("Comme d'habitude", "Claude François", "french pop disco"),
    ("Группа крови", "Кино", f"{_ALTERNATIVE} punk psych-rock synth-pop goth"),
    ("First Love", "Hikaru Utada", "j-pop pop r-n-b anime"),
    ("Gee", "Girls' Generation", "k-pop pop dance party"),
    ("Lag Ja Gale", "Lata Mangeshkar", "indian pop-film"),
    ("Sodade", "Cesária Évora", "world-music folk jazz latin brazil"),
    ("Circle of Life", "Elton John", "disney show-tunes pop rock british children singer-songwriter songwriter"),
)


def _listed(lines: Iterable[tuple[str, str, str]]) -> tuple[Famous, ...]:
    return tuple(Famous(title, artist, frozenset(genres.split())) for title, artist, genres in lines)


FAMOUS, FURTHER, LATER = (_listed(lines) for lines in (_LINES, _FURTHER_LINES, _LATER_LINES))

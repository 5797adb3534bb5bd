"""The names of the columns of lists and tables of tracks, as programs and spreadsheets of many languages write them.

For each field the most specific names come first: the first one that a file has is taken. Names are compared in their
normal form (:func:`store.text.normalise`): "Artist Name(s)", "artist_name_s" and "ARTIST NAME S" are equal. English
names come first, then those of languages in Latin, Greek, Cyrillic and other scripts.
"""

from collections.abc import Mapping

from store.domain import AUDIO_FEATURES
from store.text import normalise

FEATURE_NAMES: Mapping[str, str] = {name: name for name in AUDIO_FEATURES if name != "duration_ms"} | {
    "danceability": "danceability | dance",
    "speechiness": "speechiness | speech",
    "acousticness": "acousticness | acoustic",
    "instrumentalness": "instrumentalness | instrumental",
    "liveness": "liveness | live",
    "valence": "valence | happy | happiness",
    "loudness": "loudness | loudness db | loud db | loud",
    "tempo": "tempo | bpm",
}
# Some files have a column for each artist.
FURTHER_ARTISTS = range(2, 6)
# The fields that hold a track's id at a service, with the service's namespace (:class:`etl.links.Link`).
ID_FIELDS: Mapping[str, str] = {"youtube_id": "youtube", "deezer_id": "deezer", "apple_id": "itunes", "mbid": "mbid"}
_LIST: Mapping[str, str] = {
    "uri": (
        "track uri | track id | spotify track uri | spotify track id | spotify uri | spotify id | "
        "spotify url | spotify link | spotify track url | track url | track link | song url | song link | "
        "url | uri | link | id"
    ),
    "youtube_id": "youtube id | youtube video id | video id | videoid | media id",
    "deezer_id": "deezer id | deezer track id",
    "apple_id": "apple id | apple music id | apple music track id | itunes id",
    "mbid": "recording mbid | track mbid | musicbrainz recording id | musicbrainz track id | musicbrainz id | mbid",
    "title": (
        "track name | track title | song title | song name | song | title | name | track | "
        "master metadata track name | item description | video title | "
        "Titel | Titelname | Songtitel | Liedtitel | Lied | Stück | Songname | "
        "Naam | Nummer | Titre | Nom | Morceau | Nom du titre | Titre de la chanson | Chanson | Namn | Låt | "
        "Låttitel | Navn | Sang | Sangtitel | Tittel | Låtnavn | Titolo | Brano | Nome | Canzone | "
        "Titolo brano | Nome brano | Traccia | Título | Nome da faixa | Faixa | Música | Nome da música | "
        "Titlu | Melodie | Piesă | Nume | Nombre | Canción | Nombre de la canción | Nombre de la pista | "
        "Pista | Tema | Název | Skladba | Název skladby | Naslov | Pjesma | Nimi | Kappale | "
        "Kappaleen nimi | Cím | Dal | Szám | Név | Tytuł | Utwór | Nazwa utworu | Tytuł utworu | Piosenka | "
        "Nazwa | Ad | Şarkı | Şarkı adı | Parça | Parça adı | Başlık | Заглавие | Песен | Τίτλος | "
        "Τραγούδι | Κομμάτι | Όνομα κομματιού | Τίτλος κομματιού | Όνομα | Название | Название трека | "
        "Трек | Песня | Композиция | Имя | Назва | Назва треку | Пісня | Композиція | العنوان | الأغنية | "
        "اسم الأغنية | الاسم | שם השיר | שיר | שם הרצועה | שם | כותרת | शीर्षक | गाना | गीत | नाम | Judul | "
        "Judul lagu | Lagu | Nama | ชื่อเพลง | เพลง | ชื่อ | Tên bài hát | Bài hát | Tiêu đề | Tên | 歌名 | "
        "歌曲名 | 歌曲名称 | 歌曲 | 曲目 | 标题 | 標題 | 名称 | 名稱 | 曲名 | トラック名 | タイトル | "
        "Pala | Lugu | Laul | Pealkiri | Daina | Pavadinimas | Dainos pavadinimas | Dziesma | Nosaukums | Názov | "
        "Názov skladby | Lag | Titill | Títol | Cançó | Песма | Назив | عنوان | آهنگ | ترانه | نام آهنگ | "
        "Pamagat | Kanta | Wimbo | "
        "楽曲名 | 楽曲 | 曲 | 名前 | 곡명 | 곡 제목 | 노래 제목 | 노래 | 제목 | 곡 | 이름"
    ),
    "artists": (
        "artist name s | artist names | artists | artist s | artists names | artist name | track artist | "
        "artist name 1 | artist 1 | track artist s | "
        "artist credit | grandparent title | "
        "artist | track artists | song artist | performer | performers | band | singer | artist s name | "
        "master metadata album artist name | Künstler | Künstlername | Interpret | Interpreten | Artiest | "
        "Artiesten | Artiste | Artistes | Interprète | Nom de l'artiste | Nom des artistes | Kunstner | "
        "Kunstnernavn | Artistnavn | Artistnamn | Artista | Artisti | Interprete | Artistas | Nome artista | "
        "Nome do artista | Nombre del artista | Intérprete | Nome dell'artista | Cântăreț | Umělec | "
        "Interpret skladby | Izvođač | Esittäjä | Esittäjän nimi | Előadó | Művész | Wykonawca | Artysta | "
        "Wykonawcy | Sanatçı | Sanatçı adı | Изпълнител | Καλλιτέχνης | Όνομα καλλιτέχνη | "
        "Όνομα τα καλλιτέχνη | Исполнитель | Исполнители | Артист | Имя исполнителя | Виконавець | الفنان | "
        "اسم الفنان | المغني | אמן | שם האמן | מבצע | זמר | कलाकार | गायक | Artis | Penyanyi | ศิลปิน | "
        "Nghệ sĩ | Ca sĩ | 歌手 | 艺人 | 藝人 | 艺术家 | 藝術家 | 演出者 | 表演者 | アーティスト | "
        "アーティスト名 | 歌手名 | 아티스트 | 아티스트명 | 가수"
        " | Esitaja | Atlikėjas | Atlikėjai | Izpildītājs | Izvajalec | Flytjandi | Izvođači | Извођач | "
        "Выканаўца | Interprète principal | Artiste principal | Hauptinterpret | خواننده | هنرمند | Mang-aawit | Msanii"
    ),
    "album_artists": (
        "album artist name s | album artist names | album artist | album artists | albumartist | Albuminterpret | "
        "Artiste de l'album | Artista dell'album | Artista del álbum | Artista do álbum | "
        "Исполнитель альбома | アルバムアーティスト | 专辑艺人"
    ),
    **{f"artists_{number}": f"artist name {number} | artist {number}" for number in FURTHER_ARTISTS},
    "artist_uris": "artist uri s | artist uris | artist uri",
    "artist_ids": "artist ids",
    "album_uri": "album uri | album id",
    "album_artist_uris": "album artist uri s | album artist uris",
    "cover_url": "album image url | album cover | album art | cover url | cover",
    "disc_number": (
        "disc number | disc | disc number of album | CD-Nummer | Numéro de disque | Numero disco | Número de disco"
    ),
    "track_number": (
        "track number | track no | track number on album | Titelnummer | Numéro de piste | Numero brano | "
        "Número de pista | Número da faixa"
    ),
    "record_label": "record label | label | Plattenlabel | Maison de disques | Sello discográfico",
    "album": (
        "album name | album title | album | parent title | release name | release title | release | "
        "master metadata album album name | Albumtitel | "
        "Albumname | Nom de l'album | Titre de l'album | Nome album | Titolo album | Álbum | Nome do álbum | "
        "Nombre del álbum | Albumi | Levy | Albüm | Albüm adı | Албум | Άλμπουμ | Όνομα άλμπουμ | Альбом | "
        "Название альбома | Nazwa albumu | الألبوم | אלבום | शीर्षक एल्बम | एल्बम | อัลบั้ม | 专辑 | 專輯 | "
        "专辑名 | 专辑名称 | アルバム | アルバム名 | 앨범 | 앨범명"
    ),
    "released": (
        "release date | album release date | album date | released | release year | track year | original year | "
        "year | "
        "Erscheinungsdatum | Veröffentlichungsdatum | Jahr | Erscheinungsjahr | Date de sortie | Année | "
        "Data di uscita | Anno | Fecha de lanzamiento | Año | Data de lançamento | Ano | Jaar | År | "
        "Utgivningsdatum | Vuosi | Rok | Év | An | Rok wydania | Data wydania | Yıl | Godina | Година | "
        "Έτος | Ημερομηνία κυκλοφορίας | Год | Дата выхода | Рік | السنة | שנה | वर्ष | Tahun | ปี | Năm | "
        "年份 | 发行日期 | 發行日期 | リリース日 | リリース年 | 年 | 발매일 | 연도"
    ),
    "length": (
        "duration ms | track duration ms | duration millis | duration | track duration | total time | "
        "length | time | track length | song length | duration s | duration seconds | duration sec | "
        "length s | length ms | seconds | playback seconds | "
        "duration in millis | track time millis | song duration | Dauer | Länge | Dauer ms | Spieldauer | "
        "Spielzeit | Zeit | Durée | Durée ms | Temps | Durata | Tempo durata | Duración | Tiempo | Duração | "
        "Duur | Tijd | Lengte | Längd | Tid | Varighed | Varighet | Længde | Kesto | Aika | Délka | Trvání | "
        "Čas | Czas | Czas trwania | Długość | Hossz | Időtartam | Idő | Durată | Süre | Trajanje | "
        "Времетраене | Διάρκεια | Διάρκεια ms | Длительность | Продолжительность | Время | Тривалість | "
        "Час | المدة | אורך | משך | अवधि | Durasi | ระยะเวลา | ความยาว | Thời lượng | 时长 | 時長 | 时间 | "
        "時間 | 長さ | 再生時間 | 재생 시간 | 재생시간 | 길이 | 시간"
        " | Pikkus | Kestus | Trukmė | Ilgums | Dĺžka | Trvanie | Dolžina | Lengd | Durada"
        " | Трајање | مدت | مدت زمان | Tagal"
    ),
    "popularity": (
        "popularity | track popularity | Popularität | Beliebtheit | Popularité | Popularidad | "
        "Popularidade | Popolarità | Популярность | 人気度"
    ),
    "explicit": "explicit | parental advisory",
    "isrc": "isrc | track isrc | isrc code | external ids isrc",
    "added_by": (
        "added by | added by id | Hinzugefügt von | Ajouté par | Añadido por | Adicionado por | Aggiunto da | "
        "Toegevoegd door"
    ),
    "added_at": (
        "added at | date added | added date | added on | added | tag time | tagtime | time added | "
        "date added to library | playlist video creation timestamp | creation date | created at | "
        "timestamp added | liked at | date liked | favorited at | saved at | creation timestamp | "
        "Hinzugefügt am | Hinzugefügt | Datum hinzugefügt | Ajouté le | Date d'ajout | Ajouté | "
        "Fecha de adición | Añadido | Añadido el | Fecha añadido | Data aggiunta | Aggiunto il | Aggiunto | "
        "Data de adição | Adicionado em | Adicionada em | Datum toegevoegd | Toegevoegd op | Tillagd | "
        "Tilføjet | Lagt til | Lisätty | Přidáno | Data dodania | Dodano | Hozzáadva | Eklenme tarihi | "
        "Добавено на | Ημερομηνία προσθήκης | Дата добавления | Добавлено | Дата додавання | תאריך הוספה | "
        "تاريخ الإضافة | 添加日期 | 添加时间 | 加入日期 | 追加日 | 추가된 날짜 | 추가일"
    ),
    "genres": "genres | artist genres | artist genre | genre s",
    "labels": (
        "genre | track genre | genre names | Musikrichtung | Género | Gênero | Genere | Жанр | ジャンル | 流派 | 장르"
    ),
    "plays": (
        "play count | plays | playcount | play counter | times played | track play count | Wiedergaben | Zähler | "
        "Lectures | Écoutes | Reproducciones | Reproduções | Riproduzioni | Прослушивания | 再生回数 | 播放次数"
    ),
    "playlist": "playlist name | playlist",
    "kind": "type | item type | track type | favorite type",
    "preference": "preference",
    **FEATURE_NAMES,
}


def _names(joined: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(normalise(name) for name in joined.split("|")))


# The headings of each field in a list of tracks, in their normal form, the most specific first.
LIST_HEADINGS: Mapping[str, tuple[str, ...]] = {field: _names(joined) for field, joined in _LIST.items()}
LIST_NAMES = frozenset(name for names in LIST_HEADINGS.values() for name in names)
# The same headings with their accents, by which encodings are distinguished.
WRITTEN_NAMES = frozenset(name.strip().casefold() for joined in _LIST.values() for name in joined.split("|"))

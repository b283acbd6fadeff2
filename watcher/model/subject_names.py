"""The names of Subjects in French, Spanish and Russian, as the UN and the press of these languages write them.

Names that are first names or common words too ("Maurice", "Grenade") are left out. Russian names of one word are
declined by their ending; the cases of all others stand in the table.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

# alpha-3 | French, ";" | Spanish, ";" | Russian, ";"; a line that begins with blanks continues the one above.
_TABLE = """
AFG||Afganistán|Афганистан
ALB|Albanie||Албания
DZA|Algérie|Argelia|Алжир
AND|Andorre||Андорра
AGO|||Ангола
ATG|Antigua-et-Barbuda|Antigua y Barbuda|Антигуа и Барбуда
ARG|Argentine||Аргентина
ARM|Arménie||Армения
AUS|Australie||Австралия
AUT|Autriche||Австрия
AZE|Azerbaïdjan|Azerbaiyán|Азербайджан
BHS|||Багамы;Багамские Острова;Багамских Островов
BHR|Bahreïn|Baréin;Bahrein|Бахрейн
BGD||Bangladés|Бангладеш
BRB|Barbade||Барбадос
BLR|Biélorussie;Bélarus|Bielorrusia;Belarús|Беларусь;Белоруссия;Беларуси
BEL|Belgique|Bélgica|Бельгия
BLZ||Belice|Белиз
BEN|Bénin|Benín|Бенин
BTN|Bhoutan|Bután|Бутан
BOL|Bolivie||Боливия
BIH|Bosnie-Herzégovine|Bosnia y Herzegovina|Босния и Герцеговина;Боснии и Герцеговине;Боснии и Герцеговины;
  Боснию и Герцеговину
BWA||Botsuana|Ботсвана
BRA|Brésil|Brasil|Бразилия
BRN||Brunéi|Бруней
BGR|Bulgarie||Болгария
BFA|||Буркина-Фасо
BDI|||Бурунди
CPV|Cap-Vert||Кабо-Верде
KHM|Cambodge|Camboya|Камбоджа
CMR|Cameroun|Camerún|Камерун
CAN||Canadá|Канада
CAF|République centrafricaine|República Centroafricana|Центрально-Африканская Республика;
  Центральноафриканская Республика;Центральноафриканской Республики;Центральноафриканской Республике;ЦАР
TCD|Tchad||Чад
CHL|Chili||Чили
CHN|Chine||Китай;КНР
COL|Colombie||Колумбия
COM|Comores|Comoras|Коморы;Коморские Острова
COG|République du Congo||Конго;Республика Конго
COK|Îles Cook|Islas Cook|Острова Кука
CRI|||Коста-Рика
CIV|Côte d'Ivoire|Côte d'Ivoire;Costa de Marfil|Кот-д'Ивуар
HRV|Croatie|Croacia|Хорватия
CUB|||Куба
CYP|Chypre|Chipre|Кипр
CZE|Tchéquie;République tchèque|Chequia;República Checa|Чехия;Чешская Республика
PRK|Corée du Nord;République populaire démocratique de Corée|Corea del Norte;República Popular Democrática de Corea|
  КНДР;Корейская Народно-Демократическая Республика;Северная Корея;Северной Кореи;Северной Корее
COD|République démocratique du Congo;RDC|República Democrática del Congo|Демократическая Республика Конго;
  Демократической Республики Конго;Демократической Республике Конго;ДРК
DNK|Danemark|Dinamarca|Дания
DJI||Yibuti|Джибути
DOM|République dominicaine|República Dominicana|Доминиканская Республика;Доминиканской Республики;
  Доминиканской Республике
ECU|Équateur||Эквадор
EGY|Égypte|Egipto|Египет;Египта;Египту;Египтом;Египте
SLV|||Сальвадор
GNQ|Guinée équatoriale|Guinea Ecuatorial|Экваториальная Гвинея
ERI|Érythrée||Эритрея
EST|Estonie||Эстония
SWZ||Esuatini;Swazilandia|Эсватини;Свазиленд
ETH|Éthiopie|Etiopía|Эфиопия
FJI|Fidji|Fiyi|Фиджи
FIN|Finlande|Finlandia|Финляндия
FRA||Francia|Франция
GAB||Gabón|Габон
GMB|Gambie||Гамбия
GEO|Géorgie||Грузия
DEU|Allemagne|Alemania|Германия
GHA|||Гана
GRC|Grèce|Grecia|Греция
GRD|||Гренада
GTM|||Гватемала
GIN|Guinée||Гвинея
GNB|Guinée-Bissau|Guinea-Bisáu|Гвинея-Бисау
GUY|||Гайана
HTI|Haïti|Haití|Гаити
VAT|Saint-Siège|Santa Sede|Ватикан;Святой Престол
HND|||Гондурас
HUN|Hongrie|Hungría|Венгрия
ISL|Islande|Islandia|Исландия
IND|Inde||Индия
IDN|Indonésie||Индонезия
IRN|République islamique d'Iran|Irán;República Islámica del Irán|Иран;Исламская Республика Иран
IRQ|Irak||Ирак
IRL|Irlande|Irlanda|Ирландия
ISR|Israël||Израиль
ITA|Italie|Italia|Италия
JAM|Jamaïque||Ямайка
JPN|Japon|Japón|Япония
JOR|Jordanie|Jordania|Иордания
KAZ||Kazajistán;Kazajstán;República de Kazajstán|Казахстан;Республика Казахстан;Республики Казахстан
KEN||Kenia|Кения
KIR|||Кирибати
XKX|||Косово
KWT|Koweït||Кувейт
KGZ|Kirghizstan;Kirghizistan|Kirguistán|Киргизия;Кыргызстан
LAO|République démocratique populaire lao|República Democrática Popular Lao|Лаос
LVA|Lettonie|Letonia|Латвия
LBN|Liban|Líbano|Ливан
LSO||Lesoto|Лесото
LBR|||Либерия
LBY|Libye|Libia|Ливия
LIE|||Лихтенштейн
LTU|Lituanie|Lituania|Литва
LUX||Luxemburgo|Люксембург
MDG|||Мадагаскар
MWI||Malaui|Малави
MYS|Malaisie|Malasia|Малайзия
MDV||Maldivas|Мальдивы;Мальдив
MLI|||Мали
MLT|Malte||Мальта
MHL|Îles Marshall|Islas Marshall|Маршалловы Острова;Маршалловых Островов
MRT|Mauritanie||Мавритания
MUS|île Maurice|isla Mauricio|Маврикий
MEX|Mexique|México|Мексика
FSM|Micronésie||Федеративные Штаты Микронезии
MDA|Moldavie;République de Moldova|Moldavia;República de Moldova|Молдова;Республика Молдова;Республики Молдова;
  Молдавия
MCO||Mónaco|Монако
MNG|Mongolie||Монголия
MNE|Monténégro||Черногория
MAR|Maroc|Marruecos|Марокко
MOZ|||Мозамбик
MMR|Birmanie|Birmania|Мьянма;Мьянмы;Мьянме;Мьянму;Мьянмой
NAM|Namibie||Намибия
NRU|||Науру
NPL|Népal||Непал
NLD|Pays-Bas|Países Bajos|Нидерланды;Нидерландов;Нидерландам;Нидерландами;Нидерландах
NZL|Nouvelle-Zélande|Nueva Zelanda;Nueva Zelandia|Новая Зеландия;Новой Зеландии;Новую Зеландию
NIC|||Никарагуа
NER||Níger|Нигер
NGA|||Нигерия
NIU|||Ниуэ
MKD|Macédoine du Nord|Macedonia del Norte|Северная Македония;Северной Македонии;Северную Македонию
NOR|Norvège|Noruega|Норвегия
OMN||Omán|Оман
PAK||Pakistán|Пакистан
PLW|Palaos||Палау
PSE|État de Palestine|Palestina;Estado de Palestina|Палестина;Государство Палестина
PAN||Panamá|Панама
PNG|Papouasie-Nouvelle-Guinée|Papúa Nueva Guinea|Папуа-Новая Гвинея
PRY|||Парагвай
PER|Pérou|Perú|Перу
PHL||Filipinas|Филиппины;Филиппин;Филиппинам;Филиппинах
POL|Pologne|Polonia|Польша
PRT|||Португалия
QAT||Catar|Катар
KOR|Corée du Sud;République de Corée|Corea del Sur;República de Corea|Республика Корея;Республики Корея;
  Республике Корея;Южная Корея;Южной Кореи;Южной Корее
ROU|Roumanie|Rumanía|Румыния
RUS|Russie;Fédération de Russie|Rusia;Federación de Rusia|Россия;Российская Федерация;Российской Федерации;
  Российскую Федерацию;Российской Федерацией;РФ
RWA||Ruanda|Руанда
KNA|Saint-Christophe-et-Niévès|San Cristóbal y Nieves|Сент-Китс и Невис
LCA|Sainte-Lucie|Santa Lucía|Сент-Люсия
VCT|Saint-Vincent-et-les Grenadines|San Vicente y las Granadinas|Сент-Винсент и Гренадины
WSM|||Самоа
SMR|Saint-Marin||Сан-Марино
STP|Sao Tomé-et-Principe|Santo Tomé y Príncipe|Сан-Томе и Принсипи
SAU|Arabie saoudite|Arabia Saudí;Arabia Saudita|Саудовская Аравия;Саудовской Аравии;Саудовскую Аравию
SEN|Sénégal||Сенегал
SRB|Serbie||Сербия
SYC|||Сейшельские Острова;Сейшельских Островов
SLE||Sierra Leona|Сьерра-Леоне
SGP|Singapour|Singapur|Сингапур
SVK|Slovaquie|Eslovaquia|Словакия
SVN|Slovénie|Eslovenia|Словения
SLB|Îles Salomon|Islas Salomón|Соломоновы Острова;Соломоновых Островов
SOM|Somalie||Сомали
ZAF|Afrique du Sud|Sudáfrica|Южно-Африканская Республика;ЮАР;Южная Африка;Южной Африки;Южной Африке
SSD|Soudan du Sud|Sudán del Sur|Южный Судан;Южного Судана;Южном Судане
ESP|Espagne|España|Испания
LKA|||Шри-Ланка
SDN|Soudan|Sudán|Судан
SUR||Surinam|Суринам
SWE|Suède|Suecia|Швеция
CHE|Suisse|Suiza|Швейцария
SYR|Syrie;République arabe syrienne|Siria;República Árabe Siria|Сирия;Сирийская Арабская Республика
TWN|Taïwan|Taiwán|Тайвань
TJK||Tayikistán|Таджикистан
TZA|Tanzanie;République-Unie de Tanzanie|República Unida de Tanzanía|Танзания
THA|Thaïlande|Tailandia|Таиланд
TLS|Timor oriental||Восточный Тимор;Тимор-Лешти
TON|||Тонга
TTO|Trinité-et-Tobago|Trinidad y Tobago|Тринидад и Тобаго
TUN|Tunisie|Túnez|Тунис
TUR|Turquie|Turquía|Турция
TKM|Turkménistan|Turkmenistán|Туркменистан
TUV|||Тувалу
UGA|Ouganda||Уганда
UKR||Ucrania|Украина
ARE|Émirats arabes unis|Emiratos Árabes Unidos|ОАЭ;Объединенные Арабские Эмираты;Объединенных Арабских Эмиратов
GBR|Royaume-Uni|Reino Unido|Великобритания;Соединенное Королевство;Соединенного Королевства;Соединенному Королевству;
  Соединенном Королевстве
USA|États-Unis;États-Unis d'Amérique|Estados Unidos;Estados Unidos de América;EE.UU.|Соединенные Штаты;США;
  Соединенные Штаты Америки;Соединенных Штатов;Соединенным Штатам;Соединенными Штатами;Соединенных Штатах
URY|||Уругвай
UZB|Ouzbékistan|Uzbekistán|Узбекистан
VUT|||Вануату
VEN||República Bolivariana de Venezuela|Венесуэла
VNM|Viêt Nam||Вьетнам
ESH|Sahara occidental|Sáhara Occidental|Западная Сахара
YEM|Yémen||Йемен
ZMB|Zambie||Замбия
ZWE||Zimbabue|Зимбабве
SUN|Union soviétique;URSS|Unión Soviética|Советский Союз;Советского Союза;Советском Союзе;СССР
YUG|Yougoslavie||Югославия
SCG|Serbie-et-Monténégro|Serbia y Montenegro|Сербия и Черногория
CSK|Tchécoslovaquie|Checoslovaquia|Чехословакия
DDR|République démocratique allemande|República Democrática Alemana|
EUE|Union européenne|Unión Europea|Европейский Союз;Европейского Союза;ЕС
HKG|||Гонконг
PRI|Porto Rico||Пуэрто-Рико
GRL|Groenland|Groenlandia|Гренландия
"""

_SOFTENED = frozenset("гкхжчшщ")  # after these a genitive ends in "и"
_NOT_DECLINED = frozenset("оеиуэыё")


def foreign_names() -> Mapping[str, tuple[str, ...]]:
    """The names of each Subject by alpha-3, with the cases of Russian ones."""
    names = {}
    for line in _TABLE.strip().replace("\n  ", "").splitlines():
        alpha3, french, spanish, russian = line.split("|")
        written = [*french.split(";"), *spanish.split(";")]
        for name in russian.split(";"):
            written += [name, *_cases(name)]
        names[alpha3] = tuple(dict.fromkeys(name for name in written if name))
    return names


def _cases(name: str) -> Iterator[str]:
    """The other cases of a Russian name of one word in the nominative; none for one that is not declined."""
    if " " in name or "-" in name or name.isupper() or not name or name[-1] in _NOT_DECLINED:
        return
    stem, last = name[:-1], name[-1]
    endings: tuple[str, ...]
    if name.endswith("ия"):
        endings = ("и", "ю", "ей")
    elif last == "а":
        endings = ("и" if stem[-1] in _SOFTENED else "ы", "е", "у", "ой")
    elif last == "я":
        endings = ("и", "е", "ю", "ей")
    elif last in "ьй":
        endings = ("я", "ю", "ем", "е")
    else:
        stem, endings = name, ("а", "у", "ом", "е")
    yield from (stem + ending for ending in endings)

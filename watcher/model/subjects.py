"""Subjects: States and a few other actors by ISO 3166-1 alpha-3, with every spelling a monitor meets.

Names follow the UN M49 list and the UN Treaty Collection; former States carry their ISO 3166-3 alpha-3.
Look-ups are exact after normalisation and never fuzzy: "Republic of Korea" is KOR and nothing else.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache

from watcher.model.subject_names import foreign_names

# alpha-3 | short name | official name | other spellings, ";" | adjectives and people, ";" | capital;
# a line that begins with blanks continues the one above.
_TABLE = """
AFG|Afghanistan|Islamic Republic of Afghanistan|Islamic Emirate of Afghanistan|Afghan;Afghans|Kabul
ALB|Albania|Republic of Albania||Albanian;Albanians|Tirana
DZA|Algeria|People's Democratic Republic of Algeria||Algerian;Algerians|Algiers
AND|Andorra|Principality of Andorra||Andorran;Andorrans|Andorra la Vella
AGO|Angola|Republic of Angola||Angolan;Angolans|Luanda
ATG|Antigua and Barbuda|||Antiguan;Antiguans|Saint John's
ARG|Argentina|Argentine Republic||Argentine;Argentines;Argentinian|Buenos Aires
ARM|Armenia|Republic of Armenia||Armenian;Armenians|Yerevan
AUS|Australia|Commonwealth of Australia||Australian;Australians|Canberra
AUT|Austria|Republic of Austria||Austrian;Austrians|Vienna
AZE|Azerbaijan|Republic of Azerbaijan|Azerbaidjan|Azerbaijani;Azerbaijanis;Azeri|Baku
BHS|Bahamas|Commonwealth of the Bahamas||Bahamian;Bahamians|Nassau
BHR|Bahrain|Kingdom of Bahrain|State of Bahrain|Bahraini;Bahrainis|Manama
BGD|Bangladesh|People's Republic of Bangladesh||Bangladeshi;Bangladeshis|Dhaka
BRB|Barbados|||Barbadian;Barbadians|Bridgetown
BLR|Belarus|Republic of Belarus|Byelorussia;Byelorussian SSR|Belarusian;Belarusians;Belarussian|Minsk
BEL|Belgium|Kingdom of Belgium||Belgian;Belgians|Brussels
BLZ|Belize|||Belizean;Belizeans|Belmopan
BEN|Benin|Republic of Benin|Dahomey|Beninese|Porto-Novo
BTN|Bhutan|Kingdom of Bhutan||Bhutanese|Thimphu
BOL|Bolivia|Plurinational State of Bolivia|Bolivia (Plurinational State of);Republic of Bolivia|Bolivian;Bolivians|
  La Paz
BIH|Bosnia and Herzegovina||Bosnia;Bosnia-Herzegovina;Bosnia & Herzegovina|Bosnian;Bosnians|Sarajevo
BWA|Botswana|Republic of Botswana||Motswana;Batswana|Gaborone
BRA|Brazil|Federative Republic of Brazil||Brazilian;Brazilians|Brasilia;Brasília
BRN|Brunei Darussalam|Nation of Brunei|Brunei|Bruneian|Bandar Seri Begawan
BGR|Bulgaria|Republic of Bulgaria||Bulgarian;Bulgarians|Sofia
BFA|Burkina Faso||Upper Volta|Burkinabe|Ouagadougou
BDI|Burundi|Republic of Burundi||Burundian;Burundians|Gitega
CPV|Cabo Verde|Republic of Cabo Verde|Cape Verde;Republic of Cape Verde|Cabo Verdean;Cape Verdean|Praia
KHM|Cambodia|Kingdom of Cambodia|Kampuchea;Democratic Kampuchea|Cambodian;Cambodians;Khmer|Phnom Penh
CMR|Cameroon|Republic of Cameroon||Cameroonian;Cameroonians|Yaounde
CAN|Canada|||Canadian;Canadians|Ottawa
CAF|Central African Republic||Central African Rep.;Central African Empire|Central African|Bangui
TCD|Chad|Republic of Chad||Chadian;Chadians|N'Djamena
CHL|Chile|Republic of Chile||Chilean;Chileans|Santiago
CHN|China|People's Republic of China|PRC|Chinese|Beijing
COL|Colombia|Republic of Colombia||Colombian;Colombians|Bogota
COM|Comoros|Union of the Comoros|Islamic Federal Republic of the Comoros|Comorian;Comorians|Moroni
COG|Congo|Republic of the Congo|Congo (Brazzaville);Congo-Brazzaville;Congo (Republic of the)||Brazzaville
COK|Cook Islands|||Cook Islander|Avarua
CRI|Costa Rica|Republic of Costa Rica||Costa Rican;Costa Ricans|San Jose
CIV|Côte d'Ivoire|Republic of Côte d'Ivoire|Ivory Coast;Republic of Ivory Coast|Ivorian;Ivorians|Yamoussoukro
HRV|Croatia|Republic of Croatia||Croatian;Croatians;Croat;Croats|Zagreb
CUB|Cuba|Republic of Cuba||Cuban;Cubans|Havana
CYP|Cyprus|Republic of Cyprus||Cypriot;Cypriots|Nicosia
CZE|Czechia|Czech Republic||Czech;Czechs|Prague
PRK|Democratic People's Republic of Korea||North Korea;DPRK;DPR Korea;Korea (Democratic People's Republic of)|
  North Korean;North Koreans|Pyongyang
COD|Democratic Republic of the Congo||DR Congo;DRC;Congo (Democratic Republic of the);Congo (Kinshasa);Zaire;
  Congo-Kinshasa|Congolese;Zairian|Kinshasa
DNK|Denmark|Kingdom of Denmark||Danish;Dane;Danes|Copenhagen
DJI|Djibouti|Republic of Djibouti||Djiboutian;Djiboutians|
DMA|Dominica|Commonwealth of Dominica|||Roseau
DOM|Dominican Republic|||Dominican;Dominicans|Santo Domingo
ECU|Ecuador|Republic of Ecuador||Ecuadorian;Ecuadorians|Quito
EGY|Egypt|Arab Republic of Egypt|United Arab Republic|Egyptian;Egyptians|Cairo
SLV|El Salvador|Republic of El Salvador||Salvadoran;Salvadorans;Salvadorian|San Salvador
GNQ|Equatorial Guinea|Republic of Equatorial Guinea||Equatorial Guinean;Equatoguinean|Malabo
ERI|Eritrea|State of Eritrea||Eritrean;Eritreans|Asmara
EST|Estonia|Republic of Estonia||Estonian;Estonians|Tallinn
SWZ|Eswatini|Kingdom of Eswatini|Swaziland;Kingdom of Swaziland|Swazi;Swazis|Mbabane
ETH|Ethiopia|Federal Democratic Republic of Ethiopia||Ethiopian;Ethiopians|Addis Ababa
FJI|Fiji|Republic of Fiji|Fiji Islands|Fijian;Fijians|Suva
FIN|Finland|Republic of Finland||Finnish;Finn;Finns|Helsinki
FRA|France|French Republic||French;Frenchman|Paris
GAB|Gabon|Gabonese Republic||Gabonese|Libreville
GMB|Gambia|Republic of the Gambia|Gambia (Republic of The);Gambia (Islamic Republic of the)|Gambian;Gambians|Banjul
GEO|Georgia|Republic of Georgia||Georgian;Georgians|Tbilisi
DEU|Germany|Federal Republic of Germany|Germany (Federal Republic of)|German;Germans|Berlin
GHA|Ghana|Republic of Ghana||Ghanaian;Ghanaians|Accra
GRC|Greece|Hellenic Republic||Greek;Greeks;Hellenic|Athens
GRD|Grenada|||Grenadian;Grenadians|Saint George's
GTM|Guatemala|Republic of Guatemala||Guatemalan;Guatemalans|Guatemala City
GIN|Guinea|Republic of Guinea|Guinea-Conakry|Guinean;Guineans|Conakry
GNB|Guinea-Bissau|Republic of Guinea-Bissau|Guinea Bissau|Bissau-Guinean|Bissau
GUY|Guyana|Co-operative Republic of Guyana|Cooperative Republic of Guyana|Guyanese|Georgetown
HTI|Haiti|Republic of Haiti||Haitian;Haitians|Port-au-Prince
VAT|Holy See|Vatican City State|Vatican;Vatican City||
HND|Honduras|Republic of Honduras||Honduran;Hondurans|Tegucigalpa
HUN|Hungary|Republic of Hungary||Hungarian;Hungarians|Budapest
ISL|Iceland|Republic of Iceland||Icelandic;Icelander;Icelanders|Reykjavik
IND|India|Republic of India||Indian;Indians|New Delhi;Delhi
IDN|Indonesia|Republic of Indonesia||Indonesian;Indonesians|Jakarta
IRN|Iran|Islamic Republic of Iran|Iran (Islamic Republic of)|Iranian;Iranians|Tehran;Teheran
IRQ|Iraq|Republic of Iraq||Iraqi;Iraqis|Baghdad
IRL|Ireland|Republic of Ireland||Irish;Irishman|Dublin
ISR|Israel|State of Israel||Israeli;Israelis|Jerusalem
ITA|Italy|Italian Republic||Italian;Italians|Rome
JAM|Jamaica|||Jamaican;Jamaicans|Kingston
JPN|Japan|||Japanese|Tokyo
JOR|Jordan|Hashemite Kingdom of Jordan||Jordanian;Jordanians|Amman
KAZ|Kazakhstan|Republic of Kazakhstan|Kazakstan;Republic of Kazakstan|Kazakh;Kazakhs;Kazakhstani;Kazak|Astana;Nur-Sultan
KEN|Kenya|Republic of Kenya||Kenyan;Kenyans|Nairobi
KIR|Kiribati|Republic of Kiribati||I-Kiribati|Tarawa
XKX|Kosovo|Republic of Kosovo||Kosovar;Kosovars|Pristina
KWT|Kuwait|State of Kuwait||Kuwaiti;Kuwaitis|Kuwait City
KGZ|Kyrgyzstan|Kyrgyz Republic|Kirghizia;Kirgizstan|Kyrgyz;Kyrgyzstani|Bishkek
LAO|Lao People's Democratic Republic||Laos;Lao PDR;Lao P.D.R.|Lao;Laotian;Laotians|Vientiane
LVA|Latvia|Republic of Latvia||Latvian;Latvians|Riga
LBN|Lebanon|Lebanese Republic||Lebanese|Beirut
LSO|Lesotho|Kingdom of Lesotho||Basotho;Mosotho|Maseru
LBR|Liberia|Republic of Liberia||Liberian;Liberians|Monrovia
LBY|Libya|State of Libya|Libyan Arab Jamahiriya;Great Jamahiriya;Libyan Jamahiriya;Jamahiriya;
  Socialist People's Libyan Arab Jamahiriya|Libyan;Libyans|Tripoli
LIE|Liechtenstein|Principality of Liechtenstein||Liechtensteiner|Vaduz
LTU|Lithuania|Republic of Lithuania||Lithuanian;Lithuanians|Vilnius
LUX|Luxembourg|Grand Duchy of Luxembourg||Luxembourgish;Luxembourger|
MDG|Madagascar|Republic of Madagascar||Malagasy|Antananarivo
MWI|Malawi|Republic of Malawi||Malawian;Malawians|Lilongwe
MYS|Malaysia|||Malaysian;Malaysians|Kuala Lumpur
MDV|Maldives|Republic of Maldives||Maldivian;Maldivians|Male
MLI|Mali|Republic of Mali||Malian;Malians|Bamako
MLT|Malta|Republic of Malta||Maltese|Valletta
MHL|Marshall Islands|Republic of the Marshall Islands||Marshallese|Majuro
MRT|Mauritania|Islamic Republic of Mauritania||Mauritanian;Mauritanians|Nouakchott
MUS|Mauritius|Republic of Mauritius||Mauritian;Mauritians|Port Louis
MEX|Mexico|United Mexican States||Mexican;Mexicans|Mexico City
FSM|Micronesia|Federated States of Micronesia|Micronesia (Federated States of)|Micronesian;Micronesians|Palikir
MDA|Moldova|Republic of Moldova|Moldova (Republic of)|Moldovan;Moldovans|Chisinau
MCO|Monaco|Principality of Monaco||Monegasque|
MNG|Mongolia||Mongolian People's Republic|Mongolian;Mongolians|Ulaanbaatar;Ulan Bator
MNE|Montenegro|Republic of Montenegro||Montenegrin;Montenegrins|Podgorica
MAR|Morocco|Kingdom of Morocco||Moroccan;Moroccans|Rabat
MOZ|Mozambique|Republic of Mozambique||Mozambican;Mozambicans|Maputo
MMR|Myanmar|Republic of the Union of Myanmar|Burma;Myanmar (Burma);Union of Myanmar|Burmese|
  Nay Pyi Taw;Naypyidaw;Naypyitaw
NAM|Namibia|Republic of Namibia|South West Africa|Namibian;Namibians|Windhoek
NRU|Nauru|Republic of Nauru||Nauruan;Nauruans|Yaren
NPL|Nepal|Federal Democratic Republic of Nepal|Kingdom of Nepal|Nepalese;Nepali;Nepalis|Kathmandu
NLD|Netherlands|Kingdom of the Netherlands|Netherlands (Kingdom of the);Holland|Dutch;Dutchman|The Hague
NZL|New Zealand|||New Zealander;New Zealanders|Wellington
NIC|Nicaragua|Republic of Nicaragua||Nicaraguan;Nicaraguans|Managua
NER|Niger|Republic of the Niger|Republic of Niger|Nigerien|Niamey
NGA|Nigeria|Federal Republic of Nigeria||Nigerian;Nigerians|Abuja
NIU|Niue|||Niuean|Alofi
MKD|North Macedonia|Republic of North Macedonia|The former Yugoslav Republic of Macedonia;Republic of Macedonia;
  Macedonia;FYROM;TFYR Macedonia|Macedonian;Macedonians|Skopje
NOR|Norway|Kingdom of Norway||Norwegian;Norwegians|Oslo
OMN|Oman|Sultanate of Oman||Omani;Omanis|Muscat
PAK|Pakistan|Islamic Republic of Pakistan||Pakistani;Pakistanis|Islamabad
PLW|Palau|Republic of Palau||Palauan;Palauans|Ngerulmud
PSE|State of Palestine||Palestine;Palestinian Authority;Occupied Palestinian Territory|Palestinian;Palestinians|
  Ramallah
PAN|Panama|Republic of Panama||Panamanian;Panamanians|Panama City
PNG|Papua New Guinea|Independent State of Papua New Guinea||Papua New Guinean|Port Moresby
PRY|Paraguay|Republic of Paraguay||Paraguayan;Paraguayans|Asuncion
PER|Peru|Republic of Peru||Peruvian;Peruvians|Lima
PHL|Philippines|Republic of the Philippines||Filipino;Filipinos;Philippine|Manila
POL|Poland|Republic of Poland|Polish People's Republic|Polish;Pole;Poles|Warsaw
PRT|Portugal|Portuguese Republic||Portuguese|Lisbon
QAT|Qatar|State of Qatar||Qatari;Qataris|Doha
KOR|Republic of Korea||South Korea;ROK;Korea (Republic of);Korea, Republic of|South Korean;South Koreans|Seoul
ROU|Romania||Rumania|Romanian;Romanians|Bucharest
RUS|Russian Federation||Russia|Russian;Russians|Moscow
RWA|Rwanda|Republic of Rwanda||Rwandan;Rwandans|Kigali
KNA|Saint Kitts and Nevis|Federation of Saint Kitts and Nevis|St. Kitts and Nevis;Saint Christopher and Nevis|
  Kittitian|Basseterre
LCA|Saint Lucia||St. Lucia|Saint Lucian|Castries
VCT|Saint Vincent and the Grenadines||St. Vincent and the Grenadines;St. Vincent & Grenadines|Vincentian|Kingstown
WSM|Samoa|Independent State of Samoa|Western Samoa|Samoan;Samoans|Apia
SMR|San Marino|Republic of San Marino||Sammarinese|
STP|Sao Tome and Principe|Democratic Republic of Sao Tome and Principe|São Tomé and Príncipe|Sao Tomean|Sao Tome
SAU|Saudi Arabia|Kingdom of Saudi Arabia||Saudi;Saudis|Riyadh
SEN|Senegal|Republic of Senegal||Senegalese|Dakar
SRB|Serbia|Republic of Serbia||Serbian;Serbians;Serb;Serbs|Belgrade
SYC|Seychelles|Republic of Seychelles||Seychellois|Victoria
SLE|Sierra Leone|Republic of Sierra Leone||Sierra Leonean;Sierra Leoneans|Freetown
SGP|Singapore|Republic of Singapore||Singaporean;Singaporeans|
SVK|Slovakia|Slovak Republic||Slovak;Slovaks;Slovakian|Bratislava
SVN|Slovenia|Republic of Slovenia||Slovenian;Slovenians;Slovene;Slovenes|Ljubljana
SLB|Solomon Islands|||Solomon Islander;Solomon Islanders|Honiara
SOM|Somalia|Federal Republic of Somalia|Somali Republic;Somali Democratic Republic|Somali;Somalis|Mogadishu
ZAF|South Africa|Republic of South Africa||South African;South Africans|Pretoria
SSD|South Sudan|Republic of South Sudan||South Sudanese|Juba
ESP|Spain|Kingdom of Spain||Spanish;Spaniard;Spaniards|Madrid
LKA|Sri Lanka|Democratic Socialist Republic of Sri Lanka|Ceylon|Sri Lankan;Sri Lankans|Colombo
SDN|Sudan|Republic of the Sudan||Sudanese|Khartoum
SUR|Suriname|Republic of Suriname||Surinamese|Paramaribo
SWE|Sweden|Kingdom of Sweden||Swedish;Swede;Swedes|Stockholm
CHE|Switzerland|Swiss Confederation||Swiss|Bern;Berne
SYR|Syrian Arab Republic||Syria|Syrian;Syrians|Damascus
TWN|Taiwan||Chinese Taipei;Taiwan Province of China|Taiwanese|Taipei
TJK|Tajikistan|Republic of Tajikistan|Tadjikistan|Tajik;Tajiks;Tajikistani|Dushanbe
TZA|Tanzania|United Republic of Tanzania|Tanzania (United Republic of)|Tanzanian;Tanzanians|Dodoma
THA|Thailand|Kingdom of Thailand|Siam|Thai;Thais|Bangkok
TLS|Timor-Leste|Democratic Republic of Timor-Leste|East Timor|Timorese|Dili
TGO|Togo|Togolese Republic||Togolese|Lome
TON|Tonga|Kingdom of Tonga||Tongan;Tongans|Nuku'alofa
TTO|Trinidad and Tobago|Republic of Trinidad and Tobago||Trinidadian;Trinidadians|Port of Spain
TUN|Tunisia|Republic of Tunisia||Tunisian;Tunisians|Tunis
TUR|Türkiye|Republic of Türkiye|Turkey;Republic of Turkey|Turkish;Turk;Turks|Ankara
TKM|Turkmenistan|Republic of Turkmenistan||Turkmen;Turkmens|Ashgabat;Ashkhabad
TUV|Tuvalu|||Tuvaluan;Tuvaluans|Funafuti
UGA|Uganda|Republic of Uganda||Ugandan;Ugandans|Kampala
UKR|Ukraine||Ukrainian SSR|Ukrainian;Ukrainians|Kyiv;Kiev
ARE|United Arab Emirates||UAE;U.A.E.|Emirati;Emiratis|Abu Dhabi
GBR|United Kingdom|United Kingdom of Great Britain and Northern Ireland|UK;U.K.;Great Britain;Britain;
  United Kingdom of Great Britain & Northern Ireland|British;Briton;Britons|London
USA|United States|United States of America|USA;U.S.A.;US;U.S.|American;Americans|Washington
URY|Uruguay|Eastern Republic of Uruguay||Uruguayan;Uruguayans|Montevideo
UZB|Uzbekistan|Republic of Uzbekistan||Uzbek;Uzbeks;Uzbekistani|Tashkent
VUT|Vanuatu|Republic of Vanuatu|New Hebrides|Ni-Vanuatu|Port Vila
VEN|Venezuela|Bolivarian Republic of Venezuela|Venezuela (Bolivarian Republic of);Republic of Venezuela|Venezuelan;
  Venezuelans|Caracas
VNM|Viet Nam|Socialist Republic of Viet Nam|Vietnam;Socialist Republic of Vietnam|Vietnamese|Hanoi
ESH|Western Sahara||Sahrawi Arab Democratic Republic|Sahrawi;Sahrawis|
YEM|Yemen|Republic of Yemen|Yemen Arab Republic;Democratic Yemen|Yemeni;Yemenis|Sana'a;Sanaa
ZMB|Zambia|Republic of Zambia|Northern Rhodesia|Zambian;Zambians|Lusaka
ZWE|Zimbabwe|Republic of Zimbabwe|Southern Rhodesia|Zimbabwean;Zimbabweans|Harare
SUN|Soviet Union|Union of Soviet Socialist Republics|USSR;U.S.S.R.|Soviet;Soviets|
YUG|Yugoslavia|Federal Republic of Yugoslavia|Yugoslavia (former);Socialist Federal Republic of Yugoslavia|Yugoslav;
  Yugoslavs|
SCG|Serbia and Montenegro|State Union of Serbia and Montenegro|||
CSK|Czechoslovakia|Czechoslovak Republic|Czech and Slovak Federal Republic|Czechoslovak|
DDR|German Democratic Republic||East Germany|East German|
EUE|European Union||EU;European Community;European Economic Community||
HKG|Hong Kong|Hong Kong Special Administrative Region of China|||
PRI|Puerto Rico|||Puerto Rican;Puerto Ricans|San Juan
GRL|Greenland|||Greenlander;Greenlanders;Greenlandic|Nuuk
"""

# Phrases that hold a Subject's name or adjective and name something else.
NOT_SUBJECTS: tuple[str, ...] = (
    "Bahasa Indonesia",
    "Bahasa Malaysia",
    "Central America",
    "Central American",
    "Latin America",
    "Latin American",
    "North America",
    "North American",
    "South America",
    "South American",
    "Organization of American States",
    "American Samoa",
    "Arabian Sea",
    "French Guiana",
    "French Polynesia",
    "Guinea Worm",
    "Gulf of Guinea",
    "Indian Ocean",
    "New Mexico",
    "Sea of Japan",
    "South China Sea",
    "Spanish-speaking",
    "English-speaking",
    "French-speaking",
    "American Indian",
    "African American",
    "Asian American",
    "US dollar",
    "US dollars",
    "U.S. dollar",
    "U.S. dollars",
    "Native American",
)

# Capitals whose name stands for too much else to mean a government: seats of organisations, common words and names.
NOT_GOVERNMENTS = frozenset({"Brussels", "Georgetown", "Kingston", "Male", "The Hague", "Victoria", "Vienna"})

# What ends a company's name, folded: "Norway Ltd" is no State. Written with a capital, unlike the adjective "limited".
COMPANY_FORMS = frozenset(
    {"ltd", "limited", "inc", "llc", "plc", "gmbh", "bv", "nv", "ag", "pty", "srl", "oyj", "corp"}
)

# Names that are other words, too, in a line of capitals: "CONTACT US".
ALSO_WORDS = frozenset({"us"})

# States that are no more: what is "Soviet" now lies in another one.
FORMER_STATES = frozenset({"SUN", "YUG", "SCG", "CSK", "DDR"})

# Subjects that are no State in the sense of "all States": areas, former States, a union.
NOT_STATES = FORMER_STATES | {"XKX", "TWN", "ESH", "EUE", "HKG", "PRI", "GRL"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Subject:
    """One State or actor. `names` are all English spellings with the short name first, `foreign` those in French,
    Spanish and Russian; `adjectives` name its people too."""

    alpha3: str
    name: str
    names: tuple[str, ...]
    foreign: tuple[str, ...]
    adjectives: tuple[str, ...]
    capitals: tuple[str, ...]


def _split(field: str) -> tuple[str, ...]:
    return tuple(part for part in field.split(";") if part)


def _read_table() -> tuple[Subject, ...]:
    subjects = []
    foreign = foreign_names()
    for line in _TABLE.strip().replace("\n  ", "").splitlines():
        alpha3, name, official, others, adjectives, capitals = line.split("|")
        names = tuple(dict.fromkeys((name, *_split(official), *_split(others))))
        subjects.append(
            Subject(
                alpha3=alpha3,
                name=name,
                names=names,
                foreign=foreign.get(alpha3, ()),
                adjectives=_split(adjectives),
                capitals=_split(capitals),
            )
        )
    return tuple(subjects)


SUBJECTS: tuple[Subject, ...] = _read_table()
_BY_CODE: dict[str, Subject] = {subject.alpha3: subject for subject in SUBJECTS}

_APOSTROPHES = re.compile(r"['’‘ʼ`´.]")
_NOT_WORD = re.compile(r"[^\w]+")
# Note marks as they stand in a name that is read from its end, so that each character is read once.
_NOTE_MARKS = re.compile(r"(?:(?:\]\d++\[|\)\d++\(|\d++|[*†‡])[\s,]*+)*+")


def normal_name(name: str) -> str:
    """A spelling without case, accents, punctuation, a leading "the" and trailing note marks ("China 1,2")."""
    backwards = name.strip()[::-1]
    bare = _NOTE_MARKS.sub("", backwards, count=1)[::-1]
    folded = "".join(char for char in unicodedata.normalize("NFKD", bare) if not unicodedata.combining(char))
    words = _NOT_WORD.sub(" ", _APOSTROPHES.sub("", folded.casefold()).replace("&", " and ")).split()
    return " ".join(words[1:] if words[:1] == ["the"] and len(words) > 1 else words)


@cache
def _codes_by_name() -> dict[str, str]:
    codes: dict[str, str] = {}
    for subject in SUBJECTS:
        codes[subject.alpha3.casefold()] = subject.alpha3
    for subject in SUBJECTS:
        for name in subject.names:
            codes[normal_name(name)] = subject.alpha3
    for subject in SUBJECTS:
        for name in subject.foreign:
            codes.setdefault(normal_name(name), subject.alpha3)
    return codes


def subject_of(name: str) -> str | None:
    """The alpha-3 of the Subject whose name, official name, alias or code this is; None when there is none."""
    return _codes_by_name().get(normal_name(name))


def subject_names(alpha3: str) -> tuple[str, ...]:
    """Every name of a Subject, short name first; empty for an unknown code."""
    subject = _BY_CODE.get(alpha3)
    return subject.names if subject else ()


def name_of(alpha3: str) -> str:
    """The short name of a Subject, or the code itself when it is unknown."""
    subject = _BY_CODE.get(alpha3)
    return subject.name if subject else alpha3


def all_states() -> tuple[str, ...]:
    """The alpha-3 of the 197 States by name: UN members, the Holy See, Palestine, the Cook Islands and Niue."""
    return tuple(subject.alpha3 for subject in SUBJECTS if subject.alpha3 not in NOT_STATES)
